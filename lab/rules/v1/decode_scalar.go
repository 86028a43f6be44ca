package v1

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// scalar refuses a value of another type, out of its type's range, or of no name of an enum.
func (s *shape) scalar(v any, f protoreflect.FieldDescriptor, path string) {
	want := ""
	switch f.Kind() {
	case protoreflect.BoolKind:
		if _, ok := v.(bool); !ok {
			want = "true or false"
		}
	case protoreflect.StringKind:
		if _, ok := v.(string); !ok {
			want = "a string"
		}
	case protoreflect.BytesKind:
		text, ok := v.(string)
		if _, err := base64.StdEncoding.DecodeString(text); !ok || err != nil {
			want = "a string in base64"
		}
	case protoreflect.EnumKind:
		want = enum(v, f.Enum())
	default:
		want = number(v, f.Kind())
	}
	if want != "" {
		s.fail(path, "want %s, not %s", want, describe(v))
	}
}

// enum is "" for a value's name, else what to write.
func enum(v any, d protoreflect.EnumDescriptor) string {
	text, ok := v.(string)
	if ok && d.Values().ByName(protoreflect.Name(text)) != nil {
		return ""
	}
	names := make([]string, d.Values().Len())
	for i := range names {
		names[i] = string(d.Values().Get(i).Name())
	}
	return "one of " + strings.Join(names, ", ")
}

func number(v any, kind protoreflect.Kind) string {
	n, isNumber := v.(json.Number)
	var err error
	want := ""
	switch kind {
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		want = "a number"
		_, err = n.Float64()
	case protoreflect.Uint32Kind:
		want = "a whole number of 0 or more"
		_, err = strconv.ParseUint(n.String(), 10, 32)
	case protoreflect.Uint64Kind:
		want = "a whole number of 0 or more"
		_, err = strconv.ParseUint(n.String(), 10, 64)
	default:
		want = "a whole number"
		_, err = strconv.ParseInt(n.String(), 10, 32)
	}
	if isNumber && err == nil {
		return ""
	}
	return want
}

const cookieTTL = "httpCookie.ttl" // the only duration that may be 0

func (s *shape) duration(v any, path string) any {
	text, ok := v.(string)
	d, err := time.ParseDuration(text)
	switch {
	case !ok || err != nil:
		s.fail(path, "want a duration such as 1s, 500ms or 1m30s, not %s", describe(v))
		return v
	case d < time.Millisecond && !strings.HasSuffix(path, cookieTTL):
		s.fail(path, "want a duration of at least 1ms, not %s", text)
	}
	return fmt.Sprintf("%.9fs", d.Seconds())
}
