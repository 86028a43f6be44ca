package gatewayapi_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// topology is a client, and services in two namespaces.
func topology() mesh.Topology {
	t := mesh.Topology{
		Workloads:  []mesh.Workload{{Name: mesh.Name{Namespace: "a", Name: "client"}}},
		Namespaces: map[string]mesh.Labels{"a": {"team": "red"}},
	}
	for _, name := range []mesh.Name{
		{Namespace: "a", Name: "customer"}, {Namespace: "a", Name: "recommendation"}, {Namespace: "b", Name: "other"},
	} {
		t.Services = append(t.Services, mesh.Service{
			Name: name, Ports: []mesh.ServicePort{{Name: "http", Number: 8080, Protocol: mesh.HTTP}},
		})
	}
	return t
}

func load(t *testing.T, text string) rules.Set {
	t.Helper()
	docs, err := document.Parse("rules.yml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var set rules.Set
	for _, doc := range docs {
		parse := v1.Parse
		if strings.HasPrefix(doc.APIVersion, gatewayapi.Group) {
			parse = gatewayapi.Parse
		}
		list, err := parse([]document.Document{doc}, "a")
		if err != nil {
			t.Fatal(err)
		}
		set = set.Apply(list...)
	}
	return set
}

// routesTo are the routes of a host for the client, one a line: DESTINATION/WEIGHT, or a status.
func routesTo(t *testing.T, out mesh.Outbound, host string, port int) string {
	t.Helper()
	var lines []string
	for _, h := range out.Hosts {
		if h.Names[0] != host || h.Port != port {
			continue
		}
		for _, r := range h.Routes {
			line := r.From
			for _, d := range r.Destinations {
				line += fmt.Sprintf(" %s/%d", strings.TrimSuffix(d.Cluster.Host, ".svc.cluster.local"), d.Weight)
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func gatewayOf(listeners string) string {
	return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec: {gatewayClassName: istio, listeners: [` + listeners + `]}
---
`
}

func routeOf(namespace, parent, rest string) string {
	return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: ` + namespace + `}
spec: {parentRefs: [` + parent + `], ` + rest + `}
---
`
}

const (
	toCustomer = "rules: [{backendRefs: [{name: customer, port: 8080}]}]"
	toOther    = "rules: [{backendRefs: [{name: other, namespace: b, port: 8080}]}]"
)

// TestListeners is which listener of a Gateway has a route, and why not.
func TestListeners(t *testing.T) {
	t.Parallel()
	const plain = "{name: http, port: 80, protocol: HTTP}"
	const two = "{name: red, port: 80, protocol: HTTP, hostname: red.test}, " +
		"{name: blue, port: 81, protocol: HTTP, hostname: blue.test}"
	from := func(allowed string) string {
		return "{name: http, port: 80, protocol: HTTP, allowedRoutes: {" + allowed + "}}"
	}
	for name, c := range map[string]struct{ listeners, route, hosts, finding string }{
		"section":      {two, routeOf("a", "{name: web, sectionName: blue}", toCustomer), "[blue.test]", ""},
		"port":         {two, routeOf("a", "{name: web, port: 80}", toCustomer), "[red.test]", ""},
		"all":          {two, routeOf("a", "{name: web}", toCustomer), "[blue.test red.test]", ""},
		"no section":   {two, routeOf("a", "{name: web, sectionName: green}", toCustomer), "[]", `NoMatchingParent, message=sectionName "green" not found; sectionName "green" not found.`},
		"section's":    {two, routeOf("a", "{name: web, sectionName: red, port: 81}", toCustomer), "[]", "NoMatchingParent"},
		"no host":      {two, routeOf("a", "{name: web}", "hostnames: [green.test], "+toCustomer), "[]", `no hostnames matched parent hostname "blue.test".`},
		"same":         {plain, routeOf("b", "{name: web, namespace: a}", toCustomer), "[]", `namespace "b" is not allowed by the parent.`},
		"everyone":     {from("namespaces: {from: All}"), routeOf("b", "{name: web, namespace: a}", toOther), "[*]", ""},
		"selected":     {from("namespaces: {from: Selector, selector: {matchLabels: {team: red}}}"), routeOf("a", "{name: web}", toCustomer), "[*]", ""},
		"not selected": {from("namespaces: {from: Selector, selector: {matchLabels: {team: red}}}"), routeOf("b", "{name: web, namespace: a}", toOther), "[]", "NotAllowedByListeners"},
		"by name":      {from("namespaces: {from: Selector, selector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [b]}]}}"), routeOf("b", "{name: web, namespace: a}", toOther), "[*]", ""},
		"kind":         {from("kinds: [{kind: HTTPRoute}]"), routeOf("a", "{name: web}", toCustomer), "[*]", ""},
		"other kind":   {from("kinds: [{kind: GRPCRoute}]"), routeOf("a", "{name: web}", toCustomer), "[]", "HTTPRoute is not allowed"},
		"closer": {
			"{name: any, port: 80, protocol: HTTP}, {name: red, port: 80, protocol: HTTP, hostname: red.test}",
			routeOf("a", "{name: web, sectionName: any}", "hostnames: [red.test, blue.test], "+toCustomer), "[blue.test]", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := load(t, gatewayOf(c.listeners)+c.route)
			hosts := []string{}
			for _, h := range gatewayapi.Resolve(set, topology()).Gateway.Hosts {
				hosts = append(hosts, h.Names...)
			}
			if fmt.Sprint(hosts) != c.hosts {
				t.Errorf("hosts %v, want %s", hosts, c.hosts)
			}
			found := fmt.Sprint(gatewayapi.Findings(set, topology()))
			if (c.finding == "") != (found == "[]") || !strings.Contains(found, c.finding) {
				t.Errorf("findings %s, want %q", found, c.finding)
			}
		})
	}
}

// TestGrants holds that at the ingress, and there alone, another namespace's backend needs a grant.
func TestGrants(t *testing.T) {
	t.Parallel()
	const listener = "{name: http, port: 80, protocol: HTTP}"
	edge := gatewayOf(listener) + routeOf("a", "{name: web}", toOther)
	for name, c := range map[string]struct{ text, want, finding string }{
		"without": {edge, "a/r no-reference-grant/100", "reason=RefNotPermitted, message=backendRef other/b not accessible to a HTTPRoute in namespace \"a\" (missing a ReferenceGrant?)."},
		"with":    {edge + aGrant, "a/r other.b/100", ""},
		"another": {edge + strings.Replace(aGrant, "name: other", "name: another", 1), "a/r no-reference-grant/100", "RefNotPermitted"},
	} {
		set := load(t, c.text)
		m := gatewayapi.Resolve(set, topology())
		if got := routesTo(t, m.Gateway, "*", 0); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		found := fmt.Sprint(gatewayapi.Findings(set, topology()))
		if (c.finding == "") != (found == "[]") || !strings.Contains(found, c.finding) {
			t.Errorf("%s: findings %s, want %q", name, found, c.finding)
		}
	}
	set := load(t, routeOf("a", `{group: "", kind: Service, name: recommendation}`, toOther))
	out := gatewayapi.Resolve(set, topology()).Sidecars[0].Outbound
	if got := routesTo(t, out, "recommendation", 8080); got != "a/r other.b/100" {
		t.Errorf("in the mesh: %s", got)
	}
}

const entryOf = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside}
spec:
  hosts: [outside.test]
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP}]
---
`

// TestOutside routes the calls of a host outside, and to one.
func TestOutside(t *testing.T) {
	t.Parallel()
	const entry = "{group: networking.istio.io, kind: ServiceEntry, name: outside}"
	m := gatewayapi.Resolve(load(t, entryOf+routeOf("a", entry, toCustomer)), topology())
	if got := routesTo(t, m.Sidecars[0].Outbound, "outside.test", 80); got != "a/r customer.a/100" {
		t.Errorf("from outside: %s", got)
	}
	host := routeOf("a", `{group: "", kind: Service, name: recommendation}`,
		"rules: [{backendRefs: [{group: networking.istio.io, kind: Hostname, name: outside.test, port: 80}]}]")
	set := load(t, entryOf+host)
	m = gatewayapi.Resolve(set, topology())
	if got := routesTo(t, m.Sidecars[0].Outbound, "recommendation", 8080); got != "a/r outside.test/100" {
		t.Errorf("to outside: %s", got)
	}
	if found := gatewayapi.Findings(set, topology()); len(found) > 0 {
		t.Errorf("findings %v", found)
	}
	for text, want := range map[string]string{
		host:                               "backend(outside.test) not found.",
		routeOf("a", entry, toCustomer):    `parent service entry: "outside" not found.`,
		routeOf("a", "{name: x}", toOther): `never acts there: gateway "x" not found`,
		routeOf("a", `{group: "", kind: Service, name: customer, port: 9}`, toCustomer):                                   "never acts there: customer.a.svc.cluster.local has no port 9",
		routeOf("a", `{group: "", kind: Service, name: customer}`, "rules: [{backendRefs: [{name: customer, port: 9}]}]"): "backend customer.a.svc.cluster.local has no port 9: its requests get an error",
	} {
		if found := fmt.Sprint(gatewayapi.Findings(load(t, text), topology())); !strings.Contains(found, want) {
			t.Errorf("findings %s, want %q", found, want)
		}
	}
}

// TestUnheard holds that what Istio does not look at is told.
func TestUnheard(t *testing.T) {
	t.Parallel()
	set := load(t, routeOf("a", `{group: "", kind: Service, name: customer, sectionName: http}`,
		"useDefaultGateways: All, rules: [{sessionPersistence: {type: Cookie}, backendRefs: [{name: customer, port: 8080}]}]"))
	found := fmt.Sprint(gatewayapi.Findings(set, topology()))
	for _, path := range []string{
		"spec.useDefaultGateways", "spec.parentRefs[0].sectionName", "spec.rules[0].sessionPersistence",
	} {
		if !strings.Contains(found, path+" does nothing") {
			t.Errorf("findings %s, want one of %s", found, path)
		}
	}
}

// TestRewriteOfAPrefix quotes a prefix that becomes a part of a regular expression.
func TestRewriteOfAPrefix(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ match, want string }{
		{"matches: [{path: {value: /docs/c++}}]", `^/docs/c\+\+(/?)(.*)`},
		{"matches: [{path: {value: /a(b)}}]", `^/a\(b\)(/?)(.*)`},
		{"matches: [{path: {value: /v1.0/}}]", `^/v1\.0(/?)(.*)`},
		{"matches: [{headers: [{name: a, value: b}]}]", `^(/?)(.*)`},
		{"name: a", `^(/?)(.*)`},
	} {
		set := load(t, routeOf("a", `{group: "", kind: Service, name: customer}`, `rules: [{`+c.match+`, filters: [
  {type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}],
  backendRefs: [{name: customer, port: 8080}]}]`))
		r := gatewayapi.Resolve(set, topology()).Sidecars[0].Outbound.Hosts[0].Routes[0]
		if r.Rewrite == nil || r.Rewrite.Regex != c.want {
			t.Errorf("%s: %+v, want %s", c.match, r.Rewrite, c.want)
		}
	}
}

// TestBackendFilters are for the requests of one backend.
func TestBackendFilters(t *testing.T) {
	t.Parallel()
	set := load(t, routeOf("a", `{group: "", kind: Service, name: customer}`, `rules: [{backendRefs: [
  {name: customer, port: 8080},
  {name: recommendation, port: 8080, filters: [
    {type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: Foo, value: first}, {name: foo, value: second}]}},
    {type: ResponseHeaderModifier, responseHeaderModifier: {remove: [x]}}]}]}]`))
	r := gatewayapi.Resolve(set, topology()).Sidecars[0].Outbound.Hosts[0].Routes[0]
	got := fmt.Sprint(r.Headers, r.Destinations[0].Headers, r.Destinations[1].Headers)
	want := "{{map[] map[] []} {map[] map[] []}} {{map[] map[] []} {map[] map[] []}} " +
		"{{map[] map[foo:first] []} {map[] map[] [x]}}"
	if got != want {
		t.Errorf("headers %s, want %s", got, want)
	}
}

// TestStandardChannel is what the standard channel refuses.
func TestStandardChannel(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../istiofiles/gateway-api/route-rule-recommendation-v2_retry.yml")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		string(data): "spec.rules[0].retry: unknown field in the standard channel",
		aGateway:     "",
		routeOf("a", "{name: web}", "useDefaultGateways: All"):                            "spec.useDefaultGateways: unknown field",
		routeOf("a", "{name: web, port: 80}, {name: web, port: 81}", toCustomer):          "spec.parentRefs[1]: the same parent twice",
		routeOf("a", "{name: web, sectionName: a}, {name: web, sectionName: b}", toOther): "",
	} {
		docs, err := document.Parse("rules.yml", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		var said string
		for _, doc := range docs {
			if strings.HasPrefix(doc.APIVersion, gatewayapi.Group) {
				if err := gatewayapi.Standard(doc); err != nil {
					said += err.Error()
				}
			}
		}
		if (want == "") != (said == "") || !strings.Contains(said, want) {
			t.Errorf("%s: %q, want %q", text, said, want)
		}
	}
}
