package document

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Schema is what a published schema says beyond the descriptor of a protobuf message.
type Schema struct {
	// Refused is why a field that is there is not taken; nil if it is.
	Refused func(path string) error
	// Shortest is the shortest duration that a field takes.
	Shortest func(path string) time.Duration
	// Unit is what durations above it are whole multiples of; 0 is any. Istio holds most to milliseconds.
	Unit func(path string) time.Duration
	// Longest is the longest duration that any field takes; 0 is any.
	Longest time.Duration
	// Own are fields that are published under their own names too, beside those in JSON.
	Own []string
}

// DecodeMessage fills a protobuf message from a field of the document, such as spec, as the API
// server would: fields are spelt as in the published schema, values have their types, and what is
// required is there. Where fields are refused and nothing else is wrong, into has the others.
func (d Document) DecodeMessage(field string, into proto.Message, schema Schema) Errors {
	m := messageDecoder{Schema: schema, doc: d}
	n := child(d.node, field)
	isThere := n != nil && !isNull(n)
	if !isThere {
		n = &yaml.Node{Kind: yaml.MappingNode}
	}
	value := m.message(n, into.ProtoReflect().Descriptor(), field)
	if len(m.errs) > m.refused || !isThere {
		return m.errs
	}
	data, err := json.Marshal(value)
	if err == nil {
		err = protojson.Unmarshal(data, into)
	}
	if err != nil && len(m.errs) == 0 {
		return Errors{d.Errorf(field, "%w", err)}
	}
	return m.errs
}

// messageDecoder makes values for protojson. It drops nulls and writes durations as protobuf does,
// which knows seconds alone.
type messageDecoder struct {
	Schema
	doc     Document
	errs    Errors
	refused int // of them are about refused fields, which are left out
}

func (m *messageDecoder) fail(path, format string, args ...any) {
	m.errs = append(m.errs, m.doc.Errorf(path, format, args...))
}

func (m *messageDecoder) message(n *yaml.Node, d protoreflect.MessageDescriptor, path string) any {
	if n.Kind != yaml.MappingNode {
		m.fail(path, "want a mapping, not %s", describe(n))
		return nil
	}
	values := map[string]any{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1]
		f, at := d.Fields().ByJSONName(key), Join(path, key)
		if slices.Contains(m.Own, key) {
			f = d.Fields().ByName(protoreflect.Name(key))
		}
		if f == nil {
			m.fail(at, "unknown field%s", suggest(key, jsonNames(d)))
		} else if isNull(value) {
			continue
		} else if err := m.Refused(at); err != nil {
			m.fail(at, "%w", err)
			m.refused++
		} else {
			values[key] = m.field(value, f, at)
		}
	}
	m.complete(values, d, path)
	return values
}

// complete looks for what is required, and for more than one of what exclude each other.
func (m *messageDecoder) complete(
	values map[string]any, d protoreflect.MessageDescriptor, path string,
) {
	chosen := map[protoreflect.Name]string{}
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		name := f.JSONName()
		one := f.ContainingOneof()
		switch _, ok := values[name]; {
		case !ok && isRequired(f):
			m.fail(Join(path, name), "missing")
		case !ok || one == nil || one.IsSynthetic():
		case chosen[one.Name()] != "":
			m.fail(Join(path, name), "only one of %s and %s can be set", chosen[one.Name()], name)
		default:
			chosen[one.Name()] = name
		}
	}
}

func jsonNames(d protoreflect.MessageDescriptor) []string {
	names := make([]string, d.Fields().Len())
	for i := range names {
		names[i] = d.Fields().Get(i).JSONName()
	}
	return names
}

func isRequired(f protoreflect.FieldDescriptor) bool {
	behaviors := proto.GetExtension(f.Options(), annotations.E_FieldBehavior)
	list, _ := behaviors.([]annotations.FieldBehavior)
	return slices.Contains(list, annotations.FieldBehavior_REQUIRED)
}

func (m *messageDecoder) field(n *yaml.Node, f protoreflect.FieldDescriptor, path string) any {
	switch {
	case f.IsMap() && n.Kind == yaml.MappingNode:
		values := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			if key := n.Content[i].Value; !isNull(n.Content[i+1]) { // as the API server drops it
				values[key] = m.value(n.Content[i+1], f.MapValue(), Join(path, key))
			}
		}
		return values
	case f.IsMap():
		m.fail(path, "want a mapping, not %s", describe(n))
	case f.IsList() && n.Kind == yaml.SequenceNode:
		values := make([]any, len(n.Content))
		for i, item := range n.Content {
			values[i] = m.value(item, f, index(path, i))
		}
		return values
	case f.IsList():
		m.fail(path, "want a list, not %s", describe(n))
	default:
		return m.value(n, f, path)
	}
	return nil
}

func (m *messageDecoder) value(n *yaml.Node, f protoreflect.FieldDescriptor, path string) any {
	if f.Kind() != protoreflect.MessageKind {
		return m.scalar(n, f, path)
	}
	switch name := f.Message().FullName(); {
	case name == "google.protobuf.Duration":
		return m.duration(n, path)
	case name == "google.protobuf.Struct" && n.Kind == yaml.MappingNode:
		value, err := toValue(n)
		if err != nil {
			m.fail(path, "%w", err)
		}
		return value
	case name != "google.protobuf.Struct" && strings.HasPrefix(string(name), "google.protobuf."):
		return m.scalar(n, f.Message().Fields().ByName("value"), path) // which it wraps
	default:
		return m.message(n, f.Message(), path)
	}
}
