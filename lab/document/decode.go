package document

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Decode fills into, a pointer to a struct with json tags, as encoding/json would, but strictly:
// an unknown field, a field in other letters and a value of another type are refused, each
// under its own line. A pointer in a field of type any is filled. The error is an Errors.
func (d Document) Decode(into any) error {
	dec := decoder{doc: d}
	dec.value(d.node, reflect.ValueOf(into).Elem(), "")
	return dec.errs.OrNil()
}

// DecodeProto is Decode for one field of a kind defined in protobuf, such as spec, whose own
// fields may be written httpFault or http_fault. Where a document has both, the first spelling
// counts. A field that is not there leaves into as it is.
func (d Document) DecodeProto(field string, into any) error {
	n := child(d.node, field)
	if n == nil {
		return nil
	}
	dec := decoder{doc: d, snake: true}
	dec.value(n, reflect.ValueOf(into).Elem(), field)
	return dec.errs.OrNil()
}

type decoder struct {
	doc   Document
	snake bool
	errs  Errors
}

func (d *decoder) fail(path, format string, args ...any) {
	d.errs = append(d.errs, d.doc.Errorf(path, format, args...))
}

func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	_, custom := v.Addr().Interface().(json.Unmarshaler)
	switch {
	case isNull(n):
	case custom:
		d.leaf(n, v, path)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
	case v.Kind() == reflect.Interface && v.Elem().Kind() == reflect.Pointer:
		d.value(n, v.Elem().Elem(), path)
	case v.Kind() == reflect.Struct:
		d.object(n, v, path)
	case v.Kind() == reflect.Map:
		d.mapping(n, v, path)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		d.list(n, v, path)
	default:
		d.leaf(n, v, path)
	}
}

// leaf leaves the conversion to encoding/json.
func (d *decoder) leaf(n *yaml.Node, v reflect.Value, path string) {
	data, err := toJSON(n)
	if err == nil {
		err = json.Unmarshal(data, v.Addr().Interface())
	}
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mismatch) && v.CanInterface():
		d.fail(path, "want %s, not %s", wanted(v.Type()), describe(n))
	case err != nil:
		d.fail(path, "%w", err)
	}
}

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "a whole number (" + t.Kind().String() + ")"
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.fail(path, "want a list, not %s", describe(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		field := index(path, i)
		if isNull(item) {
			d.fail(field, "want a value, not nothing")
		}
		d.value(item, v.Index(i), field)
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(path, "want a mapping, not %s", describe(n))
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.Content)/2))
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i].Value
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(n.Content[i+1], item, Join(path, key))
		v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), item)
	}
}

func (d *decoder) object(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(path, "want a mapping, not %s", describe(n))
		return
	}
	fields := fieldsOf(v.Type())
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i].Value
		name := key
		if d.snake && strings.Contains(key, "_") {
			if name = camel(key); child(n, name) != nil {
				continue
			}
		}
		index, known := fields[name]
		if !known {
			d.fail(Join(path, key), "unknown field%s", suggest(key, slices.Collect(maps.Keys(fields))))
			continue
		}
		d.value(n.Content[i+1], v.FieldByIndex(index), Join(path, key))
	}
}

// fieldsOf finds a struct's fields by their json names, those of embedded structs included.
func fieldsOf(t reflect.Type) map[string][]int {
	fields := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, tagged := strings.Cut(f.Tag.Get("json"), ",")
		inline := f.Anonymous && (name == "" || tagged && strings.Contains(options, "inline"))
		if name == "-" || inline || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields[name] = f.Index
	}
	return fields
}

func suggest(key string, names []string) string {
	for _, name := range names {
		if fieldKey(name) == fieldKey(key) {
			return "; did you mean " + name + "?"
		}
	}
	return ""
}

// camel is protobuf's JSON name of a field.
func camel(snake string) string {
	words := strings.Split(snake, "_")
	for i, w := range words {
		if i > 0 && w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}
