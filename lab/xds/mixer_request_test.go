package xds_test

import (
	"fmt"
	"strings"
	"testing"
)

// denierOf refuses the calls that a match is about.
func denierOf(name, match string) string {
	return fmt.Sprintf(`
apiVersion: config.istio.io/v1alpha2
kind: denier
metadata: {name: %[1]s}
spec: {status: {code: 7, message: no %[1]s}}
---
apiVersion: config.istio.io/v1alpha2
kind: checknothing
metadata: {name: %[1]s}
spec: {}
---
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: {name: %[1]s}
spec:
  match: '%[2]s'
  actions: [{handler: %[1]s.denier, instances: [%[1]s.checknothing]}]
`, name, match)
}

// TestDenialsOfSomeRequests refuses by what Mixer's attributes say of a request.
func TestDenialsOfSomeRequests(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	only := `destination.labels["app"] == "recommendation" && source.labels["app"] == "preference" && `
	for match, c := range map[string]struct{ refused, passing []string }{ // of PATH HEADERS
		`request.path == "/a"`:                {[]string{"/a"}, []string{"/", "/a?b", "/ab"}},
		`request.path != "/a"`:                {[]string{"/", "/a?b"}, []string{"/a"}},
		`request.path.endsWith("z")`:          {[]string{"/z", "/a?z"}, []string{"/za"}},
		`match(request.path, "/a*")`:          {[]string{"/a", "/abc"}, []string{"/ba"}},
		`"^/[0-9]+".matches(request.path)`:    {[]string{"/12/a"}, []string{"/a/12"}},
		`request.headers["x-a"] == "b"`:       {[]string{"/ x-a: b"}, []string{"/", "/ x-a: B", "/ x-a: bc"}},
		`request.headers["x-a"] != "b"`:       {[]string{"/", "/ x-a: c"}, []string{"/ x-a: b"}},
		`request.headers["x-a"] == ""`:        {[]string{"/"}, []string{"/ x-a: b"}},
		`request.headers["x-a"] | "c" == "c"`: {[]string{"/", "/ x-a: c"}, []string{"/ x-a: b"}},
		`request.headers["x-a"].startsWith("b")`: {
			[]string{"/ x-a: bc"}, []string{"/", "/ x-a: cb"}},
		`request.headers["x-a"] | request.path == "/b"`: {
			[]string{"/b", "/ x-a: /b"}, []string{"/", "/b x-a: c"}},
		`request.useragent != "curl"`:               {[]string{"/ User-Agent: Safari"}, []string{"/ User-Agent: curl"}},
		`request.method == "GET"`:                   {[]string{"/"}, nil},
		`request.method != "GET"`:                   {nil, []string{"/"}},
		`request.host == "recommendation:8080"`:     {[]string{"/"}, nil},
		`request.scheme == "http"`:                  {[]string{"/"}, nil},
		`source.namespace != destination.namespace`: {nil, []string{"/"}},
		`request.path == "/a" || request.headers["x-a"] == "b"`: {
			[]string{"/a", "/ x-a: b", "/a x-a: b"}, []string{"/", "/b x-a: c"}},
		`request.path == "/a" && request.headers["x-a"] == "b"`: {
			[]string{"/a x-a: b"}, []string{"/a", "/ x-a: b"}},
	} {
		w.mustPush(w.mesh(denierOf("d", only+match)))
		refused := fmt.Sprintf("403 PERMISSION_DENIED:d.denier.%s:no d", w.ns)
		for _, list := range []struct {
			requests []string
			want     string
		}{{c.refused, refused}, {c.passing, "200 v"}} {
			for _, request := range list.requests {
				path, field, has := strings.Cut(request, " ")
				var headers []string
				if has {
					headers = append(headers, field)
				}
				if got := w.get(preference, recommendation+path, headers...).String(); !strings.HasPrefix(got, list.want) {
					t.Errorf("%s: %s: %s, want %s", match, request, got, list.want)
				}
			}
		}
	}
}

// TestDenialsOfOneRequest joins the refusals of two rules where a request meets both.
func TestDenialsOfOneRequest(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	only := `destination.labels["app"] == "recommendation" && `
	w.mustPush(w.mesh(denierOf("a", only+`request.path == "/a"`), denierOf("b", only+`request.headers["x-a"] == "b"`)))
	no := func(names ...string) string {
		var list []string
		for _, name := range names {
			list = append(list, fmt.Sprintf("%[1]s.denier.%[2]s:no %[1]s", name, w.ns))
		}
		return "403 PERMISSION_DENIED:" + strings.Join(list, ", ")
	}
	for _, c := range []struct{ path, header, want string }{
		{"/a", "b", no("a", "b")},
		{"/a", "c", no("a")},
		{"/", "b", no("b")},
		{"/", "c", "200 v"},
	} {
		if got := w.get(preference, recommendation+c.path, "x-a: "+c.header).String(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s: %s, want %s", c.path, c.header, got, c.want)
		}
	}
}

// TestRateLimitOfSomeRequests spends one token for a request that meets a match, however many of its
// ways, and none for another.
func TestRateLimitOfSomeRequests(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v2", says("v2"))
	m := w.mesh(append(rateLimited(), `
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: {name: quota, namespace: istio-system}
spec:
  match: request.path == "/a" || request.headers["x-a"] == "b"
  actions: [{handler: handler.memquota, instances: [requestcount.quota]}]
`)...)
	for i := range m.Sidecars {
		for j := range m.Sidecars[i].Inbound.Limits {
			l := &m.Sidecars[i].Inbound.Limits[j]
			l.Interval, l.Tokens = l.Interval*3600, 3
		}
	}
	w.mustPush(m)
	for _, c := range []struct{ path, header, want string }{
		{"/", "c", "200 v2"}, {"/b", "c", "200 v2"}, {"/a", "b", "200 v2"}, {"/a", "c", "200 v2"}, {"/", "b", "200 v2"},
		{"/a", "c", exhausted}, {"/", "b", exhausted}, {"/a", "b", exhausted}, {"/", "c", "200 v2"},
	} {
		if got := w.get(preference, recommendation+c.path, "x-a: "+c.header).String(); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.path, c.header, got, c.want)
		}
	}
}
