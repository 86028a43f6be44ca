package lesson

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/lesson/book"
)

// answersOf are of pods, each VERSION/POD.
func answersOf(pods string) []answer {
	var list []answer
	for i, p := range strings.Fields(pods) {
		version, pod, _ := strings.Cut(p, "/")
		list = append(list, answer{
			body: fmt.Sprintf("customer => recommendation %s from '%s': %d", version, pod, i),
			took: time.Duration(i+1) * time.Second,
		})
	}
	return list
}

func TestInTurn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ texts, pods, want string }{
		"two":         {"v1 v2", "v1/a v2/b v1/a v2/b v1/a", ""},
		"from second": {"v1 v2", "v2/b v1/a v2/b", ""},
		"three":       {"v1 v2 v2", "v2/c v1/a v2/b v2/c v1/a", ""},
		"not in turn": {"v1 v2", "v1/a v2/b v2/b", "answer"},
		"pod twice":   {"v1 v2 v2", "v1/a v2/b v2/b v1/a", "before its turn"},
		"pods change": {"v1 v2", "v1/a v2/b v1/a v2/c", "3 pods answered, not 2"},
		"one lacks":   {"v1 v2 v2", "v1/a v2/b", "2 pods answered, not 3"},
		"nothing":     {"v1 v2", "", "0 pods"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := inTurn(strings.Fields(c.texts), answersOf(c.pods))
			if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.String(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	if n := repeats(answersOf("v1/a v1/a v2/b v1/a v1/a v1/a")); n != 3 {
		t.Errorf("%d repeats, want 3", n)
	}
}

// TestFits has a timer end somewhat early, as Envoy's do.
func TestFits(t *testing.T) {
	t.Parallel()
	late := book.KindOf("v1 after 3s")
	for took, want := range map[time.Duration]bool{
		3 * time.Second: true, 2990 * time.Millisecond: true, 2600 * time.Millisecond: false,
	} {
		if got := (answer{body: "v1", took: took}).fits(late); got != want {
			t.Errorf("after %v: %v, want %v", took, got, want)
		}
	}
}

// TestSorted has the first kind that fits count, and lateness too.
func TestSorted(t *testing.T) {
	t.Parallel()
	kinds := book.Amounts{{Of: "recommendation v1 after 3s"}, {Of: "recommendation v1"}, {Of: "v2"}}
	byKind, strangers := sorted(kinds, answersOf("v1/a v1/a v1/a v2/b v3/c"))
	for of, want := range map[string]int{
		"recommendation v1 after 3s": 1, "recommendation v1": 2, "v2": 1,
	} {
		if n := len(byKind[of]); n != want {
			t.Errorf("%s: %d, want %d", of, n, want)
		}
	}
	if len(strangers) != 1 || fastest(byKind["recommendation v1"]) != time.Second {
		t.Errorf("strangers %v, kinds %v", strangers, byKind)
	}
}
