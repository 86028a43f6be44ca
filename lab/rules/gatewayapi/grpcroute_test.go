package gatewayapi_test

import (
	"fmt"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/gatewayapi"
)

// callsOf is a GRPCRoute.
func callsOf(parent, rest string) string {
	route := strings.Replace(routeOf("a", parent, rest), "kind: HTTPRoute", "kind: GRPCRoute", 1)
	return strings.Replace(route, "name: r,", "name: g,", 1)
}

const ofRecommendation = `{group: "", kind: Service, name: recommendation}`

// TestMethodOrder holds which of the routes of both kinds comes first.
func TestMethodOrder(t *testing.T) {
	t.Parallel()
	rule := func(match string) string { return "{" + match + "backendRefs: [{name: customer, port: 8080}]}" }
	grpc := func(matches ...string) string {
		var list []string
		for _, m := range matches {
			list = append(list, rule(m))
		}
		return callsOf(ofRecommendation, "rules: ["+strings.Join(list, ", ")+"]")
	}
	const header = "matches: [{headers: [{name: a, value: b}]}], "
	for name, c := range map[string]struct{ rules, want string }{
		"the closer": {
			grpc("", header, "matches: [{method: {method: Get}}], ", "matches: [{method: {service: a.B}}], ",
				"matches: [{method: {service: a.B, method: Get}}], "),
			"exact /a.B/Get, prefix /a.B/, regex /[^/]+/Get, exact b, all",
		},
		"expressions": {
			grpc("matches: [{method: {type: RegularExpression, service: a.+}}, {method: {type: RegularExpression, service: a, method: b.}}], "),
			"regex /a.+/.+, regex /a/b.",
		},
		"an HTTPRoute cuts off": {
			grpc("matches: [{method: {method: Get}}], ", "matches: [{method: {service: a.B}}], ") + routeOf("a", ofRecommendation, toCustomer),
			"prefix /a.B/, all",
		},
		"without rules": {callsOf(ofRecommendation, "hostnames: [a.test]"), "all"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, h := range gatewayapi.Resolve(load(t, c.rules), topology()).Sidecars[0].Outbound.Hosts {
				for _, r := range h.Routes {
					if h.Names[0] == "recommendation" {
						got = append(got, inWords(r.Match))
					}
				}
			}
			if list := strings.Join(got, ", "); list != c.want {
				t.Errorf("matches %s, want %s", list, c.want)
			}
		})
	}
}

func inWords(match []mesh.Condition) string {
	if len(match) == 0 {
		return "all"
	}
	how := map[mesh.Comparison]string{mesh.Exact: "exact", mesh.Prefix: "prefix", mesh.Regex: "regex"}
	return how[match[0].Compare] + " " + match[0].Value
}

// TestGRPCRouteAtTheEdge holds listeners and grants to the kind.
func TestGRPCRouteAtTheEdge(t *testing.T) {
	t.Parallel()
	only := func(kind string) string {
		return gatewayOf("{name: http, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: " + kind + "}]}}")
	}
	route := callsOf("{name: web}", toOther)
	for _, c := range []struct{ rules, want, told string }{
		{only("HTTPRoute") + route, "", "kind gateway.networking.k8s.io/v1/GRPCRoute is not allowed."},
		{only("GRPCRoute") + route, "a/g no-reference-grant/100", `not accessible to a GRPCRoute in namespace "a"`},
		{only("GRPCRoute") + route + aGrant, "a/g no-reference-grant/100", `not accessible to a GRPCRoute in namespace "a"`},
		{only("GRPCRoute") + route + strings.Replace(aGrant, "HTTPRoute", "GRPCRoute", 1), "a/g other.b/100", ""},
		{callsOf(ofRecommendation, "rules: [{sessionPersistence: {}, backendRefs: [{name: customer, port: 8080}]}]"), "",
			"spec.rules[0].sessionPersistence does nothing"},
	} {
		set := load(t, c.rules)
		if got := routesTo(t, gatewayapi.Resolve(set, topology()).Gateway, "*", 0); got != c.want {
			t.Errorf("%s\nroutes %q, want %q", c.rules, got, c.want)
		}
		found := fmt.Sprint(gatewayapi.Findings(set, topology()))
		if (c.told == "") != (found == "[]") || !strings.Contains(found, c.told) {
			t.Errorf("%s\nfindings %s, want %q", c.rules, found, c.told)
		}
	}
}

// TestGRPCRouteFields holds the values of its own fields.
func TestGRPCRouteFields(t *testing.T) {
	t.Parallel()
	of := func(rule string) string {
		return callsOf(ofRecommendation, "rules: [{"+rule+"}]")
	}
	method := func(m string) string { return of("matches: [{method: {" + m + "}}]") }
	for text, want := range map[string]string{
		method("service: .a.B_1, method: get"):                                            "",
		method("type: RegularExpression, service: '', method: a-b"):                       "",
		callsOf(ofRecommendation, "rules: []"):                                            "",
		method(""):                                                                        "matches[0].method: want service, method or both",
		method("service: a-b"):                                                            `matches[0].method.service: "a-b" is not a name of gRPC`,
		method("method: a.b"):                                                             `matches[0].method.method: "a.b" is not a name of gRPC`,
		method("type: Prefix, method: a"):                                                 "method.type: want one of Exact, RegularExpression",
		method("type: RegularExpression, service: '(a'"):                                  "matches[0].method: ",
		method("method: " + strings.Repeat("a", 1025)):                                    "1025 are more than 1024",
		of("matches: [{path: {value: /a}}]"):                                              "matches[0].path: unknown field",
		of("matches: [{headers: [{name: a, value: b}, {name: a, value: c}]}]"):            "a given twice",
		of("matches: [{headers: [{name: a, type: RegularExpression, value: '(b'}]}]"):     "headers[0].value: ",
		of("filters: [{type: URLRewrite}]"):                                               `filters[0].type: "URLRewrite" is not a filter of a GRPCRoute`,
		of("filters: [{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}]"): "ExtensionRef: not supported by the lab",
		of("backendRefs: [{name: a, port: 80, filters: [{type: CORS}]}]"):                 `backendRefs[0].filters[0].type: "CORS" is not a filter`,
		of("backendRefs: [{name: a, port: 80, weight: -1}]"):                              "-1 is not in 0-1000000",
		of("timeouts: {request: 1s}"):                                                     "rules[0].timeouts: unknown field",
		callsOf(ofRecommendation, "rules: [{name: x}, {name: x}]"):                        "rules[1].name: x given twice",
		strings.Replace(method("method: a"), "k8s.io/v1", "k8s.io/v1beta1", 1):            "not supported by the lab",
	} {
		err := parse(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestGRPCRouteChannels holds the fields that only one channel has.
func TestGRPCRouteChannels(t *testing.T) {
	t.Parallel()
	const change = "rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: 'a  b'}]}}]}]"
	for _, c := range []struct {
		text string
		hold func(document.Document) error
		want string
	}{
		{callsOf(ofRecommendation, change), gatewayapi.Standard, ""},
		{callsOf(ofRecommendation, change), gatewayapi.Experimental, "takes visible ASCII"},
		{callsOf(ofRecommendation, "rules: [{matches: [{headers: [{name: a, value: 'a  b'}]}]}]"), gatewayapi.Experimental, ""},
	} {
		if said := inChannel(t, c.text, c.hold); (said == "") != (c.want == "") || !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %q", c.text, said, c.want)
		}
	}
}
