package traffic_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/rulebook"
)

// TestPolicies tells of each policy that allows why it did not allow a call.
func TestPolicies(t *testing.T) {
	t.Parallel()
	only := func(caller string) mesh.AccessRule {
		return mesh.AccessRule{Sources: []mesh.AccessTerms{{{Conditions: []mesh.Condition{
			{Attribute: mesh.Peer, Compare: mesh.Exact, Value: "spiffe://" + caller},
		}}}}, Operations: []mesh.AccessTerms{nil}}
	}
	m := chain()
	var want []string
	for _, caller := range []string{"a", "b"} {
		r := only(caller)
		r.From, r.Name = caller, "ns/"+caller
		m.Sidecars[2].Inbound.Access = append(m.Sidecars[2].Inbound.Access, r)
		want = append(want, fmt.Sprintf(`the caller is "cluster.local/ns/n/sa/preference", the rule wants %q`, caller))
	}
	missed := refused(t, m, "=spiffe://cluster.local/ns/n/sa/preference")
	for i, why := range want {
		if len(missed) < len(want) || missed[i].Why != why {
			t.Fatalf("%+v, want %q", missed, want)
		}
	}
	m.Sidecars[2].Inbound.Access = []mesh.AccessRule{only("a")}
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
	s.Begin(rulebook.Version{Mesh: m, Find: func(rulebook.Question) (rulebook.Rule, bool) { return rulebook.Rule{}, false }}, true)(true)
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
	if r.Cause != cause.NotAllowed || !strings.Contains(r.Words, "none allows this one") {
		t.Fatalf("%s: %s", r.Cause, r.Words)
	}
	return r.Decisive.Missed
}

// TestMissedRoutes has, of a rule with several routes, each that did not act by its own line.
func TestMissedRoutes(t *testing.T) {
	t.Parallel()
	m := chain()
	fits := m.Gateway.Hosts[0].Routes[0].Destinations
	m.Gateway.Hosts[0].Routes = nil
	for i := range 3 {
		m.Gateway.Hosts[0].Routes = append(m.Gateway.Hosts[0].Routes, mesh.Route{From: "vs", Part: fmt.Sprintf("http[%d]", i), Destinations: fits})
	}
	c := &clock{}
	s := traffic.New(c.now)
	t.Cleanup(s.Close)
	s.Begin(rulebook.Version{Mesh: m, Find: func(q rulebook.Question) (rulebook.Rule, bool) {
		return rulebook.Rule{File: q.Field}, q.Part == rulebook.PartRoute
	}}, true)(true)
	c.pass(10 * time.Millisecond)
	take(s, c, hop{id: "one", pod: "ingress", to: "customer", host: "customer:8080", route: "vs", status: 200})
	missed := await(t, s, traffic.Query{ID: "one"}, 1)[0].Calls[0].Missed
	for i, want := range []string{"http[1]", "http[2]"} {
		if len(missed) != 2 || missed[i].Rule == nil || missed[i].Rule.File != want {
			t.Fatalf("%d: %+v, want %s", i, missed, want)
		}
	}
}
