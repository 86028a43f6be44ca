package main

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/util/jsonpath"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

// selectable are the fields of a kind that Kubernetes selects by, beside name and namespace.
func selectable(kind string) []string {
	return append([]string{"metadata.name", "metadata.namespace"}, map[string][]string{
		objects.PodKind: {
			"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
			"status.phase", "status.podIP",
		},
		"Event": {
			"involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "reason", "type",
		},
		"Namespace":  {"status.phase"},
		"Service":    {"spec.clusterIP", "spec.type"},
		"ReplicaSet": {"status.replicas"},
		"Secret":     {"type"},
	}[kind]...)
}

// fieldSelector leaves the rows whose fields meet a selector, such as status.phase=Running.
type fieldSelector struct{ fields.Selector }

func newFieldSelector(text string) (fieldSelector, error) {
	s, err := fields.ParseSelector(text)
	if err != nil {
		return fieldSelector{}, misusef("--field-selector=%s: %w", text, err)
	}
	return fieldSelector{s}, nil
}

func (s fieldSelector) filter(tables []control.Table) error {
	if s.Selector == nil || s.Empty() {
		return nil
	}
	for i, t := range tables {
		for _, r := range s.Requirements() {
			if known := selectable(t.Kind); !slices.Contains(known, r.Field) {
				k, _ := objects.FindKind(t.Resource)
				return objects.Errorf(objects.Invalid, "field label not supported: %s; %s have %s",
					r.Field, cmp.Or(k.Plural, t.Kind), strings.Join(known, ", "))
			}
		}
		var rows []control.Row
		for _, r := range t.Rows {
			object, err := objectOf(r)
			if err != nil {
				return err
			}
			if s.Matches(objectFields{object}) {
				rows = append(rows, r)
			}
		}
		tables[i].Rows = rows
	}
	return nil
}

// objectFields are an object's fields by their paths.
type objectFields struct{ object map[string]any }

// Get is the field as text, "" if it is not there.
func (o objectFields) Get(field string) string {
	path := jsonpath.New("field").AllowMissingKeys(true)
	if path.Parse(relaxed(field)) != nil {
		return ""
	}
	values, err := fieldOf(path, o.object)
	if err != nil || len(values) == 0 {
		return ""
	}
	return cellOf(values[0])
}

// Has reports whether the field is there.
func (o objectFields) Has(field string) bool { return o.Get(field) != "" }
