package inspect

import (
	"testing"

	"istio-tutorial/lab/pods"
)

// TestWaitsFor says what a rollout waits for first, in kubectl's words: new pods, the end of old ones, and then
// readiness.
func TestWaitsFor(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]pods.Progress{
		"1 out of 3 new replicas have been updated":    {Desired: 3, Updated: 1, Total: 4},
		"1 old replicas are pending termination":       {Desired: 3, Updated: 3, Total: 4},
		"2 replicas too many are pending termination":  {Desired: 1, Updated: 3, Total: 3},
		"1 of 3 updated replicas are available":        {Desired: 3, Updated: 3, Total: 3, Available: 1},
		"0 of 1 updated replicas are available (slow)": {Desired: 1, Updated: 1, Total: 1, Reason: "slow"},
	} {
		if got := waitsFor(p); got != want {
			t.Errorf("%+v: %s, want %s", p, got, want)
		}
	}
}
