package proxy

import (
	"fmt"
	"testing"
	"time"
)

// TestEjections reads what Envoy says of a pod that goes again and again.
func TestEjections(t *testing.T) {
	t.Parallel()
	var e ejections
	begun := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	say := func(action string, after time.Duration, enforced bool) {
		e.take(fmt.Appendf(nil, `{"type":"CONSECUTIVE_5XX","cluster_name":"c","upstream_url":"127.0.0.1:1","action":%q,`+
			`"num_ejections":1,"enforced":%t,"timestamp":%q,"secs_since_last_action":"1"}`+"\n",
			action, enforced, begun.Add(after).Format(time.RFC3339Nano)))
	}
	rule := outliers{Base: "15s", Interval: "5s"}
	for _, step := range []struct {
		action   string
		after    time.Duration
		enforced bool
		until    time.Duration // after the begin
	}{
		{"EJECT", 0, true, 15 * time.Second},
		{"UNEJECT", 20 * time.Second, true, 15 * time.Second},
		{"EJECT", 21 * time.Second, false, 15 * time.Second}, // only counted
		{"EJECT", 22 * time.Second, true, 52 * time.Second},  // twice the time
		{"UNEJECT", 55 * time.Second, true, 52 * time.Second},
		{"EJECT", 70 * time.Second, true, 85 * time.Second}, // three checks found it healthy
	} {
		say(step.action, step.after, step.enforced)
		if got := rule.until(e.all[host{"c", "127.0.0.1:1"}]).Sub(begun); got != step.until {
			t.Errorf("%s after %v: until %v, want %v", step.action, step.after, got, step.until)
		}
	}
	if got := (outliers{}).until(e.all[host{"c", "127.0.0.1:1"}]).Sub(begun); got != 130*time.Second {
		t.Errorf("by Envoy's own times: until %v", got)
	}
}
