package objects

import (
	"encoding/json"
	"strings"

	"istio-tutorial/lab/document"
)

// standIn is in place of an object that is refused, so that what refers to it is not told that it is
// not there: of a Service or ServiceEntry the names and ports, of a DestinationRule the subsets, of a
// Gateway the servers. It is false for other kinds, and where too little can be read.
func standIn(doc document.Document, namespace string) (Object, bool) {
	var whole struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       map[string]any `json:"spec"`
	}
	data, err := doc.JSON()
	if err != nil || json.Unmarshal(data, &whole) != nil {
		return Object{}, false
	}
	whole.Metadata = only(whole.Metadata, "name", "namespace")
	var known bool
	if whole.Spec, known = plainSpec(whole.APIVersion, whole.Kind, whole.Spec); !known {
		return Object{}, false
	}
	if data, err = json.Marshal(whole); err != nil {
		return Object{}, false
	}
	plain, err := document.FromJSON(doc.File, data)
	if err != nil {
		return Object{}, false
	}
	o, err := read(plain, namespace)
	return o, err == nil
}

// plainSpec is of a spec what others refer to; false for kinds that nobody does.
func plainSpec(apiVersion, kind string, spec map[string]any) (map[string]any, bool) {
	switch kind {
	case "Service":
		ports := each(spec["ports"], isPort, "port", "name", "protocol")
		if len(ports) == 0 {
			ports = []any{map[string]any{"port": 80}}
		}
		return map[string]any{"ports": ports}, true
	case "ServiceEntry":
		plain := only(spec, "hosts", "exportTo")
		plain["ports"], plain["resolution"] = each(spec["ports"], isPort, "number", "name", "protocol"), "DNS"
		return plain, true
	case "DestinationRule":
		plain := only(spec, "host", "exportTo")
		plain["subsets"] = each(spec["subsets"], isNamed, "name", "labels")
		return plain, true
	case "Gateway":
		if !strings.HasPrefix(apiVersion, "networking.istio.io/") {
			return nil, false
		}
		plain := only(spec, "selector")
		plain["servers"] = each(spec["servers"], nil, "hosts", "port")
		return plain, true
	case "Deployment":
		return podsOf(spec), true
	}
	return nil, false
}

// podsOf is a Deployment's spec with the labels and ports of its pods alone.
func podsOf(spec map[string]any) map[string]any {
	template, _ := spec["template"].(map[string]any)
	marked, _ := template["metadata"].(map[string]any)
	pod, _ := template["spec"].(map[string]any)
	one := map[string]any{"name": "program", "image": "program"}
	if containers, _ := pod["containers"].([]any); len(containers) > 0 {
		first, _ := containers[0].(map[string]any)
		one["ports"] = each(first["ports"], nil, "name", "containerPort")
	}
	spec = only(spec, "selector")
	spec["template"] = map[string]any{
		"metadata": only(marked, "labels"),
		"spec":     map[string]any{"containers": []any{one}},
	}
	return spec
}

// only is a mapping with the fields of some names alone.
func only(all map[string]any, names ...string) map[string]any {
	some := map[string]any{}
	for _, name := range names {
		if value, ok := all[name]; ok {
			some[name] = value
		}
	}
	return some
}

// each is only for the mappings of a list that are fit.
func each(list any, isFit func(map[string]any) bool, names ...string) []any {
	all, _ := list.([]any)
	some := []any{}
	for _, one := range all {
		if m, ok := one.(map[string]any); ok && (isFit == nil || isFit(m)) {
			some = append(some, only(m, names...))
		}
	}
	return some
}

func isPort(m map[string]any) bool {
	for _, name := range []string{"port", "number"} {
		if n, ok := m[name].(float64); ok && n >= 1 && n <= 65535 {
			return true
		}
	}
	return false
}

func isNamed(m map[string]any) bool {
	name, ok := m["name"].(string)
	return ok && name != ""
}
