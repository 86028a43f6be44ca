package manifests

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// ErrNoStrategy says that a kind is none of Kubernetes' own, whose lists have names.
var ErrNoStrategy = errors.New("no strategy")

// typeOf is Kubernetes' type of a kind; its tags say how lists are joined.
func typeOf(kind string) reflect.Type {
	return map[string]reflect.Type{
		"Deployment":     reflect.TypeFor[appsv1.Deployment](),
		"Service":        reflect.TypeFor[corev1.Service](),
		"ServiceAccount": reflect.TypeFor[corev1.ServiceAccount](),
		"Namespace":      reflect.TypeFor[corev1.Namespace](),
		"ConfigMap":      reflect.TypeFor[corev1.ConfigMap](),
		"Ingress":        reflect.TypeFor[networkingv1.Ingress](),
	}[kind]
}

// StrategicMerge applies Kubernetes' strategic merge patch: as RFC 7386, but entries of a list are
// joined by the key that Kubernetes' types name, and `$patch: delete` and `$patch: replace` act.
// k8s.io/apimachinery's own brings twenty modules of OpenAPI along.
func StrategicMerge(kind string, data, patch []byte) ([]byte, error) {
	t := typeOf(kind)
	if t == nil {
		return nil, ErrNoStrategy
	}
	var object, change map[string]any
	if err := errors.Join(json.Unmarshal(data, &object), json.Unmarshal(patch, &change)); err != nil {
		return nil, err
	}
	return json.Marshal(mergeObject(object, change, t))
}

const directive = "$patch"

func mergeObject(object, patch map[string]any, t reflect.Type) map[string]any {
	if patch[directive] == "replace" || object == nil {
		object = map[string]any{}
	}
	for name, value := range patch {
		field, known := fieldNamed(t, name)
		below, isObject := value.(map[string]any)
		list, isList := value.([]any)
		switch key := field.Tag.Get("patchMergeKey"); {
		case strings.HasPrefix(name, "$"):
		case value == nil:
			delete(object, name)
		case isObject:
			old, _ := object[name].(map[string]any)
			object[name] = mergeObject(old, below, field.Type)
		case isList && known && strings.Contains(field.Tag.Get("patchStrategy"), "merge") && key != "":
			old, _ := object[name].([]any)
			object[name] = mergeList(old, list, key, field.Type.Elem())
		default:
			object[name] = value
		}
	}
	return object
}

func mergeList(list, patch []any, key string, t reflect.Type) []any {
	list = slices.Clone(list)
	for _, entry := range patch {
		change, _ := entry.(map[string]any)
		i := slices.IndexFunc(list, func(old any) bool {
			there, ok := old.(map[string]any)
			return ok && there[key] == change[key]
		})
		switch {
		case change[directive] == "replace" && change[key] == nil:
			list = nil
		case change[directive] == "delete" && i >= 0:
			list = slices.Delete(list, i, i+1)
		case change[directive] == "delete":
		case i >= 0:
			old, _ := list[i].(map[string]any)
			list[i] = mergeObject(old, change, t)
		default:
			list = append(list, mergeObject(nil, change, t))
		}
	}
	return list
}

// fieldNamed is the field of a struct by its JSON name; a zero one, of no struct, where there is none.
func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Map) {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for _, f := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}
