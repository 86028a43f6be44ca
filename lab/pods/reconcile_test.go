package pods

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/supervise"
)

// living makes pods of words such as "new:ready", created one after the other.
func livingPods(words string) []*pod {
	var list []*pod
	for i, word := range strings.Fields(words) {
		template, state, _ := strings.Cut(word, ":")
		p := &pod{
			deployment: manifests.Deployment{Hash: template},
			name:       mesh.Name{Name: fmt.Sprintf("%d", i)},
			created:    time.Unix(int64(i), 0),
			left:       make(chan struct{}),
		}
		if state != "" {
			p.status = supervise.Status{State: supervise.Ready, Since: time.Unix(100, 0)}
			p.published, p.serving = true, true
		}
		if state == "again" {
			p.before = 3
		}
		list = append(list, p)
	}
	return list
}

func TestPlan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		replicas int
		living   string
		create   int
		remove   string // by position, in the order of removal
	}{
		{0, "", 0, ""},
		{2, "", 2, ""},
		{2, "new new", 0, ""},
		{2, "new:ready new:ready", 0, ""},
		{3, "new:ready", 2, ""},
		{1, "new:ready new:ready new:ready", 0, "2 1"},
		{1, "new:ready new new:ready", 0, "1 2"},
		{1, "new:ready new:again new:ready", 0, "1 2"},
		{0, "new:ready new", 0, "1 0"},
		// A rolling change: one more is made, and an old one goes for each that is ready.
		{2, "old:ready old:ready", 1, ""},
		{2, "old:ready old:ready new", 0, ""},
		{2, "old:ready old:ready new:ready", 1, "1"},
		{2, "old:ready new:ready", 1, ""},
		{2, "old:ready new:ready new", 0, ""},
		{2, "old:ready new:ready new:ready", 0, "0"},
		// Old pods that are not ready serve nobody.
		{1, "old", 1, "0"},
		{2, "old:ready old", 2, "1"},
		// Scaled and changed at once.
		{1, "old:ready old:ready old:ready", 1, "2 1"},
		{0, "old:ready new:ready", 0, "1 0"},
		{1, "old:ready new new", 0, "2"},
	} {
		create, remove := plan(manifests.Deployment{
			Hash: "new", Workload: mesh.Workload{Replicas: c.replicas},
		}, livingPods(c.living))
		var names []string
		for _, p := range remove {
			names = append(names, p.name.Name)
		}
		if got := strings.Join(names, " "); create != c.create || got != c.remove {
			t.Errorf("%d of %q: create %d, remove %q; want %d, %q",
				c.replicas, c.living, create, got, c.create, c.remove)
		}
	}
}

func TestFindImage(t *testing.T) {
	t.Parallel()
	for reference, want := range map[string]string{
		"istio-tutorial-recommendation:v2":                          "recommendation v2",
		"istio-tutorial-customer":                                   "customer ",
		"registry.example:5000/team/istio-tutorial-egressgithub:v1": "egress v1",
		"istio-tutorial-preference:v1@sha256:0123":                  "preference v1",
		"istio-tutorial-unknown:v1":                                 "",
		"recommendation:v1":                                         "",
		"registry/istio-tutorial-customer/x:v1":                     "",
	} {
		img, err := findImage(reference)
		if got := img.program + " " + img.env["VERSION"]; err == nil && got != want || err != nil && want != "" {
			t.Errorf("%s: %q, %v", reference, got, err)
		}
	}
}

func TestPorts(t *testing.T) {
	t.Parallel()
	drawn := []int{5, 5, 6, 7}
	random := func(int) int {
		n := drawn[0]
		drawn = append(drawn[1:], n)
		return n
	}
	p, anotherLab := newDrawer(random), newDrawer(random)
	first, err := p.take(2)
	if err != nil || first[0] == first[1] {
		t.Fatalf("%q, %v", first, err)
	}
	second, err := anotherLab.take(1)
	if err != nil || second[0] == first[0] || second[0] == first[1] {
		t.Fatalf("%q after %q, %v", second, first, err)
	}
	for _, lab := range []*drawer{p, anotherLab} {
		if _, err := lab.take(1); err == nil {
			t.Error("there was no port left")
		}
	}
	p.give(first[0])
	if third, err := anotherLab.take(1); err != nil || third[0] != first[0] {
		t.Errorf("%q, %v", third, err)
	}
}
