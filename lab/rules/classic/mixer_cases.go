package classic

import (
	"regexp"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// cases are ways to meet a predicate: all conditions of one of them hold. No case is never, one without
// conditions always.
type cases [][]mesh.Condition

func always() cases { return cases{nil} }

func (a cases) always() bool {
	return slices.ContainsFunc(a, func(one []mesh.Condition) bool { return len(one) == 0 })
}

// asked is nil where nothing is asked for.
func (a cases) asked() [][]mesh.Condition {
	if a.always() {
		return nil
	}
	return a
}

func (a cases) or(b cases) cases {
	if a.always() || b.always() {
		return always()
	}
	list := slices.Clone(a)
	for _, one := range b {
		if !slices.ContainsFunc(list, func(have []mesh.Condition) bool { return slices.Equal(have, one) }) {
			list = append(list, one)
		}
	}
	return list
}

func (a cases) and(b cases) cases {
	var list cases
	for _, x := range a {
		for _, y := range b {
			if both, ok := merged(x, y); ok {
				list = list.or(cases{both})
			}
		}
	}
	return list
}

// merged is false where no request meets all conditions; what others say already is left out.
func merged(a, b []mesh.Condition) ([]mesh.Condition, bool) {
	var list []mesh.Condition
	all := slices.Concat(a, b)
	for i, c := range all {
		said := slices.Contains(all[:i], c)
		for j, other := range all {
			switch decides(other, c) {
			case no:
				return nil, false
			case yes:
				said = said || i != j
			}
		}
		if !said {
			list = append(list, c)
		}
	}
	return list, true
}

type answered int

const (
	open answered = iota
	yes
	no
)

// decides is what a condition tells of another one about the same: a text that must be there decides
// all, an opposite its own.
func decides(c, other mesh.Condition) answered {
	opposite := other
	opposite.Not = !other.Not
	switch {
	case c == opposite:
		return no
	case c == other || c.HeaderName() != other.HeaderName() || c.Not || c.Compare == mesh.Present ||
		c.Compare != mesh.Exact && other.Compare != mesh.Present:
		return open
	case c.EmptyIfMissing && admits(c, ""):
		return open // it may be missing
	case admits(other, c.Value) != other.Not:
		return yes
	}
	return no
}

// admits reports whether a text compares, Not aside.
func admits(c mesh.Condition, text string) bool {
	switch c.Compare {
	case mesh.Prefix:
		return strings.HasPrefix(text, c.Value)
	case mesh.Suffix:
		return strings.HasSuffix(text, c.Value)
	case mesh.Regex:
		re, err := regexp.Compile("^(?:" + c.Value + ")$")
		return err == nil && re.MatchString(text)
	case mesh.Exact:
		return text == c.Value
	default:
		return true
	}
}
