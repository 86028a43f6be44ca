package match_test

import (
	"testing"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/match"
)

func term(values ...mesh.Condition) mesh.AccessTerms { return mesh.AccessTerms{{Conditions: values}} }

func peer(text string) mesh.Condition {
	return mesh.Condition{Attribute: mesh.Peer, Compare: mesh.Exact, Value: "spiffe://" + text}
}

// TestUnmetBy tells of a rule that allows why it is not about a request.
func TestUnmetBy(t *testing.T) {
	t.Parallel()
	anyone, everything := []mesh.AccessTerms{nil}, []mesh.AccessTerms{nil}
	post := mesh.Condition{Attribute: mesh.Method, Compare: mesh.Exact, Value: "POST"}
	claimed := mesh.Condition{Attribute: mesh.Claim, Compare: mesh.Exact, Header: "[role]", Value: "tester"}
	a := match.Asked{Method: "GET", Path: "/", Peer: "cluster.local/ns/n/sa/preference"}
	for want, r := range map[string]mesh.AccessRule{
		"it allows nothing": {},
		`the caller is "cluster.local/ns/n/sa/preference", the rule wants "a" or "b"`: {
			Sources: []mesh.AccessTerms{term(peer("a"), peer("b"))}, Operations: everything,
		},
		`the method is "GET", the rule wants "POST"`: {
			Sources: []mesh.AccessTerms{term(peer("a")), term(peer("cluster.local/ns/n/sa/preference"))}, Operations: []mesh.AccessTerms{term(post)},
		},
		"the request has no token": {Sources: []mesh.AccessTerms{term(claimed)}, Operations: everything},
		`the path is "/", the rule wants not "/"`: {Sources: anyone, Operations: []mesh.AccessTerms{{{
			Conditions: []mesh.Condition{{Attribute: mesh.Path, Compare: mesh.Exact, Value: "/"}}, Not: true,
		}}}},
		"it looks at what is not kept": {Sources: anyone, Operations: []mesh.AccessTerms{{{Ports: []int{1}}}}},
	} {
		if got := a.UnmetBy(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	a.Peer = envoy.NoIdentity
	rule := mesh.AccessRule{Sources: []mesh.AccessTerms{term(peer("a"))}, Operations: everything}
	if got, want := a.UnmetBy(rule), `the caller has no identity, the rule wants "a"`; got != want {
		t.Errorf("in plain text: %q, want %q", got, want)
	}
}
