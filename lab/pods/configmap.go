package pods

import (
	"fmt"
	"maps"
	"slices"

	"istio-tutorial/lab/mesh"
)

// configError says that what a container is to be made of is not there.
type configError struct{ error }

// resolve returns the variables of a manifest, with the values that ConfigMaps have now: those of whole ones
// first, so that single ones win.
func (p *pod) resolve() ([]mesh.EnvVar, error) {
	var list []mesh.EnvVar
	for _, from := range p.deployment.Container.EnvFrom {
		data, err := p.configMap(from.ConfigMap)
		if err != nil && !from.Optional {
			return nil, err
		}
		for _, key := range slices.Sorted(maps.Keys(data)) {
			list = append(list, mesh.EnvVar{Name: from.Prefix + key, Value: data[key]})
		}
	}
	for _, v := range p.deployment.Container.Env {
		if v.Key == nil {
			list = append(list, v)
			continue
		}
		value, err := p.keyOf(*v.Key)
		switch {
		case err == nil:
			list = append(list, mesh.EnvVar{Name: v.Name, Value: value})
		case !v.Key.Optional:
			return nil, err
		}
	}
	return list, nil
}

func (p *pod) configMap(name string) (map[string]string, error) {
	data, ok := p.manager.cfg.ConfigMap(mesh.Name{Namespace: p.name.Namespace, Name: name})
	if !ok {
		return nil, &configError{fmt.Errorf("configmap %q not found", name)}
	}
	return data, nil
}

func (p *pod) keyOf(ref mesh.KeyRef) (string, error) {
	data, err := p.configMap(ref.ConfigMap)
	if err != nil {
		return "", err
	}
	value, ok := data[ref.Key]
	if !ok {
		return "", &configError{fmt.Errorf("couldn't find key %s in ConfigMap %s/%s",
			ref.Key, p.name.Namespace, ref.ConfigMap)}
	}
	return value, nil
}
