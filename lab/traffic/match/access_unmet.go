package match

import (
	"fmt"
	"slices"
	"strings"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// UnmetBy is why a rule that allows is not about a request: of each side, its source and its operation, the
// first term that did not hold of those that came closest.
func (a Asked) UnmetBy(r mesh.AccessRule) string {
	if len(r.Sources) == 0 || len(r.Operations) == 0 {
		return "it allows nothing"
	}
	for _, side := range [][]mesh.AccessTerms{r.Sources, r.Operations} {
		if why := a.unmetIn(side); why != "" {
			return why
		}
	}
	return "it looks at what is not kept"
}

// unmetIn is why none of some terms holds; "" if one may.
func (a Asked) unmetIn(side []mesh.AccessTerms) string {
	closest, held := "", -1
	for _, terms := range side {
		i := slices.IndexFunc(terms, func(t mesh.AccessTerm) bool { return a.meetsTerm(t) == unmet })
		if i < 0 {
			return ""
		}
		if i > held {
			closest, held = a.whyNot(terms[i]), i
		}
	}
	return closest
}

// meetsTerm is whether a term holds for a request.
func (a Asked) meetsTerm(t mesh.AccessTerm) verdict {
	result := unmet
	lists := slices.Clone(t.Together)
	for _, c := range t.Conditions {
		lists = append(lists, []mesh.Condition{c})
	}
	if len(t.Ports) > 0 || len(lists) == 0 {
		return unknown
	}
	if slices.ContainsFunc(slices.Concat(lists...), func(c mesh.Condition) bool { return c.Compare == mesh.Template }) {
		return unknown
	}
	for _, list := range lists {
		switch v, _ := a.all(list); {
		case v == met:
			result = met
		case v == unknown && result == unmet:
			result = unknown
		}
	}
	switch {
	case result == unknown || !t.Not:
		return result
	case result == met:
		return unmet
	}
	return met
}

// whyNot is the sentence about a term that does not hold: with all values that would have done.
func (a Asked) whyNot(t mesh.AccessTerm) string {
	all := slices.Concat(t.Conditions, slices.Concat(t.Together...))
	if len(all) == 0 {
		return "it allows nothing"
	}
	if all[0].Attribute == mesh.Claim {
		if a.Claims == nil {
			return "the request has no token"
		}
	}
	var wants []string
	for _, c := range all {
		c.Not = c.Not != t.Not
		if want := identity(c); c.Attribute == all[0].Attribute && c.Header == all[0].Header && !slices.Contains(wants, want) {
			wants = append(wants, want)
		}
	}
	return a.unlike(all[0], strings.Join(wants, " or "))
}

// unlike says what a request has in place of what a condition wants.
func (a Asked) unlike(c mesh.Condition, want string) string {
	text, had, kept := a.value(c)
	switch name := attribute(c); {
	case c.Attribute == mesh.Peer && !had:
		return fmt.Sprintf("%s has no identity, the rule wants %s", name, want)
	case c.Attribute == mesh.Peer:
		return fmt.Sprintf("%s is %q, the rule wants %s", name, a.Peer, want)
	case !kept:
		return name + " is not kept"
	case !had:
		return fmt.Sprintf("there is no %s, the rule wants %s", name, want)
	default:
		return fmt.Sprintf("%s is %s, the rule wants %s", name, quoted(text), want)
	}
}

// identity is what a condition wants, without what each identity begins with.
func identity(c mesh.Condition) string {
	if c.Attribute == mesh.Peer {
		return strings.ReplaceAll(wanted(c), spiffe, "")
	}
	return wanted(c)
}

// spiffe begins each identity as a certificate has it.
const spiffe = "spiffe://"

// peer is the identity as conditions have it.
func (a Asked) peer() (text string, had bool) {
	if a.Peer == "" || a.Peer == envoy.NoIdentity {
		return "", false
	}
	return spiffe + a.Peer, true
}

// Allowing are the rules of access that let calls pass.
func Allowing(in mesh.Inbound) []mesh.AccessRule {
	return slices.DeleteFunc(slices.Clone(in.Access), func(r mesh.AccessRule) bool {
		return r.Action != mesh.Allow || r.DryRun
	})
}

// Unclaimed is what the first of some rules that allow wants of a token, and a request had not: a sentence's
// end; "" if no token is wanted.
func (a Asked) Unclaimed(rules []mesh.AccessRule) string {
	for _, r := range rules {
		for _, source := range r.Sources {
			for _, term := range source {
				if text := a.unclaimed(term); text != "" {
					return text
				}
			}
		}
	}
	return ""
}

// unclaimed is what a term wants of a token, and a request has not.
func (a Asked) unclaimed(t mesh.AccessTerm) string {
	lists := slices.Clone(t.Together)
	for _, c := range t.Conditions {
		if c.Attribute == mesh.Claim {
			lists = append(lists, []mesh.Condition{c})
		}
	}
	var first mesh.Condition
	for i, list := range lists {
		v, open := a.all(list)
		if v == met {
			return ""
		}
		if i == 0 {
			first = open
		}
	}
	switch {
	case len(lists) == 0 || t.Not:
		return ""
	case a.Claims == nil:
		return ": the request has no token"
	}
	return ": " + a.why(first)
}
