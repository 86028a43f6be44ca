package xds_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/mesh"
)

// echo tells what a request is like.
func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("x-mine", "1")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"path": r.URL.RequestURI(), "host": r.Host, "a": r.Header.Values("a"), "c": r.Header.Values("c"),
	})
}

// TestReshape changes paths, hosts and headers on their way.
func TestReshape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", echo)
	const to = "    route: [{destination: {host: recommendation}}]\n"
	httpRoute := func(filter string) string {
		return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: recommendation}
spec:
  parentRefs: [{group: "", kind: Service, name: recommendation, port: 8080}]
  rules:
  - matches: [{path: {type: PathPrefix, value: /a}}]
    filters: [` + filter + `]
    backendRefs: [{name: recommendation, port: 8080}]
`
	}
	const noHeaders = `"c":["3"],"host":"recommendation:8080","path":`
	for rule, want := range map[string]string{
		virtualService("  - match: [{uri: {prefix: /a}}]\n    rewrite: {uri: /b}\n" + to):                              `{"a":null,` + noHeaders + `"/b/x?q=1"}`,
		virtualService("  - rewrite: {uriRegexRewrite: {match: /a/(.*), rewrite: '/\\1'}}\n" + to):                     `{"a":null,` + noHeaders + `"/x?q=1"}`,
		virtualService("  - rewrite: {authority: b.test}\n" + to):                                                      `{"a":null,"c":["3"],"host":"b.test","path":"/a/x?q=1"}`,
		virtualService("  - headers: {request: {set: {a: '1', host: c.test}, add: {a: '2'}, remove: [c]}}\n" + to):     `{"a":["1","2"],"c":null,"host":"c.test","path":"/a/x?q=1"}`,
		httpRoute("{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /b}}}"):              `{"a":null,` + noHeaders + `"/b?q=1"}`,
		httpRoute("{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}"):         `{"a":null,` + noHeaders + `"/x?q=1"}`,
		httpRoute("{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: a, value: '1'}], remove: [c]}}"): `{"a":["1"],"c":null,"host":"recommendation:8080","path":"/a/x?q=1"}`,
	} {
		w.mustPush(w.today(rule))
		if got := strings.TrimSpace(w.get(preference, recommendation+"/a/x?q=1", "c: 3").body); got != want {
			t.Errorf("%s\n%s, want %s", rule, got, want)
		}
	}
	w.mustPush(w.today(virtualService(
		"  - headers: {response: {set: {x-up: '%UPSTREAM_HOST%', x-percent: '100%%'}, remove: [x-mine]}}\n" + to)))
	a := w.get(preference, recommendation)
	if a.header.Get("x-up") == "" || a.header.Get("x-percent") != "100%" || a.header.Get("x-mine") != "" {
		t.Errorf("headers of the answer: %v", a.header)
	}
}

// TestStripSpecialPrefix takes a prefix for what it says, whatever it means in an expression.
func TestStripSpecialPrefix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", echo)
	for prefix, want := range map[string]string{"/docs/c++": "/x", "/a(b": "/x", "/v1.0": "/x"} {
		w.mustPush(w.today(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: recommendation}
spec:
  parentRefs: [{group: "", kind: Service, name: recommendation}]
  rules:
  - matches: [{path: {type: PathPrefix, value: "` + prefix + `"}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
    backendRefs: [{name: recommendation, port: 8080}]
`))
		if got := w.get(preference, recommendation+prefix+"/x").body; !strings.Contains(got, `"path":"`+want+`"`) {
			t.Errorf("%s: %s, want %s", prefix, got, want)
		}
	}
}

// TestBackendFilters changes headers of one backend's requests and answers, and of an only one's.
func TestBackendFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	for _, app := range []string{"recommendation", "customer"} {
		w.pod(app+"-v1", func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprint(rw, app, r.Header.Get("a"))
		})
	}
	route := func(backends string) string {
		return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: recommendation}
spec:
  parentRefs: [{group: "", kind: Service, name: recommendation}]
  rules: [{backendRefs: [` + backends + `]}]
