package objects

import (
	"fmt"

	"istio-tutorial/lab/mesh"
)

// Values is what a ConfigMap or a Secret, the kind, has; false if there is none of the name.
func (s Set) Values(kind string, name mesh.Name) (map[string]string, bool) {
	o, ok := s.Find(NewRef(kindOf(kind, ""), name.Namespace, name.Name))
	if !ok || o.Manifest == nil {
		return nil, false
	}
	if o.Manifest.Secret == nil {
		return o.Manifest.Data, true
	}
	values := map[string]string{}
	for key, value := range o.Manifest.Secret.Data {
		values[key] = string(value)
	}
	return values, true
}

// missingValues are sentences about values without which no pod of a Deployment starts.
func (s Set) missingValues(o Object) []string {
	var list []string
	miss := func(kind, name, key string, optional bool) {
		data, ok := s.Values(kind, mesh.Name{Namespace: o.Namespace, Name: name})
		_, has := data[key]
		switch {
		case optional || has || ok && key == "":
		case !ok:
			list = append(list, fmt.Sprintf("no pod of it starts: there is no %s %s", kind, name))
		default:
			list = append(list, fmt.Sprintf("no pod of it starts: %s %s has no key %s", kind, name, key))
		}
	}
	c := o.Manifest.Deployment.Container
	for _, from := range c.EnvFrom {
		miss(from.Kind, from.Name, "", from.Optional)
	}
	for _, v := range c.Env {
		if v.Key != nil {
			miss(v.Key.Kind, v.Key.Name, v.Key.Key, v.Key.Optional)
		}
	}
	return list
}
