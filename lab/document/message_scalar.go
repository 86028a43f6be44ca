package document

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// scalar refuses a value of another type, out of its type's range, or of no name of an enum.
func (m *messageDecoder) scalar(n *yaml.Node, f protoreflect.FieldDescriptor, path string) any {
	value, _ := toScalar(n)
	if want := misfit(n, f, value); want != "" {
		m.fail(path, "want %s, not %s", want, describe(n))
	}
	return value
}

// misfit is "" for a value that fits the field, else what to write.
func misfit(n *yaml.Node, f protoreflect.FieldDescriptor, value any) string {
	text, isText := value.(string)
	switch f.Kind() {
	case protoreflect.BoolKind:
		if _, isBool := value.(bool); !isBool {
			return "true or false"
		}
	case protoreflect.StringKind:
		if !isText {
			return "a string"
		}
	case protoreflect.BytesKind:
		if _, err := base64.StdEncoding.DecodeString(text); !isText || err != nil {
			return "a string in base64"
		}
	case protoreflect.EnumKind:
		if !isText || f.Enum().Values().ByName(protoreflect.Name(text)) == nil {
			return oneOf(f.Enum())
		}
	default:
		return number(n, f.Kind())
	}
	return ""
}

func oneOf(d protoreflect.EnumDescriptor) string {
	names := make([]string, d.Values().Len())
	for i := range names {
		names[i] = string(d.Values().Get(i).Name())
	}
	return "one of " + strings.Join(names, ", ")
}

// number is "" for a number of a kind, else what to write.
func number(n *yaml.Node, kind protoreflect.Kind) string {
	data, _ := toJSON(n)
	text, want := string(data), "" // no text is no number
	var err error
	switch kind {
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		want = "a number"
		_, err = strconv.ParseFloat(text, 64)
	case protoreflect.Uint32Kind:
		want = "a whole number of 0 or more"
		_, err = strconv.ParseUint(text, 10, 32)
	case protoreflect.Uint64Kind:
		want = "a whole number of 0 or more"
		_, err = strconv.ParseUint(text, 10, 64)
	default:
		want = "a whole number"
		_, err = strconv.ParseInt(text, 10, 32)
	}
	if err == nil {
		return ""
	}
	return want
}

func (m *messageDecoder) duration(n *yaml.Node, path string) any {
	value, _ := toScalar(n)
	text, ok := value.(string)
	d, err := time.ParseDuration(text)
	switch shortest := m.Shortest(path); {
	case !ok || err != nil:
		m.fail(path, "want a duration such as 1s, 500ms or 1m30s, not %s", describe(n))
	case m.Longest > 0 && d > m.Longest:
		m.fail(path, "want a duration of at most %d s, not %s", int64(m.Longest.Seconds()), text)
	case d < shortest:
		m.fail(path, "want a duration of at least %s, not %s", shortest, text)
	case m.Unit != nil && d > m.Unit(path) && m.Unit(path) > 0 && d%m.Unit(path) != 0:
		m.fail(path, "want a whole number of %s, not %s", m.Unit(path), text)
	}
	return fmt.Sprintf("%.9fs", d.Seconds())
}
