// Package await waits for conditions, so that no test sleeps.
package await

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// Patience is how long tests wait for what takes milliseconds on a machine that has time.
const Patience = 30 * time.Second

// every is how often a condition is looked at.
const every = 5 * time.Millisecond

// Until looks at check until it returns nil. When within has passed, or check returns an error
// of Never, it returns the last reason.
func Until(within time.Duration, check func() error) error {
	over := time.After(within)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		err := check()
		if hopeless, ok := errors.AsType[*never](err); err == nil || ok {
			if ok {
				return hopeless.error
			}
			return nil
		}
		select {
		case <-over:
			return fmt.Errorf("after %v: %w", within, err)
		case <-tick.C:
		}
	}
}

// Eventually calls Until for a test, which fails with the last reason that try gives against it.
func Eventually(t testing.TB, within time.Duration, what string, try func() string) {
	t.Helper()
	err := Until(within, func() error {
		if reason := try(); reason != "" {
			return errors.New(reason)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

type never struct{ error }

// Never marks err as one that no waiting mends.
func Never(err error) error { return &never{err} }
