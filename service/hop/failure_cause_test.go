package hop_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"istio-tutorial/service/hop"
	"istio-tutorial/service/servicetest"
	"istio-tutorial/service/tracing"
)

// causesOf returns what Failed is told of one request to the address.
func causesOf(t *testing.T, address string, timeout time.Duration) []string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	next := hop.Next{Name: "preference", URL: u, Timeout: timeout,
		Failed: func(cause string) { told = append(told, cause) }}
	s := hop.Relay{Name: "customer", Next: hop.NewClient(next, limit, tracing.Tracer{}),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	s.ServeHTTP(httptest.NewRecorder(), incoming())
	return told
}

func TestCauses(t *testing.T) {
	t.Parallel()
	const gone = "http://127.0.0.1:1" // on which nobody listens
	of := func(next func(net.Conn, int) bool) string { return serveRaw(t, next).url }
	for _, c := range []struct {
		address string
		timeout time.Duration
		want    string // "" is no failure
	}{
		{of(says(answer("200 OK", "B"))), time.Hour, ""},
		{of(says(answer("204 No Content", ""))), time.Hour, ""},
		{of(says(answer("503 Service Unavailable", "fault filter abort"))), time.Hour, "503"},
		{of(says(answer("504 Gateway Timeout", ""))), time.Hour, "504"},
		{of(says(answer("403 Forbidden", ""))), time.Hour, "403"},
		{of(says(answer("302 Found", ""))), time.Hour, "unusable"},
		{of(says("SSH-2.0-OpenSSH_9.2\r\n")), time.Hour, "unusable"},
		{of(endless(answer("200 OK", ""), "aaaaaaaa")), time.Hour, "unusable"},
		{of(says("")), time.Hour, "closed"},
		{of(says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")), time.Hour, "closed"},
		{of(resets("")), time.Hour, "closed"},
		{of(holds("")), 50 * time.Millisecond, "timeout"},
		{of(holds("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")), 50 * time.Millisecond, "timeout"},
		{gone, time.Hour, "refused"},
		{"http://no..such.host:8080", time.Hour, "unknown host"},
		{"https://no..such.host:8080", time.Hour, "unknown host"},
		{"https://127.0.0.1:1", time.Hour, "refused"},
	} {
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		if got := causesOf(t, c.address, c.timeout); !slices.Equal(got, want) {
			t.Errorf("%s, want %q: told %q", c.address, c.want, got)
		}
		if c.want > "a" && !slices.Contains(hop.Causes(), c.want) {
			t.Errorf("%s is none of the causes that are counted from 0", c.want)
		}
	}
}

// The next service is not to blame for a caller that does not wait.
func TestGivingUpHasNoCause(t *testing.T) {
	t.Parallel()
	gone, leave := context.WithCancel(t.Context())
	next := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		leave()
		<-r.Context().Done()
	}))
	t.Cleanup(next.Close)
	u, err := url.Parse(next.URL)
	if err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	s := hop.Relay{Name: "customer", Log: slog.New(slog.NewTextHandler(log, nil)),
		Next: hop.NewClient(hop.Next{Name: "preference", URL: u, Timeout: time.Hour,
			Failed: func(cause string) { t.Errorf("it was told %q", cause) }}, limit, tracing.Tracer{})}
	s.ServeHTTP(httptest.NewRecorder(), servicetest.Request(gone, t, "http://customer"))
	if err := log.contain("the caller is gone"); err != nil {
		t.Error(err)
	}
}
