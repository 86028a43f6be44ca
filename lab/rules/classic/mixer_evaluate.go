package classic

import (
	"regexp"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// asked is the part of a request that an attribute is; key is that of request.headers. The path has
// its query, as Mixer's had.
func (k termKind) asked(key string) (mesh.Condition, bool) {
	switch k {
	case requestHeaders:
		return mesh.Condition{Attribute: mesh.Header, Header: key}, true
	case requestPath:
		return mesh.Condition{Attribute: mesh.Header, Header: ":path"}, true
	case requestUserAgent:
		return mesh.Condition{Attribute: mesh.Header, Header: "user-agent"}, true
	case requestReferer:
		return mesh.Condition{Attribute: mesh.Header, Header: "referer"}, true
	case requestMethod:
		return mesh.Condition{Attribute: mesh.Method}, true
	case requestHost:
		return mesh.Condition{Attribute: mesh.Authority}, true
	case requestScheme:
		return mesh.Condition{Attribute: mesh.Scheme}, true
	default:
		return mesh.Condition{}, false
	}
}

// mayBeMissing reports whether a request may be without an attribute.
func (k termKind) mayBeMissing() bool {
	return k == requestHeaders || k == requestUserAgent || k == requestReferer
}

// reading is what a value is where some conditions hold: a text, or a part of the request.
type reading struct {
	when []mesh.Condition
	text string
	part *mesh.Condition
}

// readings are all that a value may be for a caller; without the last one, whole is false: then there
// are requests for which it cannot be told. A missing key is passed over for the next term, and is ""
// where there is none.
func (v value) readings(c call) (list []reading, whole bool) {
	var missing []mesh.Condition
	for i, t := range v {
		last := i == len(v)-1
		part, ofRequest := t.kind.asked(t.text)
		switch {
		case !ofRequest:
			if text, ok := t.of(c); ok {
				return append(list, reading{when: missing, text: text}), true
			}
			if text, ok := (static{t}).of(c); ok && last {
				return append(list, reading{when: missing, text: text}), true
			}
		case !t.kind.mayBeMissing() || last && t.kind.isMap():
			part.EmptyIfMissing = t.kind.isMap()
			return append(list, reading{when: missing, part: &part}), true
		default:
			present := part
			present.Compare = mesh.Present
			list = append(list, reading{when: append(slices.Clone(missing), present), part: &part})
			present.Not = true
			missing = append(slices.Clone(missing), present)
		}
	}
	return list, false
}

// outcome is when a predicate holds and when it does not. For what is in neither it cannot be told;
// if there is nothing of that, it is whole.
type outcome struct {
	yes, no cases
	whole   bool
}

// when is the cases in which a predicate holds for a caller. What cannot be told is no match.
func (p predicate) when(c call) cases { return p.of(c).yes }

// of looks at the right side of && and || only where the left one has not decided: if that cannot be
// told, neither can the whole.
func (p predicate) of(c call) outcome {
	switch p.how {
	case "":
		return outcome{yes: always(), whole: true}
	case and, or:
		all := p.parts[0].of(c)
		for _, part := range p.parts[1:] {
			if p.how == and {
				all = all.and(part.of(c))
			} else {
				all = all.inverted().and(part.of(c).inverted()).inverted()
			}
		}
		return all
	}
	return p.compared(c)
}

func (o outcome) inverted() outcome { return outcome{yes: o.no, no: o.yes, whole: o.whole} }

func (o outcome) and(next outcome) outcome {
	refused := next.no
	if !o.whole {
		refused = o.yes.and(next.no)
	}
	return outcome{yes: o.yes.and(next.yes), no: o.no.or(refused), whole: o.whole && next.whole}
}

func (p predicate) compared(c call) outcome {
	left, whole := p.left.readings(c)
	right, whole2 := p.right.readings(c)
	all := outcome{whole: whole && whole2}
	for _, l := range left {
		for _, r := range right {
			when := cases{l.when}.and(cases{r.when})
			one := p.how.on(l, r)
			all.yes = all.yes.or(when.and(one.yes))
			all.no = all.no.or(when.and(one.no))
		}
	}
	return all
}

// on compares two readings, of which at most one is a part of the request.
func (how comparison) on(left, right reading) outcome {
	part, text := left.part, right.text
	if right.part != nil {
		part, text = right.part, left.text
	}
	if part == nil {
		return constant(how.of(left.text, right.text))
	}
	c := *part
	c.Compare, c.Value = how.inEnvoy(text)
	if c.Value == "" && (c.Compare == mesh.Prefix || c.Compare == mesh.Suffix) {
		return constant(true)
	}
	not := c
	not.Not = true
	o := outcome{yes: cases{{c}}, no: cases{{not}}, whole: true}
	if how == unequal {
		return o.inverted()
	}
	return o
}

func constant(holds bool) outcome {
	o := outcome{yes: always(), whole: true}
	if !holds {
		return o.inverted()
	}
	return o
}

// inEnvoy is how Envoy compares a part of a request with a text. Its regular expressions are of the
// whole, Mixer's of any part.
func (how comparison) inEnvoy(text string) (mesh.Comparison, string) {
	switch how {
	case startsWith:
		return mesh.Prefix, text
	case endsWith:
		return mesh.Suffix, text
	case matches:
		return mesh.Regex, "(?s:.*)(?:" + text + ")(?s:.*)"
	case glob:
		if begin, ok := strings.CutSuffix(text, "*"); ok {
			return mesh.Prefix, begin
		}
		if end, ok := strings.CutPrefix(text, "*"); ok {
			return mesh.Suffix, end
		}
	}
	return mesh.Exact, text
}

// size is how many cases a predicate and its opposite have at most.
func (p predicate) size() (yes, no int) {
	const enough = 1 << 10
	switch p.how {
	case and, or:
		yes, no = p.parts[0].size()
		for _, part := range p.parts[1:] {
			yes2, no2 := part.size()
			if p.how == and {
				yes, no = min(yes*yes2, enough), min(no+yes*no2, enough)
			} else {
				yes, no = min(yes+no*yes2, enough), min(no*no2, enough)
			}
		}
		return yes, no
	}
	if p.left.isStatic() && p.right.isStatic() {
		return 1, 1
	}
	n := min(len(p.left)*len(p.right), enough)
	return n, n
}

func (how comparison) of(left, right string) bool {
	switch how {
	case unequal:
		return left != right
	case startsWith:
		return strings.HasPrefix(left, right)
	case endsWith:
		return strings.HasSuffix(left, right)
	case matches:
		found, err := regexp.MatchString(left, right)
		return err == nil && found
	case glob:
		return globs(right, left)
	default:
		return left == right
	}
}

// globs knows * at the end of a pattern, or else at its beginning.
func globs(pattern, text string) bool {
	if begin, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(text, begin)
	}
	if end, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(text, end)
	}
	return pattern == text
}
