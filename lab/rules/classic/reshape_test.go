package classic_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/classic"
)

const toRecommendation = "  destination: {name: recommendation, namespace: istio-tutorial}\n"

// first is the route of the only rule.
func first(t *testing.T, spec string) mesh.Route {
	t.Helper()
	out := outbound(t, rule("RouteRule", toRecommendation+spec), "preference-v1")
	return hostNamed(t, out, "recommendation").Routes[0]
}

func TestReshape(t *testing.T) {
	t.Parallel()
	r := first(t, "  rewrite: {uri: /new, authority: b.test}\n  appendHeaders: {a: b}\n  websocketUpgrade: true\n")
	if *r.Rewrite != (mesh.Rewrite{Prefix: "/new", Host: "b.test"}) || r.NoWebsocket ||
		fmt.Sprint(r.Headers.Request.Add) != "map[a:b]" || len(r.Destinations) != 1 {
		t.Errorf("route %+v", r)
	}
	r = first(t, "  redirect: {uri: /new, authority: b.test}\n")
	if *r.Redirect != (mesh.Redirect{Status: 301, Path: "/new", Host: "b.test"}) || len(r.Destinations) > 0 {
		t.Errorf("route %+v", r)
	}
	out := outbound(t, rule("RouteRule", toRecommendation+"  redirect: {uri: /new}\n"), "preference-v1")
	if n := len(hostNamed(t, out, "recommendation").Routes); n != 1 {
		t.Errorf("%d routes, want nothing after a redirect of everything", n)
	}
}

func TestCors(t *testing.T) {
	t.Parallel()
	origin := mesh.Condition{Attribute: mesh.Header, Header: "origin", Value: "http://a.test"}
	anyone := origin
	anyone.Compare, anyone.Value = mesh.Regex, ".*"
	for spec, want := range map[string]mesh.Cors{
		"{}": {Forward: true},
		"{allowOrigin: [http://a.test, '*'], allowMethods: [GET], allowHeaders: [a], exposeHeaders: [b], maxAge: 1d, allowCredentials: true}": {
			Origins: []mesh.Condition{origin, anyone}, Methods: []string{"GET"}, Headers: []string{"a"},
			Expose: []string{"b"}, MaxAge: new(24 * time.Hour), Credentials: new(true), Forward: true,
		},
		"{maxAge: 90m}": {MaxAge: new(90 * time.Minute), Forward: true},
	} {
		if got := first(t, "  corsPolicy: "+spec+"\n").Cors; got == nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, want %+v", spec, got, want)
		}
	}
}

func TestReshapeRefuses(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"  rewrite: {}\n":                                                              "spec.rewrite: want uri, authority or both",
		"  redirect: {uri: ''}\n":                                                      "spec.redirect: want uri, authority or both",
		"  redirect: {uri: /x}\n  rewrite: {uri: /}\n":                                 "spec.rewrite: redirect and rewrite exclude each other",
		"  redirect: {uri: /x}\n  websocketUpgrade: true\n":                            "spec.websocketUpgrade: redirect and",
		"  redirect: {uri: /x}\n  route: [{labels: {a: b}}]\n":                         "spec.route: redirect and",
		"  redirect: {uri: /x}\n  httpFault: {abort: {percent: 1, httpStatus: 400}}\n": "spec.httpFault: redirect and",
		"  redirect: {uri: \"/x\\n\"}\n":                                               "spec.redirect.uri: \"/x\\n\": a control character",
		"  appendHeaders: {A: b}\n":                                                    "spec.appendHeaders.A: a header's name must be in lower case",
		"  appendHeaders: {a: ''}\n":                                                   "spec.appendHeaders.a: missing",
		"  appendHeaders: {a: '50%'}\n":                                                "spec.appendHeaders.a: %, which begins a command of Envoy's: not supported by the lab",
		"  appendHeaders: {'a b': c}\n":                                                "is not the name of a header",
		"  appendHeaders: {host: c}\n":                                                 "say rewrite.authority",
		"  appendHeaders: {':path': c}\n":                                              "is not the name of a header",
		"  corsPolicy: {allowMethods: [FOO]}\n":                                        `"FOO" is not a supported HTTP method`,
		"  corsPolicy: {exposeHeaders: [A]}\n":                                         "must be in lower case",
		"  corsPolicy: {maxAge: 1500ms}\n":                                             "1.5s is not a whole number of seconds",
		"  corsPolicy: {maxAge: xd}\n":                                                 "want a duration",
		"  corsPolicy: {maxAge: 99999d}\n":                                             "want a duration",
	} {
		_, err := parse(rule("RouteRule", toRecommendation+spec), namespace)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
}

// TestAnyVersion holds that 0.7.1 looked at the kind alone.
func TestAnyVersion(t *testing.T) {
	t.Parallel()
	text := rule("RouteRule", toRecommendation)
	for _, version := range []string{"v1beta1", "v1", "v1alpha1"} {
		other := strings.Replace(text, "v1alpha2", version, 1)
		if list, err := parse(other, namespace); err != nil || list[0].Key.Kind != "route-rule" {
			t.Errorf("%s: %v, %v", version, list, err)
		}
	}
}

// TestReshapeFindings are about fields that 0.7.1 did not look at.
func TestReshapeFindings(t *testing.T) {
	t.Parallel()
	set := load(t, rule("RouteRule", toRecommendation+`  redirect: {uri: /x}
  mirror: {name: recommendation, namespace: istio-tutorial}
  httpReqTimeout: {simpleTimeout: {timeout: 1s, overrideHeaderName: x-time}}
  httpReqRetries: {simpleRetry: {attempts: 1, perTryTimeout: 1s, overrideHeaderName: x-tries}}
`), namespace)
	found := fmt.Sprint(classic.Findings(set, topology()))
	for _, want := range []string{"mirrors nothing: it redirects", "asks no header x-time", "asks no header x-tries"} {
		if !strings.Contains(found, want) {
			t.Errorf("findings %s, want %q", found, want)
		}
	}
}
