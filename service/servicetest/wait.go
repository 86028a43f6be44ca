package servicetest

import (
	"testing"
	"time"
)

// patience is far more than anything takes, even on a machine that is busy with other things.
const patience = 30 * time.Second

// Until waits until check returns nil, and fails the test with its last error if that does not
// come.
func Until(t testing.TB, check func() error) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still, after %v: %v", patience, err)
		}
	}
}

// Receive waits for what the channel brings, and fails the test if nothing comes. What names
// it.
func Receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("nothing after %v: %s", patience, what)
	}
	var none T
	return none
}
