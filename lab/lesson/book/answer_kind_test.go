package book

import (
	"testing"
	"time"
)

func TestKind(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]Kind{
		"v1":                {"v1", 0},
		"v1 after 7s":       {"v1", 7 * time.Second},
		"morning after all": {"morning after all", 0},
		"v1 after 0s":       {"v1 after 0s", 0},
	} {
		if got := KindOf(of); got != want {
			t.Errorf("%q: %+v, want %+v", of, got, want)
		}
	}
}
