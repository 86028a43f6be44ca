package objects

import (
	"fmt"

	"istio-tutorial/lab/mesh"
)

const configMapKind = "ConfigMap"

// ConfigMap is what a ConfigMap has; false if there is none of the name.
func (s Set) ConfigMap(name mesh.Name) (map[string]string, bool) {
	o, ok := s.Find(NewRef(kindOf(configMapKind, ""), name.Namespace, name.Name))
	if !ok || o.Manifest == nil {
		return nil, false
	}
	return o.Manifest.Data, true
}

// missingValues are sentences about values without which no pod of a Deployment starts.
func (s Set) missingValues(o Object) []string {
	var list []string
	miss := func(config, key string, optional bool) {
		data, ok := s.ConfigMap(mesh.Name{Namespace: o.Namespace, Name: config})
		_, has := data[key]
		switch {
		case optional || has || ok && key == "":
		case !ok:
			list = append(list, fmt.Sprintf("no pod of it starts: there is no ConfigMap %s", config))
		default:
			list = append(list, fmt.Sprintf("no pod of it starts: ConfigMap %s has no key %s", config, key))
		}
	}
	c := o.Manifest.Deployment.Container
	for _, from := range c.EnvFrom {
		miss(from.ConfigMap, "", from.Optional)
	}
	for _, v := range c.Env {
		if v.Key != nil {
			miss(v.Key.ConfigMap, v.Key.Key, v.Key.Optional)
		}
	}
	return list
}
