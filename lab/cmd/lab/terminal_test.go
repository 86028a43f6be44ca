package main

import (
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/lesson/prose"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
)

// TestTopFits holds the table of requests to a terminal's width; elsewhere each row is a line.
func TestTopFits(t *testing.T) {
	t.Parallel()
	now := time.Now()
	table := traffic.Table{From: now, To: now.Add(time.Minute), Rows: []traffic.Row{{
		Edge: traffic.Edge{From: "recommendation-v1", To: "recommendation-v2"}, Rate: 999.9, Share: 100, P50: 12345, P95: 12345, Errors: 123456, Retries: 1234,
		Causes: map[cause.Cause]int{cause.RouteTimeout: 12, cause.NoPod: 34, cause.ProgramError: 56},
		Fine:   map[cause.Cause]int{cause.Retried: 7},
	}}, Pods: []traffic.Pod{{
		Workload: "recommendation-v2", Name: "recommendation-v2-6d5f9c7b8-abcde", Ejected: []string{"preference-v1-66f8b9c97-wvn4l"},
		Since: now, Until: now.Add(time.Hour),
	}}}
	var narrow, wide strings.Builder
	writeTop(&narrow, table, sortByName, 80)
	writeTop(&wide, table, sortByName, 0)
	for line := range strings.Lines(narrow.String()) {
		if n := prose.Width(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if strings.Join(strings.Fields(narrow.String()), " ") != strings.Join(strings.Fields(wide.String()), " ") {
		t.Errorf("different words:\n%s%s", narrow.String(), wide.String())
	}
	if want := "56 program's own error, 34 no pod, 12 timeout (fine: 7 answered after a retry)\n"; !strings.Contains(wide.String(), want) {
		t.Errorf("the causes of errors stand apart from what is fine: %s", wide.String())
	}
	if n := strings.Count(wide.String(), "\n"); n != 7 {
		t.Errorf("%d lines:\n%s", n, wide.String())
	}
}
