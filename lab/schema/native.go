package schema

import (
	"maps"
	"reflect"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// native is a kind of Kubernetes' own, and its version.
func native(group, kind string) (node, string, bool) {
	object := map[string]any{
		"/Pod":                           corev1.Pod{},
		"/Service":                       corev1.Service{},
		"/ServiceAccount":                corev1.ServiceAccount{},
		"/Namespace":                     corev1.Namespace{},
		"/Node":                          corev1.Node{},
		"/Endpoints":                     corev1.Endpoints{}, //nolint:staticcheck // people still ask for them
		"/Event":                         corev1.Event{},
		"/ConfigMap":                     corev1.ConfigMap{},
		"/Secret":                        corev1.Secret{},
		"apps/Deployment":                appsv1.Deployment{},
		"apps/ReplicaSet":                appsv1.ReplicaSet{},
		"networking.k8s.io/Ingress":      networkingv1.Ingress{},
		"discovery.k8s.io/EndpointSlice": discoveryv1.EndpointSlice{},
	}[group+"/"+kind]
	if object == nil {
		return node{}, "", false
	}
	return typeNode(reflect.TypeOf(object)), "v1", true
}

// documented is a type of Kubernetes, which brings the texts of its fields along; "" is its own.
type documented interface{ SwaggerDoc() map[string]string }

func docs(t reflect.Type) map[string]string {
	if d, ok := reflect.Zero(t).Interface().(documented); ok {
		return d.SwaggerDoc()
	}
	return nil
}

func typeNode(t reflect.Type) node {
	_, texts := reflect.Zero(t).Interface().(interface{ MarshalJSON() ([]byte, error) })
	switch {
	case t.Kind() == reflect.Pointer:
		return typeNode(t.Elem())
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return node{Type: "string"}
	case t.Kind() == reflect.Slice:
		item := typeNode(t.Elem())
		return node{Type: "array", items: &item}
	case t.Kind() == reflect.Map:
		value := typeNode(t.Elem())
		return node{Type: "object", values: &value}
	case texts || t.Kind() == reflect.String: // quantities, times, numbers or names of ports
		return node{Type: "string"}
	case t.Kind() == reflect.Struct:
		return node{Type: "object", Description: docs(t)[""], fields: func() map[string]node { return structFields(t) }}
	case t.Kind() == reflect.Bool:
		return node{Type: "boolean"}
	case t.Kind() == reflect.Float64:
		return node{Type: "number"}
	default:
		return node{Type: "integer"}
	}
}

func structFields(t reflect.Type) map[string]node {
	fields := map[string]node{}
	texts := docs(t)
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && f.Anonymous:
			maps.Copy(fields, structFields(f.Type))
		default:
			n := typeNode(f.Type)
			if text := texts[name]; text != "" {
				n.Description = text
			}
			fields[name] = n
		}
	}
	return fields
}

// ofAll are the fields that every object has, and Kubernetes leaves out of definitions.
func ofAll() map[string]node {
	return structFields(reflect.TypeFor[metav1.PartialObjectMetadata]())
}
