package match

import (
	"fmt"
	"regexp"
	"strings"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// Asked is a request as its route is chosen by.
type Asked struct {
	Method, Host, Path, Scheme string
	Headers                    envoy.Headers  // those that were kept, by lower case
	Claims                     map[string]any // of its token; nil: it had none that holds
	Peer                       string         // its identity to the proxy that it reached, as envoy.Insight has it
}

// AskedOf is the request that a proxy logged. Its Peer is left out: a proxy may not ask for it.
func AskedOf(e *envoy.Entry) Asked {
	return Asked{
		Method: e.Method, Host: e.Insight.Host, Path: e.Path, Scheme: e.Insight.Scheme,
		Headers: e.Insight.Headers, Claims: e.Insight.Claims,
	}
}

// verdict is what a condition makes of a request.
type verdict int

const (
	met verdict = iota
	unmet
	unknown // what it looks at was not kept
)

// value is the text that a condition looks at; had is false where the request has none of it.
func (a Asked) value(c mesh.Condition) (text string, had, kept bool) {
	switch c.Attribute {
	case mesh.Path:
		return a.Path, true, true
	case mesh.Method:
		return a.Method, true, true
	case mesh.Authority:
		return a.Host, true, true
	case mesh.Scheme:
		return a.Scheme, a.Scheme != "", true
	case mesh.Query:
		text, had = parameter(a.Path, c.Header)
		return text, had, true
	case mesh.Claim:
		text, had = a.claim(c)
		return text, had, true
	case mesh.Peer:
		text, had = a.peer()
		return text, had, true
	}
	if c.Header == ":path" {
		return a.Path, true, true
	}
	return a.Headers.Get(c.Header)
}

// claim is the text of a claim, or of a list the first text that is wanted; none but texts count.
func (a Asked) claim(c mesh.Condition) (text string, had bool) {
	var value any = a.Claims
	for name := range strings.SplitSeq(strings.Trim(c.Header, "[]"), "][") {
		inner, _ := value.(map[string]any)
		value = inner[name]
	}
	if text, had = value.(string); had {
		return text, true
	}
	list, _ := value.([]any)
	for _, item := range list {
		if one, ok := item.(string); ok && (!had || compare(c, one)) {
			text, had = one, true
		}
	}
	return text, had
}

// parameter is the first one of a name in a path's query, as Envoy reads it: as it is written.
func parameter(path, name string) (string, bool) {
	_, query, _ := strings.Cut(path, "?")
	query, _, _ = strings.Cut(query, "#")
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key == name && pair != "" {
			return value, true
		}
	}
	return "", false
}

// meets is whether a request meets a condition; first says that it is the first about the path.
func (a Asked) meets(c mesh.Condition, first bool) verdict {
	text, had, kept := a.value(c)
	had = had || c.EmptyIfMissing
	switch {
	case !kept:
		return unknown
	case c.Attribute == mesh.Claim:
		return decided((had && compare(c, text) && text != "") != c.Not)
	case onlyPresence(c):
		return decided(had != c.Not)
	case !had:
		return unmet // whether wanted or not
	case c.Attribute == mesh.Path && (c.Compare != mesh.Prefix || first && !c.Not):
		text, _, _ = strings.Cut(text, "?")
		text, _, _ = strings.Cut(text, "#")
	}
	return decided(compare(c, text) != c.Not)
}

// onlyPresence reports whether any value will do: every header begins with nothing.
func onlyPresence(c mesh.Condition) bool {
	return c.Compare == mesh.Present ||
		c.Value == "" && c.Compare == mesh.Prefix && c.Attribute != mesh.Path && c.Attribute != mesh.Query
}

func decided(ok bool) verdict {
	if ok {
		return met
	}
	return unmet
}

func compare(c mesh.Condition, text string) bool {
	want := c.Value
	if c.IgnoreCase && c.Compare != mesh.Regex {
		text, want = strings.ToLower(text), strings.ToLower(want)
	}
	switch c.Compare {
	case mesh.Exact:
		return text == want
	case mesh.Prefix:
		return strings.HasPrefix(text, want)
	case mesh.Suffix:
		return strings.HasSuffix(text, want)
	case mesh.Segments:
		want = strings.TrimSuffix(want, "/")
		return text == want || strings.HasPrefix(text, want+"/")
	case mesh.Regex:
		re, err := regexp.Compile(`^(?:` + c.Value + `)$`) // both are RE2
		return err == nil && re.MatchString(text)
	}
	return true
}

// all is whether a request meets all conditions, and else the first that it does not.
func (a Asked) all(conditions []mesh.Condition) (verdict, mesh.Condition) {
	result, path := met, false
	var open mesh.Condition
	for _, c := range conditions {
		isFirst := c.Attribute == mesh.Path && !path && !c.Not && c.Compare != mesh.Present
		path = path || isFirst
		switch a.meets(c, isFirst) {
		case unmet:
			return unmet, c
		case unknown:
			if result == met {
				result, open = unknown, c
			}
		}
	}
	return result, open
}

// MayMeet reports whether nothing speaks against a request's meeting all conditions.
func (a Asked) MayMeet(conditions []mesh.Condition) bool {
	v, _ := a.all(conditions)
	return v != unmet
}

// Unmet is the sentence about the first of some conditions that a request does not meet.
func (a Asked) Unmet(conditions []mesh.Condition) string {
	_, c := a.all(conditions)
	return a.why(c)
}

// why is the sentence about a condition that a request does not meet.
func (a Asked) why(c mesh.Condition) string {
	text, had, kept := a.value(c)
	name := attribute(c)
	switch {
	case !kept:
		return name + " is not kept"
	case !had:
		return fmt.Sprintf("there is no %s, the rule wants %s", name, wanted(c))
	}
	return fmt.Sprintf("%s is %s, the rule wants %s", name, quoted(text), wanted(c))
}

func attribute(c mesh.Condition) string {
	switch c.Attribute {
	case mesh.Path:
		return "the path"
	case mesh.Method:
		return "the method"
	case mesh.Authority:
		return "the host"
	case mesh.Scheme:
		return "the scheme"
	case mesh.Query:
		return "parameter " + c.Header
	case mesh.Claim:
		return "claim " + c.Header
	case mesh.Peer:
		return "the caller"
	}
	return c.Header
}

func wanted(c mesh.Condition) string {
	not := ""
	if c.Not {
		not = "not "
	}
	switch c.Compare {
	case mesh.Present:
		if c.Not {
			return "none"
		}
		return "any"
	case mesh.Prefix:
		return not + quoted(c.Value) + "…"
	case mesh.Suffix:
		return not + "…" + quoted(c.Value)
	case mesh.Segments:
		return not + c.Value + " or below it"
	case mesh.Regex:
		return not + c.Value
	}
	return not + quoted(c.Value)
}

// longest is how much of a value of a request is shown.
const longest = 60

func quoted(s string) string {
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
