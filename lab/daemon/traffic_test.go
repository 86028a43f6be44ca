package daemon_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
)

// requests are the last ones, once there are so many.
func (l *lab) requests(t *testing.T, n int) []*traffic.Request {
	t.Helper()
	var list []*traffic.Request
	labtest.Until(t, func() error {
		answer, err := l.Requests(t.Context(), control.RequestQuery{Query: traffic.Query{Last: n}})
		if list = answer.List; err == nil && len(list) != n {
			err = fmt.Errorf("%d requests, want %d", len(list), n)
		}
		return err
	})
	return list
}

// TestTraffic holds what is said of requests against their answers, and against Envoy's counters.
func TestTraffic(t *testing.T) {
	t.Parallel()
	l := up(t)
	if answer, err := l.Requests(t.Context(), control.RequestQuery{}); err != nil || len(answer.List) != 0 {
		t.Errorf("before the first request: %+v, %v", answer, err)
	}
	const file, sent = "istiofiles/route-rule-recommendation-503.yml", 60
	l.must(t, objects.Create, file)
	aborted := 0
	for range sent {
		if strings.HasSuffix(l.ask(t), "fault filter abort") {
			aborted++
		}
	}
	l.requests(t, sent)
	table, err := l.Traffic(t.Context(), control.TrafficQuery{Span: traffic.SinceChange})
	if err != nil {
		t.Fatal(err)
	}
	l.counted(t, table, sent, aborted)
	if _, err := l.change(t, objects.Delete, file); err != nil {
		t.Fatal(err)
	}
	// The rule is gone, and was in force then.
	found := 0
	for _, r := range l.requests(t, sent) {
		if r.Cause != cause.Aborted {
			continue
		}
		found++
		if r.Author() != "sidecar of preference" || r.Rule == nil || !strings.HasSuffix(r.Rule.File, file) ||
			r.Rule.Line != 16 || len(r.Rule.Lines) != 3 || len(r.Notes) > 0 {
			t.Errorf("%+v, rule %+v", r, r.Rule)
		}
	}
	if found != aborted {
		t.Errorf("%d of %d aborts are explained", found, aborted)
	}
	if r := l.after(t); r.Cause != cause.Answered || r.Rule != nil || r.Default == "" {
		t.Errorf("without the rule: %+v", r)
	}
}

// after is one more request, once it is read from the log.
func (l *lab) after(t *testing.T) *traffic.Request {
	t.Helper()
	before := l.last(t)
	l.ask(t)
	var next *traffic.Request
	labtest.Until(t, func() error {
		if next = l.last(t); next == nil || before != nil && next.ID == before.ID {
			return errors.New("the request is not read yet")
		}
		return nil
	})
	return next
}

// last is the latest request; nil: there is none yet.
func (l *lab) last(t *testing.T) *traffic.Request {
	t.Helper()
	answer, err := l.Requests(t.Context(), control.RequestQuery{Query: traffic.Query{Last: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.List) == 0 {
		return nil
	}
	return answer.List[0]
}

// counted holds a table against Envoy's own counters.
func (l *lab) counted(t *testing.T, table traffic.Table, sent, aborted int) {
	t.Helper()
	byEdge := map[string]traffic.Row{}
	for _, r := range table.Rows {
		byEdge[r.From+" "+r.To] = r
	}
	for edge, want := range map[string]int{
		"ingress customer": sent, "customer preference": sent, "preference recommendation": aborted,
		"preference recommendation-v1": sent - aborted,
	} {
		if got := byEdge[edge].Requests; got != want {
			t.Errorf("%s: %d requests, want %d", edge, got, want)
		}
	}
	if got := byEdge["preference recommendation"].Causes[cause.Aborted]; got != aborted || got != l.sum(t, "aborts_injected$") {
		t.Errorf("%d aborts, Envoy counts %d of %d", got, l.sum(t, "aborts_injected$"), aborted)
	}
	if len(table.Pods) != 3 || !table.Pods[0].Ready || table.Dropped != 0 {
		t.Errorf("pods %+v, %d dropped", table.Pods, table.Dropped)
	}
}

// sum is that of counters whose names match.
func (l *lab) sum(t *testing.T, filter string) int {
	t.Helper()
	stats, err := l.Stats(t.Context(), control.StatsQuery{Filter: filter})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, s := range stats {
		n, err := strconv.Atoi(s.Value)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// TestEjected shows a pod that a caller leaves out.
func TestEjected(t *testing.T) {
	t.Parallel()
	l := up(t)
	l.must(t, objects.Apply, "deploy/recommendation/Deployment-v2.yml")
	l.rollout(t, "recommendation-v2")
	l.must(t, objects.Create, "istiofiles/recommendation_cb_policy_pool_ejection.yml",
		"istiofiles/route-rule-recommendation-v1_and_v2_50_50.yml")
	bad := l.pods(t, "version=v2")[0].Name.Name
	e := control.Exec{Selection: sel(bad), Command: []string{"recommendation", "misbehave"}}
	if status, err := l.Exec(t.Context(), e, control.Streams{Out: t.Output(), Err: t.Output()}); err != nil || status != 0 {
		t.Fatalf("status %d, %v", status, err)
	}
	var out traffic.Pod
	labtest.Until(t, func() error {
		l.ask(t)
		table, err := l.Traffic(t.Context(), control.TrafficQuery{Span: traffic.Minute})
		if err != nil {
			return err
		}
		for _, p := range table.Pods {
			if p.Name == bad && len(p.Ejected) == 1 && p.Ejected[0] == "preference" && !p.Until.IsZero() {
				out = p
				return nil
			}
		}
		return fmt.Errorf("pods %+v", table.Pods)
	})
	if away := out.Until.Sub(out.Since); away != ejectedFor || time.Since(out.Since) > labtest.Deadline {
		t.Errorf("ejected since %v, for %v, the rule says %v", out.Since, away, ejectedFor)
	}
}

// ejectedFor is what the rule says.
const ejectedFor = 15 * time.Second

// TestTraces says where the reader finds the spans of a request, and nothing where there are none.
func TestTraces(t *testing.T) {
	t.Parallel()
	for tracing, want := range map[string]string{
		"": "", "zipkin": "http://zipkin.example:9411/zipkin/traces/", "jaeger": "http://jaeger.example:16686/trace/",
	} {
		t.Run("tracing "+tracing, func(t *testing.T) {
			t.Parallel()
			l := up(t, func(c *daemon.Config) {
				c.Tracing = tracing
				env := map[string]string{
					"ZIPKIN_URL": "http://zipkin.example:9411/api/v2/spans", "JAEGER_ENDPOINT": "http://jaeger.example:14268/api/traces",
				}
				c.Getenv = func(name string) string { return cmp.Or(env[name], os.Getenv(name)) }
			})
			r := l.after(t)
			id, ok := strings.CutPrefix(r.Trace, want)
			if !ok || id != r.TraceID && want != "" || want != "" && len(id) < 16 || want == "" && id != "" {
				t.Errorf("trace %q of %q, want one below %q", r.Trace, r.TraceID, want)
			}
		})
	}
}
