package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
)

// showObjects shows them whole, or the fields that were asked for.
func (o *output) showObjects(tables []control.Table) error {
	rows := rowsOf(tables)
	if o.format == "yaml" {
		_, err := io.WriteString(o.stdout, o.yaml(tables, rows))
		return err
	}
	value, err := o.value(rows)
	if err != nil {
		return err
	}
	if o.pick != nil {
		return o.pick(o.stdout, value)
	}
	return writeJSON(o.stdout, value)
}

// yaml is a stream of rules, as istioctl shows them, or one object or a List, as kubectl does.
func (o *output) yaml(tables []control.Table, rows []control.Row) string {
	noRules := func(t control.Table) bool { return t.Type == "" }
	var b strings.Builder
	switch {
	case len(tables) > 0 && !slices.ContainsFunc(tables, noRules):
		for _, r := range rows {
			b.WriteString(r.YAML + "---\n")
		}
	case o.one && len(rows) == 1:
		b.WriteString(rows[0].YAML)
	default:
		b.WriteString("apiVersion: v1\nitems:")
		b.WriteString(cmp.Or(items(rows), " []\n"))
		b.WriteString("kind: List\nmetadata:\n  resourceVersion: \"\"\n")
	}
	return b.String()
}

// items are the objects as entries of a YAML list.
func items(rows []control.Row) string {
	if len(rows) == 0 {
		return ""
	}
	var b strings.Builder
	for _, r := range rows {
		text := strings.ReplaceAll(strings.TrimSuffix(r.YAML, "\n"), "\n", "\n  ")
		b.WriteString("\n- " + text)
	}
	return b.String() + "\n"
}

// value is an object, or a List of objects, as kubectl makes one.
func (o *output) value(rows []control.Row) (any, error) {
	list := make([]any, len(rows))
	for i, r := range rows {
		object, err := objectOf(r)
		if err != nil {
			return nil, err
		}
		list[i] = object
	}
	if o.one && len(list) == 1 {
		return list[0], nil
	}
	return map[string]any{
		"apiVersion": "v1", "kind": "List", "items": list,
		"metadata": map[string]any{"resourceVersion": ""},
	}, nil
}

func objectOf(r control.Row) (object map[string]any, err error) {
	docs, err := document.Parse(r.Resource+"/"+r.Name, strings.NewReader(r.YAML))
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, fmt.Errorf("%s/%s: %d documents", r.Resource, r.Name, len(docs))
	}
	data, err := docs[0].JSON()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &object); err != nil || r.Created.IsZero() {
		return object, err
	}
	if metadata, ok := object["metadata"].(map[string]any); ok {
		metadata["creationTimestamp"] = r.Created.UTC().Format(time.RFC3339)
	}
	return object, nil
}

func labelsOf(r control.Row) (mesh.Labels, error) { return marksOf(r, "labels") }

// marksOf are an object's labels or annotations.
func marksOf(r control.Row, field string) (mesh.Labels, error) {
	data, err := objectOf(r)
	if err != nil {
		return nil, err
	}
	metadata, _ := data["metadata"].(map[string]any)
	labels := mesh.Labels{}
	pairs, _ := metadata[field].(map[string]any)
	for name, value := range pairs {
		labels[name] = fmt.Sprint(value)
	}
	return labels, nil
}

// writeJSON indents as kubectl does.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	return encoder.Encode(value)
}
