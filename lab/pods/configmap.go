package pods

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// configError says that what a container is to be made of is not there.
type configError struct{ error }

// resolve returns the variables of a manifest, with the values that ConfigMaps and Secrets have now: those of whole ones
// first, so that single ones win.
func (p *pod) resolve() ([]mesh.EnvVar, error) {
	var list []mesh.EnvVar
	for _, from := range p.deployment.Container.EnvFrom {
		data, err := p.values(from.Kind, from.Name)
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

func (p *pod) values(kind, name string) (map[string]string, error) {
	data, ok := p.manager.cfg.Values(kind, mesh.Name{Namespace: p.name.Namespace, Name: name})
	if !ok {
		return nil, &configError{fmt.Errorf("%s %q not found", strings.ToLower(kind), name)}
	}
	return data, nil
}

func (p *pod) keyOf(ref mesh.KeyRef) (string, error) {
	data, err := p.values(ref.Kind, ref.Name)
	if err != nil {
		return "", err
	}
	value, ok := data[ref.Key]
	if !ok {
		return "", &configError{fmt.Errorf("couldn't find key %s in %s %s/%s",
			ref.Key, ref.Kind, p.name.Namespace, ref.Name)}
	}
	return value, nil
}
