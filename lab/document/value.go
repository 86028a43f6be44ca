package document

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// shortTag is the type that kubectl sees: YAML 1.1 knows more booleans than 1.2, and a date is
// a string.
func shortTag(n *yaml.Node) string {
	switch tag := n.ShortTag(); {
	case n.Kind == yaml.ScalarNode && n.Style == 0 && isOldBool(n.Value):
		return "!!bool"
	case tag == "!!timestamp":
		return "!!str"
	default:
		return tag
	}
}

func isOldBool(s string) bool {
	return isOldTrue(s) || slices.Contains([]string{"n", "no", "off"}, oldCase(s))
}

func isOldTrue(s string) bool { return slices.Contains([]string{"y", "yes", "on"}, oldCase(s)) }

// oldCase lowers what YAML 1.1 takes for a boolean: yes, Yes, YES, but not yEs.
func oldCase(s string) string {
	lower := strings.ToLower(s)
	if s == lower || s == strings.ToUpper(s) || s == strings.ToUpper(s[:1])+lower[1:] {
		return lower
	}
	return ""
}

func describe(n *yaml.Node) string {
	switch shortTag(n) {
	case "!!map":
		return "a mapping"
	case "!!seq":
		return "a list"
	case "!!null":
		return "nothing"
	case "!!bool":
		return "the boolean " + n.Value
	case "!!int", "!!float":
		return "the number " + shorten(n.Value, longestValue)
	case "!!str":
		return "the string " + quote(n.Value)
	default:
		return shorten(n.Tag, longestValue) + " " + quote(n.Value)
	}
}

// quote is a text of a file as messages have it.
func quote(s string) string { return strconv.Quote(shorten(s, longestValue)) }

// toValue is n as encoding/json would have it.
func toValue(n *yaml.Node) (any, error) {
	switch shortTag(n) {
	case "!!map":
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i < len(n.Content); i += 2 {
			v, err := toValue(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[n.Content[i].Value] = v
		}
		return m, nil
	case "!!seq":
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			var err error
			if list[i], err = toValue(item); err != nil {
				return nil, err
			}
		}
		return list, nil
	default:
		return toScalar(n)
	}
}

func toScalar(n *yaml.Node) (any, error) {
	switch shortTag(n) {
	case "!!str":
		return n.Value, nil
	case "!!null":
		return nil, nil
	case "!!bool":
		return isOldTrue(n.Value) || strings.EqualFold(n.Value, "true"), nil
	case "!!int", "!!float":
		var v any
		err := n.Decode(&v)
		return v, err
	default:
		return nil, fmt.Errorf("%s is not supported", describe(n))
	}
}
