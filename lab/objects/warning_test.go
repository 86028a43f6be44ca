package objects_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/objects"
)

// TestNothingTwice holds that one command, and one analysis, says nothing twice.
func TestNothingTwice(t *testing.T) {
	t.Parallel()
	vs := func(name, rest string) string {
		return "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + rest + "\n"
	}
	const to = "route: [{destination: {host: recommendation}}]"
	for name, c := range map[string]struct {
		text, of string
		want     int
	}{
		"two of a host":             {vs("a", "}\nspec: {hosts: [recommendation], http: [{"+to+"}]}") + vs("b", "}\nspec: {hosts: [recommendation], http: [{"+to+"}]}"), "IST0109", 1},
		"a header twice":            {vs("a", "}\nspec: {hosts: [recommendation], http: [{match: [{headers: {a: {exact: b}}}, {headers: {a: {exact: c}}}], "+to+"}]}"), "passes header a on", 1},
		"two of no namespace":       {vs("a", ", namespace: none}\nspec: {hosts: [x.a], http: [{"+to+"}]}") + vs("b", ", namespace: none}\nspec: {hosts: [x.b], http: [{"+to+"}]}"), "no namespace none", 1},
		"two that say so of others": {vs("a", "}\nspec: {hosts: [x.a], http: [{"+to+"}]}") + vs("b", "}\nspec: {hosts: [x.a], http: [{"+to+"}]}"), "never acts for host x.a", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := parse(t, c.text)
			before := deployed(t)
			s, results, err := before.Change(objects.Create, list, time.Unix(2, 0))
			if err != nil {
				t.Fatal(err)
			}
			said, times := map[string]int{}, 0
			for _, r := range s.Explain(before, results, s.Expected()) {
				for _, w := range r.Warnings {
					if said[w]++; strings.Contains(w, c.of) {
						times++
					}
				}
			}
			for w, n := range said {
				if n > 1 {
					t.Errorf("%d times: %s", n, w)
				}
			}
			if times != c.want {
				t.Errorf("%d warnings with %q, want %d: %v", times, c.of, c.want, said)
			}
			lines := map[string]int{}
			for _, f := range before.Analyze([]objects.File{{Name: "f", Data: []byte(c.text)}}, namespace) {
				line := fmt.Sprint(f.Line, f.Sentence())
				if lines[line]++; lines[line] > 1 {
					t.Errorf("analyze: twice %s", line)
				}
			}
		})
	}
}
