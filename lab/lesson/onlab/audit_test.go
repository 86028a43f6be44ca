package onlab

import (
	"io"
	"strings"
	"testing"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
)

// counts are what the lab and Envoy count of one caller, preference, whose calls have every end there is.
func counts() (table traffic.Table, stats map[string]string) {
	row := func(to string, requests, retries int, causes map[cause.Cause]int) traffic.Row {
		return traffic.Row{Edge: traffic.Edge{From: "preference", To: to}, Requests: requests, Retries: retries, Causes: causes}
	}
	table.Pods = []traffic.Pod{{Workload: "preference", Name: "preference-1"}}
	table.Rows = []traffic.Row{
		row("recommendation", 4, 0, map[cause.Cause]int{cause.Aborted: 4}),
		row("recommendation v2", 3, 0, map[cause.Cause]int{cause.CircuitFull: 3}),
		row("recommendation-v1", 20, 5, nil),
		row("httpbin.org", 2, 0, nil),
	}
	table.Copies = []traffic.Copies{{Edge: traffic.Edge{From: "preference", To: "recommendation-v2"}, Requests: 7}}
	const pod, host = "@istio-tutorial/preference-1;.", "|recommendation.istio-tutorial.svc.cluster.local"
	return table, map[string]string{
		"http.outbound" + pod + "downstream_rq_completed":                                        "29",
		"http.outbound" + pod + "fault.aborts_injected":                                          "4",
		"cluster.outbound|8080|version=v1" + host + pod + "upstream_rq_total":                    "25",
		"cluster.outbound|8080|version=v1" + host + pod + "upstream_rq_retry":                    "5",
		"cluster.outbound|8080|version=v2" + host + pod + "upstream_rq_total":                    "7",
		"cluster.outbound|8080|version=v2" + host + pod + "internal.upstream_rq_completed":       "7",
		"cluster.outbound|8080|version=v2" + host + pod + "upstream_rq_pending_overflow":         "3",
		"cluster.PassthroughCluster" + pod + "upstream_rq_total":                                 "2",
		"cluster.outbound|443||httpbin.org@ingress;.upstream_rq_total":                           "10",
		"http.inbound|8080||" + pod + "downstream_rq_completed":                                  "1000",
		"cluster.outbound|8080||gone.istio-tutorial.svc.cluster.local@a/gone;.upstream_rq_total": "9",
	}
}

func tallyOf(table traffic.Table, stats map[string]string) *tally {
	t := &tally{table: table}
	for name, value := range stats {
		t.stats = append(t.stats, control.Stat{Name: name, Value: value})
	}
	return t
}

// TestOracle finds each count in which the lab and Envoy differ, and none where they are equal.
func TestOracle(t *testing.T) {
	t.Parallel()
	nothing := &tally{}
	table, stats := counts()
	if wrong := tallyOf(table, stats).since(nothing); len(wrong) > 0 {
		t.Errorf("they are equal: %q", wrong)
	}
	if wrong := tallyOf(table, stats).since(tallyOf(table, stats)); len(wrong) > 0 {
		t.Errorf("nothing was counted since: %q", wrong)
	}
	for name := range stats {
		if strings.Contains(name, "inbound") || strings.Contains(name, "gone") || strings.Contains(name, "@ingress") {
			continue
		}
		table, stats := counts()
		stats[name] = "1"
		if wrong := tallyOf(table, stats).since(nothing); len(wrong) != 1 {
			t.Errorf("%s is 1, which is found as %q", name, wrong)
		}
	}
}

// TestOracleOfTokens takes a call that the ingress refused for its token for one that was not sent.
func TestOracleOfTokens(t *testing.T) {
	t.Parallel()
	table := traffic.Table{Rows: []traffic.Row{{
		Edge: traffic.Edge{From: lesson.Ingress, To: "customer"}, Requests: 5, Causes: map[cause.Cause]int{cause.BadToken: 5},
	}}}
	for denied, sent := range map[string]string{"5": "0", "0": "5", "2": "3"} {
		stats := map[string]string{
			"http.outbound@ingress;.downstream_rq_completed":                                              "5",
			"http.outbound@ingress;.jwt_authn.denied":                                                     denied,
			"cluster.outbound|8080||customer.istio-tutorial.svc.cluster.local@ingress;.upstream_rq_total": sent,
		}
		if wrong := tallyOf(table, stats).since(&tally{}); len(wrong) > 0 {
			t.Errorf("%s refused by the ingress: %q", denied, wrong)
		}
	}
}

// TestLegible refuses an explanation that is too long or too wide, but for lines to type.
func TestLegible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		strings.Repeat("a\n", mostLines):                           "",
		strings.Repeat("a\n", mostLines+1):                         "26 lines, want at most 25",
		strings.Repeat("熔", mostColumns/2) + "\n":                  "",
		"a\n" + strings.Repeat("b", mostColumns+1) + "\n":          "line 2 has 81 columns, want at most 80",
		"More:\n  " + strings.Repeat("b", mostColumns+1) + "\n":    "",
		"Trace: http://" + strings.Repeat("b", mostColumns) + "\n": "",
	} {
		audit := &Audit{Explain: func(w io.Writer, _ *traffic.Request) { _, _ = io.WriteString(w, text) }}
		err := audit.legible([]*traffic.Request{nil, {ID: "id"}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if err := (*Audit)(nil).legible([]*traffic.Request{{}}); err != nil {
		t.Errorf("without an audit: %v", err)
	}
}
