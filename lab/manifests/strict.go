package manifests

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// only refuses every field of a struct that is set and not among the accepted ones.
func (r *reader) only(path string, object any, accepted ...string) {
	v := reflect.ValueOf(object)
	for _, field := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous || slices.Contains(accepted, name) {
			continue
		}
		if isSet(v.FieldByIndex(field.Index)) {
			r.limit(path+"."+name, "the lab does not support this field")
		}
	}
}

func isSet(v reflect.Value) bool {
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		return v.Len() > 0
	}
	return !v.IsZero()
}

// oneOf refuses a value that is neither empty, as the default is among the accepted, nor accepted.
func (r *reader) oneOf(path string, value any, accepted ...string) {
	if got := fmt.Sprint(value); got != "" && !slices.Contains(accepted, got) {
		r.limit(path, "%q: the lab supports %s only", got, strings.Join(accepted, " and "))
	}
}

func (r *reader) between(path string, value, low, high int64) {
	if value < low || value > high {
		r.fail(path, "%d is not in the range %d to %d", value, low, high)
	}
}

func (r *reader) port(path string, number int64) { r.between(path, number, 1, 65535) }

// once refuses what was declared before; "" may be declared at will.
func (r *reader) once(path string, declared map[string]bool, values ...string) {
	for _, value := range values {
		if declared[value] && value != "" {
			r.fail(path, "%s: declared before", value)
		}
		declared[value] = true
	}
}

// valid passes on what Kubernetes' own validation says of a value.
func (r *reader) valid(path, value string, rule func(string) []string) {
	for _, problem := range rule(value) {
		r.fail(path, "%q: %s", value, problem)
	}
}

func (r *reader) objectName() {
	rule := validation.IsDNS1123Subdomain
	switch r.Kind {
	case "Service":
		rule = validation.IsDNS1035Label
	case "Namespace":
		rule = validation.IsDNS1123Label
	}
	r.valid("metadata.name", r.Name, rule)
	if r.Namespace != "" {
		r.valid("metadata.namespace", r.Namespace, validation.IsDNS1123Label)
	}
}

func (r *reader) labels(path string, labels map[string]string) {
	for key, value := range labels {
		r.valid(path, key, validation.IsQualifiedName)
		r.valid(path+"."+key, value, validation.IsValidLabelValue)
	}
}
