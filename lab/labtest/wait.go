// Package labtest is what the tests of the lab share.
package labtest

import (
	"testing"
	"time"
)

// Deadline bounds every wait: it is far more than anything takes, even on a machine that is busy
// with other things.
const Deadline = 60 * time.Second

// Poll waits until check returns nil; if that does not come, it returns the last error.
func Poll(check func() error) error {
	giveUp := time.After(Deadline)
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-giveUp:
			return err
		}
	}
}

// Until is Poll, and fails the test with the last error.
func Until(t testing.TB, check func() error) {
	t.Helper()
	if err := Poll(check); err != nil {
		t.Fatalf("still, after %v: %v", Deadline, err)
	}
}
