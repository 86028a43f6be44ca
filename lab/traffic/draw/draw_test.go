package draw_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/draw"
)

// TestPictures holds that each way to draw says of each edge how often it is called and what went wrong, and
// has the mirrored copies on a line of their own.
func TestPictures(t *testing.T) {
	t.Parallel()
	edge := traffic.Edge{From: "preference", To: `a "<b>`}
	table := traffic.Table{
		Rows:   []traffic.Row{{Edge: edge, Requests: 20, Rate: 2, Share: 50, Errors: 5}},
		Copies: []traffic.Copies{{Edge: traffic.Edge{From: "preference", To: "copy"}, Requests: 1, Rate: 0.01}},
	}
	for name, w := range map[string]struct{ picture, node string }{
		"mermaid": {draw.Mermaid(table), `"a #quot;#lt;b#gt;"`},
		"dot":     {draw.Dot(table), `"a \"<b>"`},
		"svg":     {draw.SVG(table), "a &#34;&lt;b&gt;"},
	} {
		for _, want := range []string{"2.0/s, 50 % of its calls, 25 % errors", "copies, 1 call", "preference", w.node} {
			if !strings.Contains(w.picture, want) {
				t.Errorf("%s has no %q: %s", name, want, w.picture)
			}
		}
	}
}

// TestCircle draws those who call each other: each is there once.
func TestCircle(t *testing.T) {
	t.Parallel()
	picture := draw.Mermaid(traffic.Table{Rows: []traffic.Row{
		{Edge: traffic.Edge{From: "a", To: "b"}, Requests: 1, Rate: 1, Share: 100},
		{Edge: traffic.Edge{From: "b", To: "a"}, Requests: 1, Rate: 1, Share: 100},
	}})
	for _, node := range []string{`["a"]`, `["b"]`} {
		if strings.Count(picture, node) != 1 {
			t.Errorf("%s is not there once: %s", node, picture)
		}
	}
}
