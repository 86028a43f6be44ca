package cluster

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"

	"istio-tutorial/lab/document"
)

// Move is a YAML stream whose objects are in another namespace, and say so wherever they name it: as the
// namespace of what they refer to, in the names of hosts, and in the identities of callers. What only looks like
// it stays, such as the outside name customer.istio-tutorial.local. file is the name for messages.
func Move(file string, data []byte, from, to string) ([]byte, error) {
	docs, err := document.Parse(file, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	m := newMover(from, to)
	var all bytes.Buffer
	for _, d := range docs {
		text, err := m.document(d)
		if err != nil {
			return nil, err
		}
		all.WriteString("---\n")
		all.Write(text)
	}
	return all.Bytes(), nil
}

// mover replaces the name of a namespace.
type mover struct {
	from, to string
	within   []replacement
}

// replacement is a place in a text where a namespace is meant.
type replacement struct {
	pattern *regexp.Regexp
	by      string
}

func newMover(from, to string) mover {
	name := regexp.QuoteMeta(from)
	return mover{from, to, []replacement{
		{regexp.MustCompile(`\.` + name + `(\\?\.svc\b|[:/]|$)`), "." + to + "${1}"}, // preference.NAMESPACE.svc
		{regexp.MustCompile(`\bns/` + name + `/`), "ns/" + to + "/"},                 // cluster.local/ns/NAMESPACE/sa/customer
		{regexp.MustCompile(`^` + name + `/`), to + "/"},                             // NAMESPACE/*
	}}
}

func (m mover) document(d document.Document) ([]byte, error) {
	data, err := d.JSON()
	if err != nil {
		return nil, err
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil {
		return nil, d.Errorf("", "%w", err)
	}
	m.value("", object)
	if metadata, ok := object["metadata"].(map[string]any); ok && d.Kind == "Namespace" {
		metadata["name"] = m.text("namespace", d.Name)
	}
	if data, err = json.Marshal(object); err != nil {
		return nil, err
	}
	moved, err := document.FromJSON(d.File, data)
	if err != nil {
		return nil, err
	}
	return moved.YAML()
}

// value moves all within a value, and returns it; key is the field that has it.
func (m mover) value(key string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, field := range v {
			v[name] = m.value(name, field)
		}
	case []any:
		for i, item := range v {
			v[i] = m.value(key, item)
		}
	case string:
		return m.text(key, v)
	}
	return value
}

func (m mover) text(key, text string) string {
	naming := []string{"namespace", "namespaces", "notNamespaces", "kubernetes.io/metadata.name"}
	if text == m.from {
		if slices.Contains(naming, key) {
			return m.to
		}
		return text
	}
	for _, r := range m.within {
		text = r.pattern.ReplaceAllString(text, r.by)
	}
	return text
}
