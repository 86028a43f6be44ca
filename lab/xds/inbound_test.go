package xds_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
)

func TestDenials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer, other := w.pod("customer-v1", says("c")), w.pod("recommendation-v1", says("r"))
	preference := w.pod("preference-v1", says("p"))
	const url = "http://preference:8080"
	denied := func(format string) string { return fmt.Sprintf(format, w.ns) }
	for _, c := range []struct {
		files               []string
		fromCustomer, other string
	}{
		{nil, "200 p", "200 p"},
		{
			[]string{"acl-whitelist.yml"},
			denied("404 NOT_FOUND:preferencewhitelist.listchecker.%s:customer is not whitelisted"), "200 p",
		},
		{
			[]string{"acl-blacklist.yml"},
			denied("403 PERMISSION_DENIED:denycustomerhandler.denier.%s:Not allowed"), "200 p",
		},
	} {
		w.mustPush(w.mesh(c.files...))
		before := preference.requests.Load()
		a := w.get(customer, url)
		if a.String() != c.fromCustomer {
			t.Errorf("%v: customer gets %q, want %q", c.files, a, c.fromCustomer)
		}
		if kind := a.header.Get("Content-Type"); c.files != nil && kind != "text/plain" {
			t.Errorf("%v: Content-Type %s", c.files, kind)
		}
		if got := preference.requests.Load() - before; c.files != nil && got != 0 {
			t.Errorf("%v: the program got %d refused requests", c.files, got)
		}
		if got := w.get(other, url).String(); got != c.other {
			t.Errorf("%v: recommendation gets %q, want %q", c.files, got, c.other)
		}
	}
}

// TestCallerCannotBeForged lets a client claim to be another.
func TestCallerCannotBeForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("recommendation-v1", says("r"))
	w.pod("preference-v1", says("p"))
	w.apply("acl-whitelist.yml")
	for _, claim := range []string{w.ns + "/recommendation-v1", "others", ""} {
		a := w.get(customer, "http://preference:8080", "x-lab-caller: "+claim)
		if a.status != 404 {
			t.Errorf("as %q: %s", claim, a)
		}
	}
}

// TestHeaders holds what a program gets and what its caller gets back.
func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	seen := make(chan http.Header, 1)
	w.pod("preference-v1", func(rw http.ResponseWriter, r *http.Request) {
		seen <- r.Header
		rw.Header().Set("Server", "mine")
		rw.Header().Set("X-Mine", "1")
	})
	w.apply()
	a := w.get(customer, "http://preference:8080", "User-Agent: me", "x-request-id: abc", "x-lab-caller: x")
	got := <-seen
	for name, want := range map[string]string{"User-Agent": "me", "X-Request-Id": "abc", "X-Lab-Caller": ""} {
		if got.Get(name) != want {
			t.Errorf("the program gets %s: %s, want %s", name, got.Get(name), want)
		}
	}
	names := slices.Sorted(maps.Keys(a.header))
	want := "Content-Length Date Server X-Envoy-Upstream-Service-Time X-Mine"
	if s := strings.Join(names, " "); s != want || a.header.Get("Server") != "mine" {
		t.Errorf("the caller gets %s, want %s: %v", s, want, a.header)
	}
	w.get(customer, "http://preference:8080")
	if got := <-seen; got.Get("X-Request-Id") == "" {
		t.Error("a request without x-request-id gets none")
	}
}

const exhausted = "429 RESOURCE_EXHAUSTED:Quota is exhausted for: RequestCount"

// rateLimited are the files of the tutorial's limit. Their buckets are in istio-system, so that
// tests that share an Envoy would share them.
func rateLimited() []string {
	return []string{
		"rate_limit_rule.yml", "recommendation_rate_limit_handler.yml", "recommendation_rate_limit_quota_spec.yml",
	}
}

// TestRateLimit shares the one token among the pods of v2, and leaves v1 and other callers alone.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference, customer := w.pod("preference-v1", says("p")), w.pod("customer-v1", says("c"))
	w.pod("recommendation-v1", says("v1"))
	w.pod("recommendation-v2", says("v2"))
	w.pod("recommendation-v2", says("v2"))
	m := w.mesh(rateLimited()...)
	for i := range m.Sidecars {
		for j := range m.Sidecars[i].Inbound.Limits {
			m.Sidecars[i].Inbound.Limits[j].Interval *= 3600
		}
	}
	w.mustPush(m)
	got := w.several(30, preference, recommendation)
	if got["200 v1"] != 10 || got["200 v2"] != 1 || got[exhausted] != 19 {
		t.Errorf("answers %v", got)
	}
	if got := w.several(30, customer, recommendation); got["200 v2"] != 20 {
		t.Errorf("another caller's answers: %v", got)
	}
	over := w.proxy.stat(t, `^cluster\.inbound\|8080\|\|@`+w.ns+`/recommendation-v2.*;\.ratelimit\.over_limit$`)
	if over != 19 {
		t.Errorf("Envoy counted %d refused, want 19", over)
	}
	// Other changes give no new tokens.
	w.mustPush(m)
	if got := w.several(3, preference, recommendation); got[exhausted] != 2 {
		t.Errorf("after another change: %v", got)
	}
}

