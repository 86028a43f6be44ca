package xds_test

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/classic"
)

const recommendation = "http://recommendation:8080"

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

// chain is preference before two versions of recommendation.
func chain(t *testing.T) (w *world, preference, v1, v2 *pod) {
	w = newWorld(t)
	preference = w.pod("preference-v1", says("p"))
	v1, v2 = w.pod("recommendation-v1", says("v1")), w.pod("recommendation-v2", says("v2"))
	return w, preference, v1, v2
}

// several asks n times, one after the other, and counts the answers.
func (w *world) several(n int, from *pod, url string, headers ...string) map[string]int {
	w.t.Helper()
	client := from.client(w.t)
	got := map[string]int{}
	for range n {
		got[get(w.t, client, url, headers...).String()]++
	}
	return got
}

// share fails unless got of n is what a probability leads to, once in a million tests.
func share(t *testing.T, what string, got, n int, p float64) {
	t.Helper()
	bound := 5 * math.Sqrt(float64(n)*p*(1-p))
	if diff := math.Abs(float64(got) - float64(n)*p); diff > bound {
		t.Errorf("%s: %d of %d, want %.0f ± %.0f", what, got, n, float64(n)*p, bound)
	}
}

func TestRoundRobin(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.apply()
	client := preference.client(t)
	last := get(t, client, recommendation).body
	for range 20 {
		now := get(t, client, recommendation).body
		if now == last {
			t.Fatalf("%s twice in a row", now)
		}
		last = now
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.apply("route-rule-recommendation-v1.yml")
	for host, want := range map[string]string{
		"recommendation:8080":                                "200 v1",
		"RECOMMENDATION:8080":                                "200 v1",
		"recommendation." + w.ns + ":8080":                   "200 v1",
		"recommendation." + w.ns + ".svc:8080":               "200 v1",
		"recommendation." + w.ns + ".svc.cluster.local:8080": "200 v1",
		"recommendation":                                     "404 ",
		"recommendation:8081":                                "404 ",
		"nope:8080":                                          "404 ",
		"nope":                                               "404 ",
	} {
		if got := w.get(preference, "http://"+host+"/path?q=1").String(); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.apply("route-rule-recommendation-v1_and_v2.yml")
	const n = 1000
	got := w.several(n, preference, recommendation)
	share(t, "v2", got["200 v2"], n, 0.1)
	if got["200 v1"]+got["200 v2"] != n {
		t.Errorf("answers %v", got)
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.apply("route-rule-recommendation-v1.yml", "route-rule-safari-recommendation-v2.yml")
	for agent, want := range map[string]string{
		"Mozilla/5.0 Safari/537": "200 v2", "Safari": "200 v2", "safari": "200 v1", "curl": "200 v1", "": "200 v1",
	} {
		if got := w.get(preference, recommendation, "User-Agent: "+agent).String(); got != want {
			t.Errorf("%q: %s, want %s", agent, got, want)
		}
	}
}

func TestMirror(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference, v1 := w.pod("preference-v1", says("p")), w.pod("recommendation-v1", says("v1"))
	shadow := make(chan string, 50)
	v2 := w.pod("recommendation-v2", func(_ http.ResponseWriter, r *http.Request) { shadow <- r.Host })
	w.apply("route-rule-recommendation-v1-mirror-v2.yml")
	const n = 50
	if got := w.several(n, preference, recommendation); got["200 v1"] != n {
		t.Errorf("answers %v", got)
	}
	if got := <-shadow; got != "recommendation-shadow:8080" {
		t.Errorf("host of a copy: %s", got)
	}
	labtest.Until(t, func() error {
		if a, b := v1.requests.Load(), v2.requests.Load(); a != n || b != n {
			return fmt.Errorf("v1 got %d and v2 %d, want %d each", a, b, n)
		}
		return nil
	})
}

// envoysTimeout is what holds where a route says nothing.
const envoysTimeout = 15 * time.Second

func TestTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	w.pod("recommendation-v2", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w.apply("route-rule-recommendation-timeout.yml")
	began := time.Now()
	got := w.several(4, preference, recommendation)
	if took := time.Since(began); took > envoysTimeout {
		t.Errorf("two timeouts of 1s took %v", took)
	}
	if got["200 v1"] != 2 || got["504 upstream request timeout"] != 2 {
		t.Errorf("answers %v", got)
	}
}

// TestPerTryTimeout holds Envoy to a timeout of each try without one of the whole.
func TestPerTryTimeout(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	silent := w.pod("recommendation-v2", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	m := w.mesh("route-rule-recommendation-v2_retry.yml")
	eachRoute(m, func(r *mesh.Route) {
		if r.Retry != nil {
			r.Retry.PerTry = time.Second // far more than the other pod takes
		}
	})
	w.mustPush(m)
	if got := w.several(4, preference, recommendation); got["200 v2"] != 4 {
		t.Errorf("answers %v", got)
	}
	if silent.requests.Load() == 0 {
		t.Error("the pod that does not answer was never asked")
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	bad := w.pod("recommendation-v2", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	w.apply("route-rule-recommendation-v2.yml")
	if got := w.several(10, preference, recommendation); got["503 "] != 5 {
		t.Errorf("answers without the rule: %v", got)
	}
	w.apply("route-rule-recommendation-v2_retry.yml")
	before := bad.requests.Load()
	if got := w.several(20, preference, recommendation); got["200 v2"] != 20 {
		t.Errorf("answers %v", got)
	}
	retries := w.proxy.stat(t, `cluster\.outbound\|8080\|version=v2.*@`+w.ns+`/preference.*;\.upstream_rq_retry$`)
	if tried := int(bad.requests.Load() - before); retries != tried || tried == 0 {
		t.Errorf("%d retries after %d bad answers", retries, tried)
	}
}

// TestRetryElsewhere sends the one retry to another host than the first. Picking at random, Envoy
// tries 6 times to find it: of 100 requests about 1 fails, and would about 25 otherwise.
func TestRetryElsewhere(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.pod("recommendation-v2", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) })
	m := w.mesh("route-rule-recommendation-v2.yml")
	eachRoute(m, func(r *mesh.Route) {
		r.Retry = &mesh.Retry{
			Attempts: 1, On: []string{"retriable-status-codes"}, Statuses: []int{418}, OtherHosts: true,
			BackoffBase: time.Millisecond,
		}
	})
	eachCluster(m, func(p *mesh.Policy) { p.Balance = mesh.Random })
	w.mustPush(m)
	if got := w.several(100, preference, recommendation); got["200 v2"] < 93 {
		t.Errorf("answers %v", got)
	}
}

func TestNoInstance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	w.apply("route-rule-recommendation-v2.yml")
	a := w.get(preference, recommendation)
	if a.String() != "503 no healthy upstream" || a.header.Get("Content-Type") != "text/plain" {
		t.Errorf("%s, %v", a, a.header)
	}
}

// TestReadiness asks only the pod that is ready.
func TestReadiness(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	for i, want := range []string{"200 v1", "200 v2"} {
		w.top.Instances[1].Ready, w.top.Instances[2].Ready = i == 0, i == 1
		w.apply()
		if got := w.several(6, preference, recommendation); got[want] != 6 {
			t.Errorf("answers %v, want %s", got, want)
		}
	}
}

// TestConditions tries every comparison on every attribute.
func TestConditions(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	path := func(c mesh.Comparison, value string) mesh.Condition {
		return mesh.Condition{Attribute: mesh.Path, Compare: c, Value: value}
	}
	header := func(c mesh.Comparison, value string) mesh.Condition {
		return mesh.Condition{Attribute: mesh.Header, Header: "x-a", Compare: c, Value: value}
	}
	not := func(c mesh.Condition) mesh.Condition { c.Not = true; return c }
	always := path(mesh.Prefix, "/")
	for _, c := range []struct {
		match   []mesh.Condition
		yes, no string // PATH, or PATH and the value of x-a
	}{
		{[]mesh.Condition{path(mesh.Exact, "/a")}, "/a?b", "/a/"},
		{[]mesh.Condition{path(mesh.Prefix, "/a")}, "/ab?c", "/b/a"},
		{[]mesh.Condition{path(mesh.Segments, "/a")}, "/a/b", "/ab"},
		{[]mesh.Condition{path(mesh.Segments, "/a/")}, "/a?b", "/ab"},
		{[]mesh.Condition{path(mesh.Segments, "/")}, "/a", ""},
		{[]mesh.Condition{path(mesh.Regex, "/a+")}, "/aa?b", "/aab"},
		{[]mesh.Condition{always, path(mesh.Exact, "/a.")}, "/a.?b", "/ab"},
		{[]mesh.Condition{always, path(mesh.Segments, "/a")}, "/a/b", "/ab"},
		{[]mesh.Condition{always, path(mesh.Segments, "/a")}, "/a?b", "/b"},
		{[]mesh.Condition{always, path(mesh.Regex, "/a|/b")}, "/b?c", "/bc"},
		{[]mesh.Condition{always, path(mesh.Prefix, "/a")}, "/ab", "/b"},
		{[]mesh.Condition{not(path(mesh.Exact, "/a"))}, "/b", "/a?b"},
		{[]mesh.Condition{header(mesh.Exact, "b")}, "/ b", "/ bc"},
		{[]mesh.Condition{header(mesh.Exact, "b")}, "/ b", "/"},
		{[]mesh.Condition{header(mesh.Prefix, "b")}, "/ bc", "/ cb"},
		{[]mesh.Condition{header(mesh.Regex, "b+")}, "/ bb", "/ bbc"},
		{[]mesh.Condition{header(mesh.Present, "")}, "/ c", "/"},
		{[]mesh.Condition{not(header(mesh.Exact, "b"))}, "/ c", "/ b"},
		{[]mesh.Condition{not(header(mesh.Exact, "b"))}, "/ c", "/"},
		{[]mesh.Condition{{Attribute: mesh.Method, Value: "GET"}}, "/", ""},
		{[]mesh.Condition{{Attribute: mesh.Method, Value: "POST"}}, "", "/"},
		{[]mesh.Condition{{Attribute: mesh.Authority, Value: "recommendation:8080"}}, "/", ""},
		{[]mesh.Condition{{Attribute: mesh.Scheme, Value: "http"}}, "/", ""},
	} {
		m := w.mesh("route-rule-recommendation-v1.yml")
		eachRoute(m, func(r *mesh.Route) { r.Match = c.match })
		w.mustPush(m)
		for request, want := range map[string]string{c.yes: "200 v1", c.no: "404 "} {
			if request == "" {
				continue
			}
			path, value, has := strings.Cut(request, " ")
			var headers []string
			if has {
				headers = append(headers, "x-a: "+value)
			}
			if got := w.get(preference, recommendation+path, headers...).String(); got != want {
				t.Errorf("%+v: %s: %s, want %s", c.match, request, got, want)
			}
		}
	}
}

// TestUnknown gives another answer than 404 to calls of hosts that nobody knows.
func TestUnknown(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	m := w.mesh()
	for i := range m.Sidecars {
		m.Sidecars[i].Outbound.Unknown = mesh.Response{Status: 502, Body: "blocked"}
	}
	w.mustPush(m)
	if got := w.get(preference, "http://nope:8080").String(); got != "502 blocked" {
		t.Error(got)
	}
	if got := w.get(preference, recommendation).status; got != 200 {
		t.Errorf("a known host: %d", got)
	}
}

// mesh is what rule files make of the world, to be changed further.
func (w *world) mesh(files ...string) mesh.Mesh {
	w.t.Helper()
	return classic.Resolve(w.with(files...), w.top)
}

func (w *world) mustPush(m mesh.Mesh) {
	w.t.Helper()
	if err := w.push(m); err != nil {
		w.t.Fatal(err)
	}
}

// eachRoute changes the routes to recommendation.
func eachRoute(m mesh.Mesh, change func(*mesh.Route)) {
	for _, s := range m.Sidecars {
		for _, h := range s.Outbound.Hosts {
			for i := range h.Routes {
				if h.Names[0] == "recommendation" {
					change(&h.Routes[i])
				}
			}
		}
	}
}

// eachCluster changes how recommendation is treated.
func eachCluster(m mesh.Mesh, change func(*mesh.Policy)) {
	isOne := regexp.MustCompile(`^recommendation\.`)
	for _, s := range m.Sidecars {
		for i := range s.Outbound.Clusters {
			if u := &s.Outbound.Clusters[i]; isOne.MatchString(u.Cluster.Host) {
				change(&u.Policy)
			}
		}
	}
}
