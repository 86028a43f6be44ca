//go:build cluster

package cluster

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

func copied(doc map[string]any) map[string]any {
	data, _ := json.Marshal(doc) // it was JSON
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var c map[string]any
	_ = d.Decode(&c)
	return c
}

func pick[E any](g generator, list ...E) E { return list[g.IntN(len(list))] }

// changed is a value with a change somewhere in it.
func (g generator) changed(value any, s *schema) any {
	here := g.IntN(4) == 0
	switch v := value.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		if here || len(keys) == 0 {
			return g.changedMap(v, keys, s)
		}
		key := pick(g, keys...)
		v[key] = g.changed(v[key], below(s, key))
		return v
	case []any:
		if here || len(v) == 0 {
			return g.changedList(v, s)
		}
		i := g.IntN(len(v))
		v[i] = g.changed(v[i], itemsOf(s))
		return v
	}
	return g.odd(value, s)
}

func below(s *schema, key string) *schema {
	switch {
	case s == nil:
		return nil
	case s.Properties[key] != nil:
		return s.Properties[key]
	}
	return s.Values
}

func itemsOf(s *schema) *schema {
	if s == nil {
		return nil
	}
	return s.Items
}

func (g generator) changedMap(v map[string]any, keys []string, s *schema) any {
	what := g.IntN(8)
	if len(keys) == 0 || what < 4 && s != nil && len(s.Properties) > 0 { // a field that is not there yet
		if s == nil || len(s.Properties) == 0 {
			v["a"] = g.odd("b", nil)
			return v
		}
		key := pick(g, slices.Sorted(maps.Keys(s.Properties))...)
		v[key] = g.value(key, s.Properties[key], 3)
		return v
	}
	key := pick(g, keys...)
	switch what {
	case 4: // misspelt
		v[key+"s"] = v[key]
		delete(v, key)
	case 5: // misspelt, and nothing
		v[key+"x"] = nil
	case 6:
		delete(v, key)
	default:
		v[key] = pick[any](g, nil, "", 7, true, []any{}, map[string]any{}, []any{nil}, "x")
	}
	return v
}

func (g generator) changedList(v []any, s *schema) any {
	if len(v) == 0 {
		return []any{g.value("", itemsOf(s), 2)}
	}
	switch g.IntN(4) {
	case 0:
		return []any{}
	case 1: // given twice
		return append(v, v[0])
	case 2:
		return append(v, g.value("", itemsOf(s), 2))
	}
	return append(v, nil)
}

// odd is in the place of a text, a number or nothing.
func (g generator) odd(value any, s *schema) any {
	if s != nil && len(s.Enum) > 0 && g.IntN(2) == 0 {
		return pick(g, s.Enum...)
	}
	switch g.IntN(3) {
	case 0:
		return pick[any](g, nil, "", 7, 0, -1, true, []any{}, map[string]any{}, 1.5, 70000, "7")
	case 1:
		return g.text("")
	}
	if text, ok := value.(string); ok {
		return text + pick(g, "*", ".", "x", " ", "/", "-", "ä", "é.test", strings.Repeat("y", 300))
	}
	return pick[any](g, 1, 100, 599, 65536)
}

func (g generator) text(field string) string {
	if strings.Contains(strings.ToLower(field), "host") && g.IntN(2) == 0 {
		return pick(g, "recommendation", "*.test", "customer.example")
	}
	return pick(g, "a", "recommendation", "*", "a.test", "*.test", "5s", "1ms", "0s", "/a", "/", "A", "a b", "a_b", "10.0.0.0/8", "10.0.0.1", "istio-tutorial/a",
		"./*", "http://a.test", "100", "a-*", "{*}", "^(", "kubernetes://a", "x-a", ":authority", "mesh", "GET", "0", "2001:db8::1", "a..b", "-a")
}

// value is something for a field, so deep at most.
func (g generator) value(field string, s *schema, depth int) any {
	switch {
	case s == nil || g.IntN(25) == 0:
		return pick[any](g, nil, "a", 1, true)
	case len(s.Enum) > 0:
		return pick(g, s.Enum...)
	}
	switch s.Type {
	case "object":
		return g.object(s, depth)
	case "array":
		list := []any{}
		for range g.IntN(3) {
			list = append(list, g.value(field, s.Items, depth-1))
		}
		return list
	case "boolean":
		return g.IntN(2) == 0
	case "integer", "number":
		return pick[any](g, 0, 1, 50, 100, 200, 503, 8080, 65535, -1)
	}
	return g.text(field)
}

func (g generator) object(s *schema, depth int) any {
	v := map[string]any{}
	if s.Values != nil {
		v[pick(g, "a", "x-a", "a.b/c")] = g.value("", s.Values, depth-1)
	}
	keys := slices.Sorted(maps.Keys(s.Properties))
	for range min(len(keys), 1+g.IntN(2)) {
		if key := pick(g, keys...); depth > 0 {
			v[key] = g.value(key, s.Properties[key], depth-1)
		}
	}
	return v
}