// TestCharge spends more than one token for each request.
func TestCharge(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v2", says("v2"))
	m := w.mesh(rateLimited()...)
	for i := range m.Sidecars {
		for j := range m.Sidecars[i].Inbound.Limits {
			l := &m.Sidecars[i].Inbound.Limits[j]
			l.Interval, l.Tokens, l.Charge = l.Interval*3600, 7, 3
		}
	}
	w.mustPush(m)
	if got := w.several(5, preference, recommendation); got["200 v2"] != 2 || got[exhausted] != 3 {
		t.Errorf("answers %v", got)
	}
}

// TestRateLimitEnds waits for the tutorial's limit of one a second to let a second request pass.
func TestRateLimitEnds(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v2", says("v2"))
	w.apply(rateLimited()...)
	for range 2 {
		labtest.Until(t, func() error {
			if a := w.get(preference, recommendation); a.status != 200 {
				return fmt.Errorf("still %s", a)
			}
			return nil
		})
		a := w.get(preference, recommendation)
		if names := slices.Sorted(maps.Keys(a.header)); a.String() != exhausted ||
			strings.Join(names, " ") != "Content-Length Content-Type Date X-Envoy-Upstream-Service-Time" {
			t.Errorf("at once: %s, with %s", a, names)
		}
	}
}

func everyone(w *world) mesh.Callers {
	c := mesh.Callers{Others: true}
	for _, one := range w.top.Workloads {
		c.Workloads = append(c.Workloads, one.Name)
	}
	return c
}

// TestGateway leads by host and path, and tells servers that it is no workload, whatever its own
// callers say.
func TestGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := make(chan http.Header, 1)
	w.pod("customer-v1", func(rw http.ResponseWriter, r *http.Request) {
		seen <- r.Header
		fmt.Fprint(rw, "c")
	})
	w.pod("preference-v1", says("p"))
	name := func(n string) mesh.Name { return mesh.Name{Namespace: w.ns, Name: n} }
	host := w.ns + ".example"
	w.top.Ingresses = []mesh.Ingress{
		{Name: name("a"), Host: host, Path: "/", Service: name("customer"), Port: 8080},
		{Name: name("b"), Host: host, Path: "/p", Service: name("preference"), Port: 8080},
	}
	w.apply()
	to := func(host, path string, headers ...string) string {
		headers = append(headers, "host: "+host)
		return get(t, http.DefaultClient, "http://"+w.proxy.ingress+path, headers...).String()
	}
	for path, want := range map[string]string{"/p": "200 p", "/p/x": "200 p"} {
		if got := to(host, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := to("other.example", "/"); got != "404 " {
		t.Errorf("another host: %s", got)
	}
	if got := to(host+":8280", "/px", "x-lab-caller: "+w.ns+"/customer-v1"); got != "200 c" {
		t.Errorf("host with a port: %s", got)
	}
	if got := <-seen; got.Get("x-lab-caller") != "" || got.Get("x-forwarded-for") == "" {
		t.Errorf("the program gets %v", got)
	}
	m := w.mesh()
	for i := range m.Sidecars {
		m.Sidecars[i].Inbound.Denials = []mesh.Denial{{
			Callers: mesh.Callers{Others: true}, Answer: mesh.Response{Status: 403, Body: "no"},
		}}
	}
	w.mustPush(m)
	if got := to(host, "/", "x-lab-caller: "+w.ns+"/preference-v1"); got != "403 no" {
		t.Errorf("others are refused: %s", got)
	}
}

// TestConcurrentLimit takes no token twice.
func TestConcurrentLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	m := w.mesh()
	for i := range m.Sidecars {
		m.Sidecars[i].Inbound.Limits = []mesh.RateLimit{{
			From: "test", Tokens: 20, Interval: 1 << 60, Bucket: "one of " + w.ns, Callers: everyone(w),
			Answer: mesh.Response{Status: 429}, Headers: map[string]string{"x-spent": "all"},
		}}
	}
	w.mustPush(m)
	var mu sync.Mutex
	var callers sync.WaitGroup
	got := map[int]int{}
	for range 8 {
		callers.Go(func() {
			client := preference.client(t)
			for range 5 {
				a, err := ask(context.Background(), client, recommendation)
				mu.Lock()
				got[a.status]++
				mu.Unlock()
				if spent := a.header.Get("x-spent") == "all"; spent != (a.status == 429) {
					t.Errorf("%d with %v", a.status, a.header)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	if got[200] != 20 || got[429] != 20 {
		t.Errorf("answers %v", got)
	}
}
