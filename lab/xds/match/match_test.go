package match_test

import (
	"regexp"
	"testing"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/match"
)

func path(how mesh.Comparison, value string) mesh.Condition {
	return mesh.Condition{Attribute: mesh.Path, Compare: how, Value: value}
}

// TestSecondPath compares a second condition of the path, for which Envoy has only the header that holds the path
// together with its query: it is met by the same paths as the first.
func TestSecondPath(t *testing.T) {
	t.Parallel()
	folded := path(mesh.Exact, "/Ab")
	folded.IgnoreCase = true
	for name, c := range map[string]struct {
		second  mesh.Condition
		yes, no []string
	}{
		"exact":           {path(mesh.Exact, "/a.b"), []string{"/a.b", "/a.b?c"}, []string{"/a.bc", "/axb", "/a.b/c"}},
		"whole segments":  {path(mesh.Segments, "/a/"), []string{"/a", "/a/b", "/a?b"}, []string{"/ab", "/b/a"}},
		"any segments":    {path(mesh.Segments, "/"), []string{"/", "/a", "/?a"}, nil},
		"expression":      {path(mesh.Regex, "/a|/b"), []string{"/a", "/b", "/b?c"}, []string{"/ab", "/a/b"}},
		"whatever letter": {folded, []string{"/ab", "/AB?c"}, []string{"/abc"}},
	} {
		m := match.All([]mesh.Condition{path(mesh.Prefix, "/x"), c.second})
		if m.GetPrefix() != "/x" || len(m.Headers) != 1 || m.Headers[0].Name != ":path" {
			t.Errorf("%s: %v", name, m)
			continue
		}
		whole := regexp.MustCompile("^(?:" + m.Headers[0].GetStringMatch().GetSafeRegex().GetRegex() + ")$")
		for want, list := range map[bool][]string{true: c.yes, false: c.no} {
			for _, p := range list {
				if whole.MatchString(p) != want {
					t.Errorf("%s: %s is met by %s: want %v", name, whole, p, want)
				}
			}
		}
	}
}

// TestNothing has Envoy take conditions of an empty value, which it refuses as they stand.
func TestNothing(t *testing.T) {
	t.Parallel()
	header := mesh.Condition{Attribute: mesh.Header, Header: "x-a", Compare: mesh.Prefix}
	if h := match.Header(header); !h.GetPresentMatch() {
		t.Errorf("a header that begins with nothing: %v, want one that is there", h)
	}
	header.Compare = mesh.Regex
	if h := match.Header(header); h.GetStringMatch().GetMatchPattern() == nil || h.GetStringMatch().GetExact() != "" ||
		h.GetStringMatch().GetSafeRegex() != nil {
		t.Errorf("a header of an empty expression: %v, want an empty one", h)
	}
}

// TestClaim finds a claim within another one where the step for tokens left it.
func TestClaim(t *testing.T) {
	t.Parallel()
	m := match.Claim(mesh.Condition{Attribute: mesh.Claim, Header: "[realm][roles.all]", Compare: mesh.Present, Not: true})
	var keys []string
	for _, p := range m.Path {
		keys = append(keys, p.GetKey())
	}
	if len(keys) != 3 || keys[0] != match.ClaimsKey || keys[1] != "realm" || keys[2] != "roles.all" || !m.Invert {
		t.Errorf("keys %q, not %v", keys, m.Invert)
	}
	either := m.Value.GetOrMatch().GetValueMatchers()
	if len(either) != 2 || either[0].GetListMatch().GetOneOf().GetStringMatch().GetSafeRegex().GetRegex() != ".+" ||
		either[1].GetStringMatch().GetSafeRegex().GetRegex() != ".+" {
		t.Errorf("values %v: want any text, also in a list", either)
	}
}
