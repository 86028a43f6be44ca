package identity

import (
	"testing"
	"time"
)

// TestNext holds istiod's times between two refreshes.
func TestNext(t *testing.T) {
	t.Parallel()
	k := NewKeySets(Fetching{})
	for _, c := range []struct {
		last                 time.Duration
		failed, failedBefore bool
		want                 time.Duration
	}{
		{20 * time.Minute, false, false, 20 * time.Minute},
		{20 * time.Minute, true, false, time.Minute},
		{time.Minute, true, true, 2 * time.Minute},
		{32 * time.Minute, true, true, time.Hour},
		{time.Hour, true, true, time.Hour},
		{time.Hour, false, true, 20 * time.Minute},
	} {
		if got := k.next(c.last, c.failed, c.failedBefore); got != c.want {
			t.Errorf("after %v: %v, want %v", c.last, got, c.want)
		}
	}
}
