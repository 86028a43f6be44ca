package load_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"istio-tutorial/lab/load"
)

// house answers as the tutorial's services do, and holds each request until so many are there.
type house struct {
	together int
	mu       sync.Mutex
	inside   int
	most     int
	full     chan struct{}
}

func (h *house) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.inside++
	h.most = max(h.most, h.inside)
	if h.inside == h.together {
		close(h.full)
		h.full, h.inside = make(chan struct{}), 0
		h.mu.Unlock()
		return
	}
	full := h.full
	h.mu.Unlock()
	select {
	case <-full:
	case <-r.Context().Done():
	}
}

func run(t *testing.T, cfg load.Config) load.Summary {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := load.Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestUsersAskAtTheSameTime(t *testing.T) {
	t.Parallel()
	h := &house{together: 5, full: make(chan struct{})}
	server := httptest.NewServer(h)
	defer server.Close()
	s := run(t, load.Config{URL: server.URL, Users: 5, Requests: 3})
	if h.most != 5 || s.Transactions != 15 || s.Failed != 0 {
		t.Errorf("%d at once, %d hits, %d failed; want 5, 15, 0", h.most, s.Transactions, s.Failed)
	}
	if s.Shortest > s.Longest || s.Longest > s.Elapsed || s.Total > 5*s.Elapsed {
		t.Errorf("times that cannot be: %+v", s)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "customer.test" || r.UserAgent() != "Safari" || r.URL.RequestURI() != "/a?b=c" {
			t.Errorf("host %s, agent %s, %s", r.Host, r.UserAgent(), r.URL.RequestURI())
		}
		if count.Add(1)%4 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(strings.Repeat("x", 1<<10)))
	}))
	defer server.Close()
	seen := map[int]int{}
	s := run(t, load.Config{
		URL: strings.TrimPrefix(server.URL, "http://") + "/a?b=c", Users: 2, Requests: 10,
		Header: http.Header{"User-Agent": {"Safari"}, "Host": {"customer.test"}},
		Each: func(h load.Hit) {
			seen[h.Status]++
			if h.Proto != "HTTP/1.1" || h.Bytes != 1<<10 || h.Path != "/a?b=c" || h.Took <= 0 || h.Err != nil {
				t.Errorf("hit %+v", h)
			}
		},
	})
	if s.Transactions != 15 || s.Failed != 5 || s.Unanswered != 0 || s.Bytes != 20<<10 {
		t.Errorf("%+v", s)
	}
	if seen[200] != 15 || seen[503] != 5 || s.Availability() != 75 {
		t.Errorf("seen %v, availability %v", seen, s.Availability())
	}
}

// A proxy gets every request, also those to a host that only it knows.
// TestEncrypted asks an address for the host of a URL, by TLS, and takes what leads elsewhere for the answer.
func TestEncrypted(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host+"/elsewhere", http.StatusMovedPermanently)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for name, c := range map[string]struct {
		roots *x509.CertPool
		stay  bool
		want  string
	}{
		"stays":     {roots, true, "301"},
		"goes":      {roots, false, "stopped after 10 redirects"},
		"a strange": {x509.NewCertPool(), true, "unknown authority"},
	} {
		var got string
		run(t, load.Config{
			URL: "https://example.com", TLS: &tls.Config{RootCAs: c.roots}, Address: server.Listener.Addr().String(), Stay: c.stay,
			Users: 1, Requests: 1, Each: func(h load.Hit) { got = fmt.Sprint(h.Status, " ", h.Err) },
		})
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.URL.String()))
	}))
	defer proxy.Close()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	s := run(t, load.Config{
		URL: "http://outside.test:443/a", Proxy: address, Users: 1, Requests: 2, Keep: 100,
		Each: func(h load.Hit) { bodies = append(bodies, string(h.Body)) },
	})
	want := []string{"http://outside.test:443/a", "http://outside.test:443/a"}
	if s.Failed != 0 || !slices.Equal(bodies, want) {
		t.Errorf("%v, %d failed; want %v", bodies, s.Failed, want)
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := taken.Addr().String()
	taken.Close()
	var errs []error
	s := run(t, load.Config{URL: address, Users: 2, Requests: 2, Each: func(h load.Hit) { errs = append(errs, h.Err) }})
	if s.Failed != 4 || s.Unanswered != 4 || s.Availability() != 0 {
		t.Errorf("%+v", s)
	}
	for _, err := range errs {
		if err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("error %v", err)
		}
	}
}

// Without a number of requests, the context is the end, and what it interrupts does not count.
func TestEnd(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 100)
	var count atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if count.Add(1) > 20 {
			arrived <- struct{}{}
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for range 3 {
			<-arrived
		}
		cancel()
	}()
	s, err := load.Run(ctx, load.Config{URL: server.URL, Users: 3})
	if err != nil || s.Transactions != 20 || s.Failed != 0 {
		t.Errorf("%+v, %v; want 20 hits", s, err)
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	s := run(t, load.Config{URL: server.URL, Users: 1, Requests: 20, Delay: 20 * time.Millisecond})
	if pauses := s.Elapsed - s.Total; pauses < 50*time.Millisecond { // 200 on average
		t.Errorf("20 pauses of up to 20ms took %v: %+v", pauses, s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := load.Run(ctx, load.Config{URL: server.URL, Users: 3, Delay: time.Hour})
	if err != nil || s.Transactions != 0 {
		t.Errorf("after the end: %+v, %v", s, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, cfg := range []load.Config{
		{URL: "http://localhost"},
		{URL: "http://localhost", Users: 1, Requests: -1},
		{URL: "http://localhost", Users: 1, Delay: -1},
		{URL: "", Users: 1},
		{URL: "ftp://localhost", Users: 1},
		{URL: "http://%zz", Users: 1},
	} {
		if _, err := load.Run(t.Context(), cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}

// The tutorial's own run: 19 of 40 successful, in 4.16 s.
func TestWrite(t *testing.T) {
	t.Parallel()
	s := load.Summary{
		Transactions: 19, Failed: 21, Bytes: 3 << 20, Elapsed: 4160 * time.Millisecond,
		Total: 13770 * time.Millisecond, Longest: 4150 * time.Millisecond, Shortest: 10 * time.Millisecond,
	}
	const want = `Transactions:                     19 hits
Availability:                  47.50 %
Elapsed time:                   4.16 secs
Data transferred:               3.00 MB
Response time:                  0.34 secs
Transaction rate:               4.57 trans/sec
Throughput:                     0.72 MB/sec
Concurrency:                    3.31
Successful transactions:          19
Failed transactions:              21
Longest transaction:            4.15
Shortest transaction:           0.01
`
	var got bytes.Buffer
	s.Write(&got)
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
	got.Reset()
	load.Summary{}.Write(&got)
	if strings.Contains(got.String(), "NaN") || strings.Contains(got.String(), "Inf") {
		t.Errorf("nothing asked:\n%s", got.String())
	}
}
