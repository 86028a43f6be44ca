package v1_test

import (
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
	v1 "istio-tutorial/lab/rules/v1"
)

// froms are the rules of the routes with which a client calls recommendation.
func froms(t *testing.T, rules, client string) string {
	t.Helper()
	s, _ := v1.Resolve(load(t, rules), topology()).SidecarOf(tutorial(client))
	i := slices.IndexFunc(s.Outbound.Hosts, func(h mesh.VirtualHost) bool { return h.Names[0] == "recommendation" })
	var names []string
	for _, r := range s.Outbound.Hosts[i].Routes {
		names = append(names, strings.TrimPrefix(r.From, namespace+"/"))
	}
	return strings.Join(names, " ")
}

// TestChoice holds which of several VirtualServices a host has, for whom.
func TestChoice(t *testing.T) {
	t.Parallel()
	of := func(name, hosts, match string) string {
		return routing(name, `{hosts: [`+hosts+`], http: [{match: [{`+match+`}], `+toIt+`}]}`) + "---\n"
	}
	const all, more = `"*.istio-tutorial.svc.cluster.local"`, `"*.cluster.local"`
	const customer, preference = "sourceLabels: {app: customer}", "sourceLabels: {app: preference}"
	for name, c := range map[string]struct{ rules, customer, preference string }{
		"two of a pattern":     {of("a", all, customer) + of("b", all, preference), "a", "default-route"},
		"a closer pattern":     {of("a", more, customer) + of("b", all, preference), "default-route", "b"},
		"exact beside pattern": {of("a", all, customer) + of("b", "recommendation", preference), "default-route", "b"},
		"two exact ones":       {of("a", "recommendation", customer) + of("b", "recommendation", preference), "a", "b"},
		"gateways in a match":  {of("a", "recommendation", "gateways: [mesh], "+customer), "a", "a"},
		"a namespace beside":   {of("a", "recommendation", "gateways: [mesh], sourceNamespace: other"), "a", "a"},
		"not for the mesh": {
			routing("a", `{hosts: [recommendation], gateways: [one], http: [{match: [{gateways: [mesh]}], `+toIt+`}]}`),
			"default-route", "default-route",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := froms(t, c.rules, "customer-v1"); got != c.customer {
				t.Errorf("customer: %s, want %s", got, c.customer)
			}
			if got := froms(t, c.rules, "preference-v1"); got != c.preference {
				t.Errorf("preference: %s, want %s", got, c.preference)
			}
		})
	}
}

// TestNoLimits holds Istio's defaults where rules name one limit, and where they name none.
func TestNoLimits(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]string{
		"none": "",
		"one": object("DestinationRule", "d", `{host: recommendation, trafficPolicy: {connectionPool: `+
			`{http: {http2MaxRequests: 5}}}}`),
	} {
		m := v1.Resolve(load(t, rules), topology())
		s, _ := m.SidecarOf(tutorial("preference-v1"))
		if !s.Inbound.Unlimited {
			t.Errorf("%s: the program is limited", name)
		}
		for _, u := range s.Outbound.Clusters {
			l := u.Policy.Limits
			named := rules != "" && strings.HasPrefix(u.Cluster.Host, "recommendation.")
			if !l.Unlimited || u.Policy.Panic != 0 || (l.Requests != nil) != named {
				t.Errorf("%s: %s has %+v, panic %d", name, u.Cluster.Host, l, u.Policy.Panic)
			}
		}
	}
}

// TestJoinedRoutes holds what a delegate has of its root, and what is its own.
func TestJoinedRoutes(t *testing.T) {
	t.Parallel()
	m := v1.Resolve(load(t, routing("root", `{hosts: [recommendation], http: [{name: r, timeout: 5s, `+
		`match: [{name: m, uri: {prefix: /a}, headers: {h: {exact: x}}}], delegate: {name: child, namespace: external}}]}`)+
		"---\n"+strings.Replace(routing("child", `{http: [`+
		`{name: c, match: [{uri: {exact: /a/b}, headers: {g: {exact: z}}}], timeout: 1s, route: [{destination: {host: external}}]}, `+
		`{match: [{uri: {regex: /a.*}}], `+toIt+`}, {`+toIt+`}]}`),
		"{name: child}", "{name: child, namespace: external}", 1)), topology())
	s, _ := m.SidecarOf(tutorial("preference-v1"))
	i := slices.IndexFunc(s.Outbound.Hosts, func(h mesh.VirtualHost) bool { return h.Names[0] == "recommendation" })
	routes := s.Outbound.Hosts[i].Routes
	if len(routes) != 2 { // the one with a regular expression is not within the root's prefix
		t.Fatalf("%d routes", len(routes))
	}
	first := routes[0]
	if len(first.Match) != 3 || first.Match[0].Value != "/a/b" || first.Timeout.Seconds() != 1 ||
		first.Destinations[0].Cluster.Host != "external.external.svc.cluster.local" {
		t.Errorf("first route %+v", first)
	}
	if last := routes[1]; len(last.Match) != 2 || last.Timeout.Seconds() != 5 ||
		last.Destinations[0].Cluster.Host != "recommendation.external.svc.cluster.local" {
		t.Errorf("last route %+v", last)
	}
}
