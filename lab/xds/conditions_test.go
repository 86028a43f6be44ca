package xds_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
)

// TestTodaysConditions tries what only rules of today can say of a request.
func TestTodaysConditions(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	for _, c := range []struct {
		match   string
		yes, no []string // paths, or paths and the value of x-a
	}{
		{"queryParams: {q: {exact: b}}", []string{"/?q=b", "/x?a=1&q=b"}, []string{"/", "/?q=c", "/?x=b"}},
		{"queryParams: {q: {prefix: b}}", []string{"/?q=bc"}, []string{"/?q=cb"}},
		{"queryParams: {q: {regex: b+}}", []string{"/?q=bb"}, []string{"/?q=bbc"}},
		{"queryParams: {q: {regex: .*}}", []string{"/?q=", "/?q=x"}, []string{"/?r"}},
		{"uri: {exact: /Ab}, ignoreUriCase: true", []string{"/aB?c"}, []string{"/abc"}},
		{"uri: {prefix: /Ab}, ignoreUriCase: true", []string{"/aBc"}, []string{"/bab"}},
		{"uri: {exact: /Ab}", []string{"/Ab"}, []string{"/ab"}},
		{"headers: {x-a: {}}", []string{"/ b"}, []string{"/"}},
		{"withoutHeaders: {x-a: {exact: b}}", []string{"/", "/ c"}, []string{"/ b"}},
		{"withoutHeaders: {x-a: {}}", []string{"/"}, []string{"/ b"}},
		{`headers: {":path": {prefix: /ab}}, uri: {prefix: /a}`, []string{"/abc"}, []string{"/ac"}},
	} {
		w.mustPush(w.today("destination-rule-recommendation.yml", virtualService(
			"  - match: [{"+c.match+"}]\n    route: [{destination: {host: recommendation, subset: version-v1}}]")))
		for _, list := range []struct {
			requests []string
			want     string
		}{{c.yes, "200 v1"}, {c.no, "404 "}} {
			for _, request := range list.requests {
				path, value, has := strings.Cut(request, " ")
				var headers []string
				if has {
					headers = append(headers, "x-a: "+value)
				}
				if got := w.get(preference, recommendation+path, headers...).String(); got != list.want {
					t.Errorf("%s: %s: %s, want %s", c.match, request, got, list.want)
				}
			}
		}
	}
}

// TestIgnoreCase compares a second condition of the path, which is one of a header.
func TestIgnoreCase(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	always := mesh.Condition{Attribute: mesh.Path, Compare: mesh.Prefix, Value: "/"}
	for _, how := range []mesh.Comparison{mesh.Exact, mesh.Prefix, mesh.Segments} {
		second := mesh.Condition{Attribute: mesh.Path, Compare: how, Value: "/Ab", IgnoreCase: true}
		m := w.today()
		eachRoute(m, func(r *mesh.Route) { r.Match = []mesh.Condition{always, second} })
		w.mustPush(m)
		for path, want := range map[string]int{"/aB": 200, "/aB?c": 200, "/b": 404} {
			if got := w.get(preference, recommendation+path).status; got != want {
				t.Errorf("%d: %s: %d, want %d", how, path, got, want)
			}
		}
	}
}
