package v1

import (
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/mesh"
)

// operations are what a rule is about, each with what it wants of the port that is called.
func operations(rule *security.Rule) []mesh.AccessTerms {
	to := []*security.Operation{nil}
	if len(rule.To) > 0 {
		to = nil
		for _, t := range rule.To {
			to = append(to, t.Operation)
		}
	}
	var list []mesh.AccessTerms
	for _, o := range to {
		var terms mesh.AccessTerms
		terms = addTerms(terms, portTerm, o.GetPorts(), o.GetNotPorts())
		for _, when := range rule.When {
			if when.Key == destinationPort {
				terms = addTerms(terms, portTerm, when.Values, when.NotValues)
			}
		}
		host := mesh.Condition{Attribute: mesh.Authority, IgnoreCase: true}
		terms = addTerms(terms, textTerm(host), o.GetHosts(), o.GetNotHosts())
		terms = addTerms(terms, textTerm(mesh.Condition{Attribute: mesh.Method}), o.GetMethods(), o.GetNotMethods())
		terms = addTerms(terms, textTerm(mesh.Condition{Attribute: mesh.Path}), o.GetPaths(), o.GetNotPaths())
		list = append(list, terms)
	}
	return list
}

const (
	destinationPort = "destination.port"
	requestHeader   = "request.headers"
)

// headerOf is the header that a condition of a rule is about, in lower case.
func headerOf(key string) (string, bool) {
	name, ok := strings.CutPrefix(key, requestHeader+"[")
	return strings.ToLower(strings.TrimSuffix(name, "]")), ok
}

// addTerms adds a term for the values of which a request must have one, and one for those of which
// it may have none.
func addTerms(
	terms mesh.AccessTerms, term func(values []string) mesh.AccessTerm, values, others []string,
) mesh.AccessTerms {
	if len(values) > 0 {
		terms = append(terms, term(values))
	}
	if len(others) > 0 {
		not := term(others)
		not.Not = true
		terms = append(terms, not)
	}
	return terms
}

// portTerm is of numbers, which the validator has looked at.
func portTerm(values []string) mesh.AccessTerm {
	var t mesh.AccessTerm
	for _, text := range values {
		port, _ := strconv.Atoi(text)
		t.Ports = append(t.Ports, port)
	}
	return t
}

// textTerm is of texts that an attribute is compared to.
func textTerm(attribute mesh.Condition) func([]string) mesh.AccessTerm {
	return func(values []string) mesh.AccessTerm {
		var t mesh.AccessTerm
		for _, text := range values {
			t.Conditions = append(t.Conditions, pattern(attribute, text))
		}
		return t
	}
}

// pattern is a text with * alone, at its beginning or at its end, or a path with {*} and {**}, as
// a policy writes it.
func pattern(c mesh.Condition, text string) mesh.Condition {
	begin, isPrefix := strings.CutSuffix(text, "*")
	end, isSuffix := strings.CutPrefix(text, "*")
	switch {
	case c.Attribute == mesh.Path && isTemplate(text):
		c.Compare, c.Value = mesh.Template, strings.NewReplacer("{*}", "*", "{**}", "**").Replace(text)
	case text == "*":
		c.Compare, c.IgnoreCase = mesh.Present, false
	case isSuffix:
		c.Compare, c.Value = mesh.Suffix, end
	case isPrefix:
		c.Compare, c.Value = mesh.Prefix, begin
	default:
		c.Compare, c.Value = mesh.Exact, text
	}
	return c
}

func isTemplate(path string) bool {
	return strings.Contains(path, "{*}") || strings.Contains(path, "{**}")
}
