package gatewayapi_test

import (
	"fmt"
	"strings"
	"testing"

	"istio-tutorial/lab/rules/gatewayapi"
)

// TestBesideVirtualService holds which of an HTTPRoute and a VirtualService for one host acts, as
// Istio's SelectVirtualServices has it, and that the other is told.
func TestBesideVirtualService(t *testing.T) {
	t.Parallel()
	vs := func(name, spec string) string {
		return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + "}\nspec: {" + spec +
			", http: [{route: [{destination: {host: customer}}]}]}\n---\n"
	}
	const mine, theirs = `{group: "", kind: Service, name: recommendation}`, `{group: "", kind: Service, name: other}`
	own, producer := routeOf("a", mine, toCustomer), routeOf("b", theirs, toOther)
	other := vs("v", "hosts: [other.b.svc.cluster.local]")
	for name, c := range map[string]struct{ rules, host, acts, told string }{
		"the VirtualService is older": {
			vs("v", "hosts: [recommendation]") + own, "recommendation", "a/r",
			"(VirtualService a/v) never acts for host recommendation: HTTPRoute a/r does, as Istio looks at it first",
		},
		"the HTTPRoute is older": {
			own + vs("v", "hosts: [recommendation]"), "recommendation", "a/r",
			"(VirtualService a/v) never acts for host recommendation: HTTPRoute a/r does",
		},
		"a VirtualService for its namespace alone": {
			own + vs("v", `hosts: [recommendation], exportTo: ["."]`), "recommendation", "a/v",
			"(HTTPRoute a/r) never acts inside the mesh: VirtualService a/v does, as Istio looks at it first",
		},
		"a pattern": {vs("v", `hosts: ["*.svc.cluster.local"]`) + own, "recommendation", "a/r", ""},
		"the service's own, and an older VirtualService": {
			other + producer, "other.b", "a/v", "(HTTPRoute b/r) never acts inside the mesh: VirtualService a/v does",
		},
		"the service's own, and a younger VirtualService": {
			producer + other, "other.b", "b/r",
			"(VirtualService a/v) never acts for host other.b.svc.cluster.local: HTTPRoute b/r does",
		},
		"the client's before the service's": {
			producer + routeOf("a", strings.Replace(theirs, "}", ", namespace: b}", 1), toCustomer), "other.b", "a/r", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := load(t, c.rules)
			routes := routesTo(t, gatewayapi.Resolve(set, topology()).Sidecars[0].Outbound, c.host, 8080)
			if acts, _, _ := strings.Cut(routes, " "); acts != c.acts || strings.Contains(routes, "\n") {
				t.Errorf("routes %s, want those of %s", routes, c.acts)
			}
			var told []string
			for _, f := range gatewayapi.Findings(set, topology()) {
				told = append(told, f.String())
			}
			if len(told) > 1 || !strings.Contains(fmt.Sprint(told), c.told) || c.told == "" && len(told) > 0 {
				t.Errorf("findings %q, want %q", told, c.told)
			}
		})
	}
}

// TestUnsentHeader is about headers that no program passes on.
func TestUnsentHeader(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{"x-canary": true, "Cookie": true, "User-Agent": false, "x-b3-traceid": false} {
		text := routeOf("a", `{group: "", kind: Service, name: recommendation}`,
			"rules: [{matches: [{headers: [{name: "+header+", value: a}]}], backendRefs: [{name: customer, port: 8080}]}]")
		found := fmt.Sprint(gatewayapi.Findings(load(t, text), topology()))
		if got := strings.Contains(found, "never matches on its way: no program passes header "+header+" on"); got != want {
			t.Errorf("%s: findings %s", header, found)
		}
	}
}