`
	}
	const changed = `{name: recommendation, port: 8080, filters: [
  {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: "!"}]}},
  {type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: b, value: c}]}}]}`
	w.mustPush(w.today(route(changed)))
	if a := w.get(preference, recommendation); a.body+a.header.Get("b") != "recommendation!c" {
		t.Errorf("alone: %v %v", a, a.header)
	}
	w.mustPush(w.today(route(changed + ", {name: customer, port: 8080}")))
	client := preference.client(t)
	seen := map[string]int{}
	for range 40 {
		a := get(t, client, recommendation)
		seen[a.body+a.header.Get("b")]++
	}
	if seen["customer"]+seen["recommendation!c"] != 40 || seen["customer"] == 0 || seen["recommendation!c"] == 0 {
		t.Errorf("answers %v", seen)
	}
}

// TestReshapeOneDestination changes the headers of those requests alone that go there.
func TestReshapeOneDestination(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	for _, version := range []string{"v1", "v2"} {
		w.pod("recommendation-"+version, func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprint(rw, version, r.Header.Get("a"))
		})
	}
	w.mustPush(w.today("destination-rule-recommendation.yml", virtualService(`  - route:
    - {weight: 50, destination: {host: recommendation, subset: version-v1}}
    - weight: 50
      destination: {host: recommendation, subset: version-v2}
      headers: {request: {set: {a: "!"}}, response: {set: {b: c}}}`)))
	client := preference.client(t)
	seen := map[string]int{}
	for range 40 {
		a := get(t, client, recommendation)
		seen[a.body+a.header.Get("b")]++
	}
	if seen["v1"]+seen["v2!c"] != 40 || seen["v1"] == 0 || seen["v2!c"] == 0 {
		t.Errorf("answers %v", seen)
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	client := preference.client(t)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for redirect, want := range map[string]string{
		"uri: /b":                                "301 http://recommendation:8080/b",
		"authority: b.test, redirectCode: 302":   "302 http://b.test/a",
		"scheme: https, redirectCode: 308":       "308 https://recommendation:8080/a",
		"port: 9090, redirectCode: 307":          "307 http://recommendation:9090/a",
		"uri: /b, port: 9090, redirectCode: 303": "303 http://recommendation:9090/b",
	} {
		w.mustPush(w.today(virtualService("  - redirect: {" + redirect + "}")))
		a := get(t, client, recommendation+"/a")
		if got := fmt.Sprint(a.status, " ", a.header.Get("Location")); got != want {
			t.Errorf("%s: %s, want %s", redirect, got, want)
		}
	}
	m := w.today()
	eachRoute(m, func(r *mesh.Route) {
		r.Match = []mesh.Condition{{Compare: mesh.Segments, Value: "/a"}}
		r.Redirect = &mesh.Redirect{Status: 302, Prefix: "/b"}
	})
	w.mustPush(m)
	if a := get(t, client, recommendation+"/a/x"); a.header.Get("Location") != "http://recommendation:8080/b/x" {
		t.Errorf("prefix: %v", a.header)
	}
}

// TestHash sends requests that are alike to one pod, and others to others too.
func TestHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	for i := range 3 {
		w.pod("recommendation-v1", says(fmt.Sprint("pod ", i)))
	}
	rule := func(hash string) string {
		return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: recommendation}
spec: {host: recommendation, trafficPolicy: {loadBalancer: {consistentHash: {` + hash + `}}}}
`
	}
	for hash, ask := range map[string]func(int) (string, string){
		"httpHeaderName: x":                               func(n int) (string, string) { return "", fmt.Sprint("x: ", n) },
		"httpHeaderName: x, maglev: {tableSize: 1009}":    func(n int) (string, string) { return "", fmt.Sprint("x: ", n) },
		"httpQueryParameterName: q, ringHash: {}":         func(n int) (string, string) { return fmt.Sprint("/?q=", n), "y: z" },
		"httpCookie: {name: user}, minimumRingSize: 2048": func(n int) (string, string) { return "", fmt.Sprint("Cookie: user=", n) },
	} {
		w.mustPush(w.today(rule(hash)))
		pods := map[string]bool{}
		for n := range 30 {
			path, header := ask(n)
			got := w.several(3, preference, recommendation+path, header)
			if len(got) != 1 {
				t.Errorf("%s: requests that are alike get %v", hash, got)
			}
			for pod := range got {
				pods[pod] = true
			}
		}
		if len(pods) < 2 {
			t.Errorf("%s: all requests get %v", hash, pods)
		}
	}
	w.mustPush(w.today(rule("useSourceIp: true")))
	if got := w.several(10, preference, recommendation); len(got) != 1 {
		t.Errorf("by address: %v", got)
	}
	w.mustPush(w.today(rule("httpCookie: {name: user, path: /a, ttl: 60s}")))
	cookie := w.get(preference, recommendation).header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "user=") || !strings.Contains(cookie, "Max-Age=60; Path=/a") {
		t.Errorf("cookie %q", cookie)
	}
	m := w.today(rule("httpCookie: {name: user}"))
	eachCluster(m, func(p *mesh.Policy) { p.Hash.Cookie.Lifetime = new(time.Duration(0)) })
	w.mustPush(m)
	if cookie := w.get(preference, recommendation).header.Get("Set-Cookie"); strings.Contains(cookie, "Max-Age") {
		t.Errorf("cookie of a session: %q", cookie)
	}
}

// TestStatPrefix counts the requests of a route.
func TestStatPrefix(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.mustPush(w.today(virtualService("  - match: [{uri: {prefix: /a}, statPrefix: mine}]\n" +
		"    route: [{destination: {host: recommendation}}]\n" + toRecommendation)))
	w.several(3, preference, recommendation+"/a")
	w.several(2, preference, recommendation+"/b")
	if n := w.proxy.stat(t, `^vhost\..*route\.mine@`+w.ns+`/preference.*;\.upstream_rq_total$`); n != 3 {
		t.Errorf("%d requests counted, want 3", n)
	}
}
