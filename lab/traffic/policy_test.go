package traffic_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic"
)

// TestPolicies tells of each policy that allows why it did not allow a call.
func TestPolicies(t *testing.T) {
	t.Parallel()
	term := func(values ...mesh.Condition) mesh.AccessTerms { return mesh.AccessTerms{{Conditions: values}} }
	peer := func(text string) mesh.Condition {
		return mesh.Condition{Attribute: mesh.Peer, Compare: mesh.Exact, Value: "spiffe://" + text}
	}
	anyone, everything := []mesh.AccessTerms{nil}, []mesh.AccessTerms{nil}
	get := mesh.Condition{Attribute: mesh.Method, Compare: mesh.Exact, Value: "POST"}
	claimed := mesh.Condition{Attribute: mesh.Claim, Compare: mesh.Exact, Header: "[role]", Value: "tester"}
	rules := map[string]mesh.AccessRule{
		"it allows nothing": {},
		`the caller is "cluster.local/ns/n/sa/preference", the rule wants "a" or "b"`: {
			Sources: []mesh.AccessTerms{term(peer("a"), peer("b"))}, Operations: everything,
		},
		`the method is "GET", the rule wants "POST"`: {
			Sources: []mesh.AccessTerms{term(peer("a")), term(peer("cluster.local/ns/n/sa/preference"))}, Operations: []mesh.AccessTerms{term(get)},
		},
		"the request has no token": {Sources: []mesh.AccessTerms{term(claimed)}, Operations: everything},
		`the path is "/", the rule wants not "/"`: {Sources: anyone, Operations: []mesh.AccessTerms{{{
			Conditions: []mesh.Condition{{Attribute: mesh.Path, Compare: mesh.Exact, Value: "/"}}, Not: true,
		}}}},
		"it looks at what is not kept": {Sources: anyone, Operations: []mesh.AccessTerms{{{Ports: []int{1}}}}},
	}
	m := chain()
	var want []string
	for why, r := range rules {
		r.From, r.Name = why, "ns/"+why
		m.Sidecars[2].Inbound.Access = append(m.Sidecars[2].Inbound.Access, r)
		want = append(want, why)
	}
	missed := refused(t, m, "=spiffe://cluster.local/ns/n/sa/preference")
	for i, why := range want {
		if len(missed) < len(want) || missed[i].Why != why {
			t.Fatalf("%+v, want %q", missed, want)
		}
	}
	m.Sidecars[2].Inbound.Access = []mesh.AccessRule{{Sources: []mesh.AccessTerms{term(peer("a"))}, Operations: everything}}
	if got := refused(t, m, "=-"); len(got) == 0 || got[0].Why != `the caller has no identity, the rule wants "a"` {
		t.Errorf("in plain text: %+v", got)
	}
}

// refused is what did not act for a call that no policy of recommendation allowed.
func refused(t *testing.T, m mesh.Mesh, peer string) []traffic.Miss {
	t.Helper()
	c := &clock{}
	s := traffic.New(c.now)
	t.Cleanup(s.Close)
	s.Begin(traffic.Version{Mesh: m, Find: func(traffic.Question) (traffic.Rule, bool) { return traffic.Rule{}, false }}, true)(true)
	c.pass(10 * time.Millisecond)
	for i, h := range whole("refused", 403, hop{status: 403}) {
		line := h.line(c)
		if i == 0 { // recommendation's own
			var e envoy.Entry
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatal(err)
			}
			e.Details, e.Insight.Peer = "rbac_access_denied_matched_policy[none]", peer
			line, _ = json.Marshal(e) // it is plain data
		}
		s.Take(line)
	}
	r := over(t, s, "refused")
	if r.Cause != traffic.NotAllowed || !strings.Contains(r.Words, "none allows this one") {
		t.Fatalf("%s: %s", r.Cause, r.Words)
	}
	return r.Decisive.Missed
}
