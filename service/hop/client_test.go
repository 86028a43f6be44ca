package hop_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/service/servicetest"
)

func incoming(header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestOutgoing(t *testing.T) {
	t.Parallel()
	traced := []string{
		"B3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1",
		"Baggage", "userId=alice",
		"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"Tracestate", "rojo=00f067aa0ba902b7",
		"X-B3-Flags", "0",
		"X-B3-Parentspanid", "05e3ac9a4f6e3b90",
		"X-B3-Sampled", "1",
		"X-B3-Spanid", "e457b5a2e4d86bd1",
		"X-B3-Traceid", "80f198ee56343ba864fe8b2a57d3eff7",
		"X-Ot-Span-Context", "a;b;c",
		"X-Request-Id", "7f1c4b8e",
	}
	for _, c := range []struct {
		name     string
		in, want []string
	}{
		{"nothing", nil, nil},
		{"user agent", []string{"User-Agent", "curl/8.5.0"}, []string{"User-Agent", "curl/8.5.0"}},
		{"tracing", traced, traced},
		{"two of one kind", []string{"Tracestate", "a=1", "Tracestate", "b=2"},
			[]string{"Tracestate", "a=1", "Tracestate", "b=2"}},
		{"the caller's own affairs", []string{"Cookie", "a", "Authorization", "b", "Accept", "c",
			"Accept-Encoding", "gzip", "Connection", "close", "X-Forwarded-For", "d"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			next := serveRaw(t, says(answer("200 OK", "")))
			if _, err := client(t, next.url, time.Hour).Get(incoming(c.in...)); err != nil {
				t.Fatal(err)
			}
			requests, _ := next.seen()
			got := strings.Split(strings.TrimSpace(requests[0]), "\r\n")
			want := []string{"GET / HTTP/1.1", "Host: " + strings.TrimPrefix(next.url, "http://")}
			for i := 0; i < len(c.want); i += 2 {
				want = append(want, c.want[i]+": "+c.want[i+1])
			}
			slices.Sort(got[2:])
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestAddressKeepsItsPath(t *testing.T) {
	t.Parallel()
	next := serveRaw(t, says(answer("200 OK", "")))
	if _, err := client(t, next.url+"/users?per_page=3", time.Hour).Get(incoming()); err != nil {
		t.Fatal(err)
	}
	if requests, _ := next.seen(); !strings.HasPrefix(requests[0], "GET /users?per_page=3 HTTP/1.1\r\n") {
		t.Errorf("got %q", requests[0])
	}
}

// A kept connection that breaks is what Go's transport likes to hide by asking again.
func TestNeverRetries(t *testing.T) {
	t.Parallel()
	for want, second := range map[string]func(net.Conn, int) bool{
		"connection closed before the answer": says(""),
		"connection reset by peer":            resets(""),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			next := serveRaw(t, func(c net.Conn, n int) bool {
				if n > 1 {
					return second(c, n)
				}
				_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nB")
				return err == nil
			})
			c := client(t, next.url, time.Hour)
			if _, err := c.Get(incoming()); err != nil {
				t.Fatal(err)
			}
			if a, err := c.Get(incoming()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the second answer is %v, %v, though none was given", a, err)
			}
			if requests, _ := next.seen(); len(requests) != 2 {
				t.Errorf("asked %d times for two answers", len(requests))
			}
		})
	}
}

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	addresses := map[string]bool{}
	next := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		addresses[r.RemoteAddr] = true
	}))
	t.Cleanup(next.Close)
	c := client(t, next.URL, time.Hour)
	for range 20 {
		if _, err := c.Get(incoming()); err != nil {
			t.Fatal(err)
		}
	}
	if len(addresses) != 1 {
		t.Errorf("%d connections for 20 requests, one after the other", len(addresses))
	}
}

func TestGivesUpWithItsCaller(t *testing.T) {
	t.Parallel()
	asked, released := make(chan struct{}), make(chan struct{})
	next := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
		close(released)
	}))
	t.Cleanup(next.Close)
	log := &lines{}
	ctx, leave := context.WithCancel(t.Context())
	left := servicetest.Later(servicetest.Request(ctx, t, relay(t, next.URL, time.Hour, log)))
	servicetest.Receive(t, "the request at the next service", asked)
	leave()
	if got := servicetest.Receive(t, "the caller's error", left); got.Err == nil {
		t.Error("the caller got an answer")
	}
	servicetest.Receive(t, "the end of the request to the next service", released)
	servicetest.Until(t, func() error { return log.contain("the caller is gone") })
	if strings.Contains(log.String(), "preference failed") {
		t.Errorf("the log blames the next service: %s", log.String())
	}
}
