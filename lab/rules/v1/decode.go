package v1

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"istio-tutorial/lab/document"
)

// decode fills spec from the document's spec as the API server would: fields are spelt as in the
// published schema, values have their types, and what is required is there. What the lab does
// not do is refused by name.
func decode(doc document.Document, spec proto.Message) document.Errors {
	data, err := doc.JSON()
	var whole struct {
		Spec map[string]any `json:"spec"`
	}
	numbers := json.NewDecoder(bytes.NewReader(data))
	numbers.UseNumber()
	if err == nil {
		err = numbers.Decode(&whole)
	}
	var problem *document.Error
	switch {
	case errors.As(err, &problem):
		return document.Errors{problem}
	case err != nil:
		return document.Errors{doc.Errorf("spec", "want a mapping")}
	}
	s := shape{doc: doc, refused: unsupported()[doc.Kind]}
	s.message(whole.Spec, spec.ProtoReflect().Descriptor(), "spec")
	if len(s.errs) > 0 || whole.Spec == nil {
		return s.errs
	}
	if data, err = json.Marshal(whole.Spec); err == nil {
		err = protojson.Unmarshal(data, spec)
	}
	if err != nil {
		return document.Errors{doc.Errorf("spec", "%w", err)}
	}
	return nil
}

// shape compares plain values to a message's descriptor. It drops nulls and writes durations as
// protobuf does, which knows seconds alone.
type shape struct {
	doc     document.Document
	refused []string // by fieldName
	errs    document.Errors
}

func (s *shape) fail(path, format string, args ...any) {
	s.errs = append(s.errs, s.doc.Errorf(path, format, args...))
}

func (s *shape) message(m map[string]any, d protoreflect.MessageDescriptor, path string) {
	chosen := map[string]string{}
	for _, key := range sortedKeys(m) {
		field, at := fieldOf(d, key), document.Join(path, key)
		switch {
		case field == nil:
			s.fail(at, "unknown field%s", suggest(d, key))
			continue
		case m[key] == nil:
			delete(m, key)
			continue
		case slices.Contains(s.refused, fieldName(at)):
			s.fail(at, "not supported by the lab")
			continue
		}
		m[key] = s.field(m[key], field, at)
		if one := field.ContainingOneof(); one != nil && !one.IsSynthetic() {
			if other := chosen[string(one.Name())]; other != "" {
				s.fail(at, "only one of %s and %s can be set", other, key)
			}
			chosen[string(one.Name())] = key
		}
	}
	s.required(m, d, path)
}

func (s *shape) required(m map[string]any, d protoreflect.MessageDescriptor, path string) {
	for i := range d.Fields().Len() {
		field := d.Fields().Get(i)
		if _, ok := m[field.JSONName()]; !ok && isRequired(field) {
			s.fail(document.Join(path, field.JSONName()), "missing")
		}
	}
}

// fieldOf finds a field by its name in JSON; one deprecated field is published under both.
func fieldOf(d protoreflect.MessageDescriptor, key string) protoreflect.FieldDescriptor {
	if key == "mirror_percent" {
		return d.Fields().ByName("mirror_percent")
	}
	return d.Fields().ByJSONName(key)
}

func suggest(d protoreflect.MessageDescriptor, key string) string {
	plain := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }
	for i := range d.Fields().Len() {
		if name := d.Fields().Get(i).JSONName(); plain(name) == plain(key) {
			return "; did you mean " + name + "?"
		}
	}
	return ""
}

func isRequired(f protoreflect.FieldDescriptor) bool {
	behaviors := proto.GetExtension(f.Options(), annotations.E_FieldBehavior)
	list, _ := behaviors.([]annotations.FieldBehavior)
	return slices.Contains(list, annotations.FieldBehavior_REQUIRED)
}

func (s *shape) field(v any, f protoreflect.FieldDescriptor, path string) any {
	switch {
	case f.IsMap():
		m, ok := v.(map[string]any)
		if !ok {
			s.fail(path, "want a mapping, not %s", describe(v))
		}
		for _, key := range sortedKeys(m) {
			m[key] = s.value(m[key], f.MapValue(), document.Join(path, key))
		}
	case f.IsList():
		list, ok := v.([]any)
		if !ok {
			s.fail(path, "want a list, not %s", describe(v))
		}
		for i := range list {
			list[i] = s.value(list[i], f, path+"["+strconv.Itoa(i)+"]")
		}
	default:
		return s.value(v, f, path)
	}
	return v
}

func (s *shape) value(v any, f protoreflect.FieldDescriptor, path string) any {
	if f.Kind() != protoreflect.MessageKind {
		s.scalar(v, f, path)
		return v
	}
	switch name := f.Message().FullName(); name {
	case "google.protobuf.Duration":
		return s.duration(v, path)
	case "google.protobuf.Struct":
		if _, ok := v.(map[string]any); !ok {
			s.fail(path, "want a mapping, not %s", describe(v))
		}
		return v
	default:
		if strings.HasPrefix(string(name), "google.protobuf.") { // a wrapper of a scalar
			s.scalar(v, f.Message().Fields().ByName("value"), path)
			return v
		}
	}
	m, ok := v.(map[string]any)
	if !ok {
		s.fail(path, "want a mapping, not %s", describe(v))
		return v
	}
	s.message(m, f.Message(), path)
	return m
}

func describe(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case nil:
		return "nothing"
	case bool:
		return fmt.Sprintf("the boolean %t", v)
	case json.Number:
		return "the number " + v.String()
	default:
		return fmt.Sprintf("the string %q", v)
	}
}
