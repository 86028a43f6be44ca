package xds_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func ruleOf2018(spec string) string {
	return "apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nmetadata: {name: r}\nspec:\n" +
		"  destination: {name: recommendation}\n" + spec
}

// TestReshapeOf2018 changes requests, and sends clients elsewhere, as Istio 0.7.1 did.
func TestReshapeOf2018(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", echo)
	const prefix = "  match: {request: {headers: {uri: {prefix: /a}}}}\n"
	for rule, want := range map[string]string{
		prefix + "  rewrite: {uri: /b}\n":     `{"a":null,"c":["3"],"host":"recommendation:8080","path":"/b/x?q=1"}`,
		"  rewrite: {authority: b.test}\n":    `{"a":null,"c":["3"],"host":"b.test","path":"/a/x?q=1"}`,
		"  appendHeaders: {a: '1', c: '4'}\n": `{"a":["1"],"c":["3","4"],"host":"recommendation:8080","path":"/a/x?q=1"}`,
	} {
		w.mustPush(w.mesh(ruleOf2018(rule)))
		if got := strings.TrimSpace(w.get(preference, recommendation+"/a/x?q=1", "c: 3").body); got != want {
			t.Errorf("%s\n%s, want %s", rule, got, want)
		}
	}
	client := preference.client(t)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for redirect, want := range map[string]string{
		"uri: /b":                    "301 http://recommendation:8080/b",
		"authority: b.test":          "301 http://b.test/a",
		"uri: /b, authority: b.test": "301 http://b.test/b",
	} {
		w.mustPush(w.mesh(ruleOf2018("  redirect: {" + redirect + "}\n")))
		a := get(t, client, recommendation+"/a")
		if got := fmt.Sprint(a.status, " ", a.header.Get("Location")); got != want {
			t.Errorf("%s: %s, want %s", redirect, got, want)
		}
	}
}

// preflight asks whether a page of an origin may call.
func preflight(t *testing.T, from *pod, origin string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, recommendation, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", origin)
	req.Header.Set("Access-Control-Request-Method", http.MethodPost)
	resp, err := from.client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return answer{status: resp.StatusCode, header: resp.Header}
}

// TestCorsOf2018 answers browsers in the server's place.
func TestCorsOf2018(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	server := w.pod("recommendation-v1", says("r"))
	w.mustPush(w.mesh(ruleOf2018("  corsPolicy: {allowOrigin: [http://a.test], allowMethods: [POST, GET], maxAge: 1d}\n")))
	a := preflight(t, preference, "http://a.test")
	h := a.header
	if a.status != http.StatusOK || h.Get("Access-Control-Allow-Origin") != "http://a.test" ||
		h.Get("Access-Control-Allow-Methods") != "POST,GET" || h.Get("Access-Control-Max-Age") != "86400" ||
		server.requests.Load() != 0 {
		t.Errorf("preflight: %d %v, %d requests", a.status, h, server.requests.Load())
	}
	a = preflight(t, preference, "http://b.test")
	if a.header.Get("Access-Control-Allow-Origin") != "" || server.requests.Load() != 1 {
		t.Errorf("another origin: %v, %d requests", a.header, server.requests.Load())
	}
	w.mustPush(w.mesh(ruleOf2018("  corsPolicy: {allowOrigin: ['*']}\n")))
	if a := w.get(preference, recommendation, "Origin: http://c.test"); a.header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("any origin: %v", a.header)
	}
}

// TestCorsOfHTTPRoute answers browsers for a route of the Gateway API.
func TestCorsOfHTTPRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	server := w.pod("recommendation-v1", says("r"))
	w.mustPush(w.today(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: recommendation}
spec:
  parentRefs: [{group: "", kind: Service, name: recommendation}]
  rules:
  - filters: [{type: CORS, cors: {allowOrigins: ["http://*.a.test"], allowMethods: [POST]}}]
    backendRefs: [{name: recommendation, port: 8080}]
`))
	for origin, want := range map[string]string{"http://b.a.test": "http://b.a.test", "http://b.test": ""} {
		h := preflight(t, preference, origin).header
		if got := h.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%s: %q, want %q", origin, got, want)
		}
	}
	if n := server.requests.Load(); n > 0 {
		t.Errorf("%d requests", n)
	}
}
