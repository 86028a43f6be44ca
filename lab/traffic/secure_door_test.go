package traffic_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/rulebook"
)

// behindDoors is the chain behind a plain host that is sent to https, and two doors, each with one host.
func behindDoors() mesh.Mesh {
	m := chain()
	route := m.Gateway.Hosts[0].Routes
	m.Gateway.Hosts = []mesh.VirtualHost{{
		Names: []string{"a.test"}, Routes: route, OnlyTLS: mesh.Origin{From: "Gateway x/gw", Field: "spec.servers[0].tls"},
	}}
	for _, host := range []string{"a", "b"} {
		m.Gateway.Secure = append(m.Gateway.Secure, mesh.SecureDoor{
			Name: "door-" + host, Called: "listener " + host, Hosts: []string{host + ".test"},
			Origin: mesh.Origin{From: "Gateway x/gw", Field: "spec.listeners." + host},
			Routed: []mesh.VirtualHost{{Names: []string{host + ".test"}, Routes: route}},
		})
	}
	return m
}

// findGateway finds the one Gateway behind all that is about TLS.
func findGateway(q rulebook.Question) (rulebook.Rule, bool) {
	return rulebook.Rule{Kind: "Gateway", Name: "gw", File: q.Field}, q.Part == rulebook.PartTLS
}

// TestWhyAtTheDoor holds what is said of answers that the ingress gives at the door: that of whoever asks in plain
// text, and that of whoever asks one door for the host of another one.
func TestWhyAtTheDoor(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := traffic.New(c.now)
	t.Cleanup(s.Close)
	s.Begin(rulebook.Version{Mesh: behindDoors(), Find: findGateway}, true)(true)
	for id, x := range map[string]struct{ host, door, sni, flags, details, words, rule string }{
		"plain": {
			"a.test", "", "", "", "direct_response",
			"redirect: the ingress sent the caller elsewhere: a rule redirects it.", "spec.servers[0].tls",
		},
		"of another door": {
			"b.test", "door-a", "a.test", "NR", "route_not_found",
			"no route: the ingress has no route for host b.test and path / behind listener a of Gateway gw, which took " +
				"the connection: by SNI it is for a.test, and b.test is behind listener b.", "spec.listeners.a",
		},
		"of no door": {
			"c.test", "door-a", "", "NR", "route_not_found",
			"no route: the ingress has no route for host c.test and path / behind listener a of Gateway gw, which took " +
				"the connection: by SNI it is for no host.", "spec.listeners.a",
		},
		"of a door that is gone": {
			"a.test", "door-c", "a.test", "NR", "route_not_found",
			"no route: the ingress has no route for host a.test and path /.", "",
		},
	} {
		e := envoy.Entry{Access: envoy.Access{
			Time: c.now().Add(20e6), Pod: "ingress", Direction: envoy.Outbound, Method: "GET", Path: "/",
			Status: 404, Flags: x.flags, Details: x.details, Request: id,
		}}
		e.Insight.Host, e.Insight.Door, e.Insight.SNI = x.host, x.door, x.sni
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		s.Take(line)
		var r *traffic.Request
		labtest.Until(t, func() error {
			list := s.Requests(traffic.Query{ID: id})
			if len(list) != 1 {
				return errors.New("not read yet")
			}
			r = list[0]
			return nil
		})
		if got := string(r.Cause) + ": " + r.Words; got != x.words {
			t.Errorf("%s: %s", id, got)
		}
		if got := ruleOf(r); got != x.rule {
			t.Errorf("%s: by %s", id, got)
		}
		if missed := r.Calls[0].Missed; len(missed) > 0 {
			t.Errorf("%s: missed %v", id, missed)
		}
		if not := strings.Join(r.Not("v1"), "; "); strings.Contains(not, "earlier route") {
			t.Errorf("%s: not v1, as %s", id, not)
		}
	}
}

func ruleOf(r *traffic.Request) string {
	if r.Rule == nil {
		return ""
	}
	return r.Rule.File
}
