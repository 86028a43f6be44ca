package daemon_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
)

func egress(name string) []string {
	folder := "deploy/egress/" + name + "/"
	return []string{folder + "ServiceAccount.yml", folder + "Deployment.yml", folder + "Service.yml"}
}

// Calls leave the mesh by a rule only.
func TestEgress(t *testing.T) {
	t.Parallel()
	l := up(t)
	for _, c := range []struct{ name, rule, url, want string }{
		{"egresshttpbin", "istiofiles/egress_httpbin.yml", "http://httpbin.org/user-agent", `"user-agent"`},
		{"egressgithub", "istiofiles/egress_github.yml", "http://api.github.com:443/users", `"login": "recommendation"`},
	} {
		if results := l.must(t, objects.Apply, egress(c.name)...); len(results[1].Warnings) > 0 {
			t.Errorf("warnings %q", results[1].Warnings)
		}
		l.rollout(t, c.name)
		fetch := func() (string, int) {
			var out strings.Builder
			e := control.Exec{Selection: sel("deployment/" + c.name), Command: []string{"egress", "get", c.url}}
			status, err := l.Exec(t.Context(), e, control.Streams{Out: &out, Err: &out})
			if err != nil {
				t.Fatal(err)
			}
			return out.String(), status
		}
		if out, status := fetch(); status != 1 || !strings.Contains(out, "404 Not Found") {
			t.Errorf("%s without the rule: %d, %s", c.name, status, out)
		}
		l.must(t, objects.Create, c.rule)
		if out, status := fetch(); status != 0 || !strings.Contains(out, c.want) {
			t.Errorf("%s: %d, %s", c.name, status, out)
		}
		address := l.pods(t, "app="+c.name)[0].Addresses[8080]
		if page, err := get(t.Context(), "http://"+address); err != nil || !strings.HasPrefix(page, "{") && !strings.HasPrefix(page, "[") {
			t.Errorf("page of %s: %s, %v", c.name, page, err)
		}
		l.must(t, objects.Delete, c.rule)
		if out, status := fetch(); status != 1 {
			t.Errorf("%s after the rule: %d, %s", c.name, status, out)
		}
	}
}

// A Deployment without its ServiceAccount starts here, and nowhere else: that is said.
func TestWithoutServiceAccount(t *testing.T) {
	t.Parallel()
	l := up(t)
	results := l.must(t, objects.Apply, "deploy/egress/egressgithub/Deployment.yml")
	want := "on a cluster its pods would not start: there is no ServiceAccount egressgithub; the lab goes by the name alone"
	if len(results[0].Warnings) != 1 || results[0].Warnings[0] != want {
		t.Errorf("warnings %q", results[0].Warnings)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	l := up(t)
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.answers(t, 3) // before the rule: not counted
	l.must(t, objects.Create, "istiofiles/recommendation_requestcount.yml")
	l.answers(t, 5)
	want := `istio_recommendation_request_count{source="preference.istio-tutorial.svc.cluster.local",` +
		`destination="recommendation.istio-tutorial.svc.cluster.local",version="v1",user_agent="Go-http-client/1.1"} `
	labtest.Until(t, func() error {
		text, err := l.Metrics(t.Context())
		if err != nil || !strings.Contains(text, want+"5\n") || !strings.Contains(text, "# TYPE istio_recommendation_request_count counter\n") {
			return fmt.Errorf("%s, %w", text, err)
		}
		return nil
	})
	if page, err := get(t.Context(), s.Metrics); err != nil || !strings.Contains(page, want) {
		t.Errorf("%s: %s, %v", s.Metrics, page, err)
	}
	if page, err := get(t.Context(), s.Targets); err != nil || strings.Count(page, `"targets":["127.0.0.1:`) != 3 ||
		!strings.Contains(page, `"labels":{"app":"recommendation","namespace":"istio-tutorial","pod":"recommendation-v1-`) {
		t.Errorf("%s: %s, %v", s.Targets, page, err)
	}
	l.must(t, objects.Delete, "istiofiles/recommendation_requestcount.yml")
	if text, err := l.Metrics(t.Context()); err != nil || text != "" {
		t.Errorf("without the rule: %s, %v", text, err)
	}
}

// The spans of the proxies and of the services meet in one trace.
func TestTracing(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	reports := ""
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		reports += string(body) + "\n"
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(collector.Close)
	l := up(t, func(c *daemon.Config) {
		c.Tracing = "zipkin"
		getenv := c.Getenv
		c.Getenv = func(name string) string {
			if name == "ZIPKIN_URL" {
				return collector.URL + "/api/v2/spans"
			}
			return getenv(name)
		}
	})
	const trace = "463ac35c9f6413ad48485a3953bb6124"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.ingress, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-B3-TraceId", trace)
	req.Header.Set("X-B3-SpanId", "48485a3953bb6124")
	req.Header.Set("X-B3-Sampled", "1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	labtest.Until(t, func() error {
		mu.Lock()
		defer mu.Unlock()
		for _, service := range []string{"customer", "preference", "recommendation"} {
			if n := strings.Count(reports, `"serviceName":"`+service+`"`); n < 2 {
				return fmt.Errorf("%d spans of %s in\n%s", n, service, reports)
			}
		}
		if n := strings.Count(reports, `"traceId":"`+trace+`"`); n < 6 {
			return fmt.Errorf("%d spans of the trace in\n%s", n, reports)
		}
		return nil
	})
}
