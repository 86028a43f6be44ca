package xds_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
)

// TestManners holds what today's proxies do with all requests and answers, and those of 2018 not.
func TestManners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	seen := make(chan http.Header, 1)
	w.pod("preference-v1", func(rw http.ResponseWriter, r *http.Request) {
		seen <- r.Header
		rw.Header().Set("Server", "mine")
	})
	for edition, apply := range map[string]struct {
		load             func()
		server, attempts string
	}{
		"2018":  {func() { w.apply() }, "mine", ""},
		"today": {func() { w.mustPush(w.today()) }, "envoy", "1"},
	} {
		apply.load()
		a := w.get(customer, "http://preference:8080")
		if got := a.header.Get("Server"); got != apply.server {
			t.Errorf("%s: the caller hears of server %q, want %q", edition, got, apply.server)
		}
		if got := (<-seen).Get("X-Envoy-Attempt-Count"); got != apply.attempts {
			t.Errorf("%s: the program hears of attempt %q, want %q", edition, got, apply.attempts)
		}
	}
}

// TestDeadline lets a client of gRPC ask for less time than its route has, and not for more.
func TestDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	ended := make(chan struct{})
	w.pod("recommendation-v1", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); ended <- struct{}{} })
	const timeout = "upstream request timeout"
	for name, c := range map[string]struct{ rule, wants string }{
		"no time of the route's own": {toRecommendation, "50m"},
		"less than the route has":    {strings.TrimSuffix(toRecommendation, "\n") + "\n    timeout: 1h\n", "50m"},
		"more than the route has":    {strings.TrimSuffix(toRecommendation, "\n") + "\n    timeout: 50ms\n", "1H"},
	} {
		w.mustPush(w.today(virtualService(c.rule)))
		// Envoy answers a client of gRPC with status 200, and says in a header that its time is over.
		a := w.get(preference, recommendation, "content-type: application/grpc", "grpc-timeout: "+c.wants)
		if got := a.header.Get("Grpc-Message"); got != timeout {
			t.Errorf("%s: %s, %q, want %q", name, a, got, timeout)
		}
		<-ended
	}
}

// TestContinue leaves it to the server whether a client sends a body.
func TestContinue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusRequestEntityTooLarge) // without reading, so nothing tells the client to go on
	})
	w.mustPush(w.today())
	transport := &http.Transport{
		Proxy:                 http.ProxyURL(&url.URL{Scheme: "http", Host: preference.Proxy}),
		ExpectContinueTimeout: time.Hour,
	}
	t.Cleanup(transport.CloseIdleConnections)
	body := &counted{Reader: strings.NewReader(strings.Repeat("x", 1<<16))}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, recommendation, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Expect", "100-continue")
	resp, err := (&http.Client{Transport: transport, Timeout: labtest.Deadline}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge || body.n > 0 {
		t.Errorf("status %d, %d bytes of the body were sent", resp.StatusCode, body.n)
	}
}

// counted counts what is read.
type counted struct {
	io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// TestResets tries a request again that did not get to the program.
func TestResets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	r := w.pod("recommendation-v1", says("r"))
	for i := range w.top.Instances {
		if w.top.Instances[i].Name == r.Name {
			w.top.Instances[i].Addresses = map[int]string{8080: freeAddress()} // nobody listens there
		}
	}
	tries := func() int {
		return w.proxy.stat(t, `cluster\.inbound\|8080\|\|@`+w.ns+`/recommendation.*;\.upstream_rq_retry$`)
	}
	for _, edition := range []struct {
		load func()
		want int
	}{{func() { w.apply() }, 0}, {func() { w.mustPush(w.today()) }, 2}} {
		edition.load()
		before := tries()
		if got := w.get(preference, recommendation).status; got != http.StatusServiceUnavailable {
			t.Errorf("status %d of a program that does not listen", got)
		}
		if n := tries() - before; n != edition.want {
			t.Errorf("tried again %d times, want %d", n, edition.want)
		}
	}
}
