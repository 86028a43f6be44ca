package oncluster

import (
	"testing"

	"istio-tutorial/lab/lesson"
)

// TestLacks leaves out the page about TLS at the ingress alone.
func TestLacks(t *testing.T) {
	t.Parallel()
	pages, err := lesson.ReadAll("../../../docs")
	if err != nil {
		t.Fatal(err)
	}
	g := &Ground{}
	for _, p := range pages {
		if lacks := g.Lacks(p) != ""; lacks != (p.Number == 21) {
			t.Errorf("%s: %q", p.File, g.Lacks(p))
		}
	}
}
