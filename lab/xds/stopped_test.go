package xds_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
)

// TestStopped stops Envoy while it takes a change, so that the change ends without success: once Envoy goes on, it
// serves by what there was before, whichever step it was at.
func TestStopped(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	w.pod("recommendation-v2", says("v2"))
	signal := func(s syscall.Signal) {
		t.Helper()
		if err := syscall.Kill(p.process.Status().PID, s); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { signal(syscall.SIGCONT) })
	before := w.mesh("route-rule-recommendation-v1.yml")
	after := w.mesh("route-rule-recommendation-v2.yml", "recommendation_cb_policy_pool_ejection.yml")
	for _, delay := range []time.Duration{0, 3 * time.Millisecond, 8 * time.Millisecond} {
		w.mustPush(before)
		stopped := make(chan struct{})
		stop := func() { defer close(stopped); signal(syscall.SIGSTOP) }
		if delay == 0 {
			stop() // before it hears of anything
		} else {
			time.AfterFunc(delay, stop)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := p.push(ctx, w.ns, after)
		cancel()
		<-stopped
		signal(syscall.SIGCONT)
		switch {
		case err == nil && delay == 0:
			t.Fatal("a change went well without Envoy")
		case err == nil:
			continue // it was faster than the signal
		}
		labtest.Until(t, func() error {
			if got := w.several(5, preference, recommendation); got["200 v1"] != 5 {
				return fmt.Errorf("stopped after %v: %v", delay, got)
			}
			return nil
		})
	}
	w.mustPush(after) // nothing is left that it waits for
	if got := w.several(5, preference, recommendation); got["200 v2"] != 5 {
		t.Errorf("after another change: %v", got)
	}
}
