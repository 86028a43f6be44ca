package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"istio-tutorial/service/metrics"
)

func exposition(t *testing.T, m *metrics.Requests) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("got %d, %v", w.Code, w.Header())
	}
	return w.Body.String()
}

func TestExposition(t *testing.T) {
	t.Parallel()
	m := metrics.New("customer", func() int64 { return 7 })
	m.Refused()
	for _, a := range []struct {
		route  string
		status int
		took   time.Duration
	}{
		{"/", 200, time.Millisecond}, {"/", 200, 3 * time.Second}, {"/", 204, 0},
		{"/", 503, time.Minute}, {"/", 500, 0}, {"/misbehave", 200, 0}, {"none", 404, 0},
	} {
		m.Started()
		m.Answered(a.route, a.status, a.took)
	}
	m.Started()
	m.Route("/never")
	failed := m.Next("preference", []string{"refused", "503"})
	failed("503")
	failed("418")
	text := exposition(t, m)
	for _, want := range []string{
		`http_requests_total{route="/",service="customer",status="200"} 2`,
		`http_requests_total{route="/",service="customer",status="204"} 1`,
		`http_requests_total{route="/",service="customer",status="503"} 1`,
		`http_requests_total{route="/misbehave",service="customer",status="200"} 1`,
		`http_requests_total{route="none",service="customer",status="404"} 1`,
		`http_request_errors_total{route="/",service="customer"} 2`,
		`http_request_duration_seconds_count{route="/",service="customer",status_class="2xx"} 3`,
		`http_request_duration_seconds_bucket{route="/",service="customer",status_class="2xx",le="0.001"} 2`,
		`http_request_duration_seconds_bucket{route="/",service="customer",status_class="2xx",le="5"} 3`,
		`http_request_duration_seconds_bucket{route="/",service="customer",status_class="5xx",le="10"} 1`,
		`http_request_duration_seconds_sum{route="/",service="customer",status_class="5xx"} 60`,
		`http_request_duration_seconds_count{route="none",service="customer",status_class="4xx"} 1`,
		`http_request_errors_total{route="/never",service="customer"} 0`,
		`next_request_errors_total{cause="503",next="preference",service="customer"} 1`,
		`next_request_errors_total{cause="418",next="preference",service="customer"} 1`,
		`next_request_errors_total{cause="refused",next="preference",service="customer"} 0`,
		`http_requests_in_flight{service="customer"} 1`,
		`http_connections_refused_total{service="customer"} 1`,
		`log_lines_dropped_total{service="customer"} 7`,
		`# TYPE http_requests_total counter`,
		`# TYPE http_request_errors_total counter`,
		`# TYPE http_request_duration_seconds histogram`,
		`# TYPE http_requests_in_flight gauge`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("there is no line %s", want)
		}
	}
	for _, want := range []string{
		`(?m)^build_info\{go_version="go1\.[^"]+",revision="[^"]+",service="customer"\} 1$`,
		`(?m)^go_goroutines [1-9]`,
		`(?m)^go_info\{version="go`,
		`(?m)^process_resident_memory_bytes [1-9]`,
		`(?m)^process_start_time_seconds [1-9]`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no line is like %s", want)
		}
	}
	if strings.Contains(text, `errors_total{route="none"`) {
		t.Error("a 404 counts as an error")
	}
}

func TestConcurrentCounting(t *testing.T) {
	t.Parallel()
	m := metrics.New("customer", func() int64 { return 0 })
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				m.Started()
				m.Answered("/", http.StatusOK, time.Millisecond)
			}
		})
	}
	all.Wait()
	text := exposition(t, m)
	for _, want := range []string{
		`http_requests_total{route="/",service="customer",status="200"} 4000`,
		`http_requests_in_flight{service="customer"} 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("there is no line %s", want)
		}
	}
}

func TestOnlyMetricsAreServed(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(metrics.New("customer", func() int64 { return 0 }).Handler())
	t.Cleanup(s.Close)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/metrics", 200}, {http.MethodHead, "/metrics", 200},
		{http.MethodPost, "/metrics", 405}, {http.MethodGet, "/", 404}, {http.MethodGet, "/debug/pprof", 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%s %s: got %d, want %d", c.method, c.path, res.StatusCode, c.status)
		}
	}
}
