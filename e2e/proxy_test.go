package e2e

import (
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/chain"
)

// tally counts. Its zero value is ready.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[what]++
}

func (c *tally) all() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}

// proxy is an HTTP proxy, as the lab's sidecar is one. It counts what it is asked for, as in
// `GET preference:8080`.
type proxy struct {
	url   string
	asked tally
	hosts sync.Map // the address of each host:port that it knows
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	p := &proxy{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked.add(r.Method + " " + r.Host)
	address, known := p.hosts.Load(r.Host)
	switch {
	case !known:
		http.Error(w, r.Host+": not known", http.StatusBadGateway)
	case r.Method == http.MethodConnect:
		tunnel(w, address.(string))
	case r.URL.IsAbs():
		pass(w, r, address.(string))
	default:
		http.Error(w, "not a request for a proxy", http.StatusBadRequest)
	}
}

func pass(w http.ResponseWriter, r *http.Request, address string) {
	target := &url.URL{Scheme: "http", Host: address}
	forward := httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy of the environment
	forward.ServeHTTP(w, r)
}

// tunnel joins the connection of a CONNECT request with one to the address.
func tunnel(w http.ResponseWriter, address string) {
	out, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer out.Close()
	in, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer in.Close()
	say(in, "HTTP/1.1 200 Connection established\r\n\r\n", 1)
	go func() {
		defer out.Close()
		_, _ = io.Copy(out, in)
	}()
	_, _ = io.Copy(in, out)
}

// newCollector starts a tracing backend that takes what comes and counts it, by path. Its host is
// this machine, by a name that net/http does not exempt from a proxy: it knows small letters.
func newCollector(t *testing.T) (host string, got *tally) {
	t.Helper()
	got = &tally{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.add(r.URL.Path)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "LOCALHOST:" + port, got
}

func TestHopsGoThroughTheProxyAndSpansDoNot(t *testing.T) {
	t.Parallel()
	host, spans := newCollector(t)
	collector := "http://" + host
	p := newProxy(t)
	c := programs().Chain(t, chain.Settings{
		All: chain.Env{"HTTP_PROXY": p.url},
		Customer: chain.Env{"PREFERENCE_URL": "http://preference:8080",
			"TRACING": "jaeger", "JAEGER_ENDPOINT": collector + "/customer"},
		Preference: chain.Env{"RECOMMENDATION_URL": "http://recommendation:8080",
			"TRACING": "zipkin", "ZIPKIN_URL": collector + "/preference"},
	})
	p.hosts.Store("preference:8080", c.Preference.Address)
	p.hosts.Store("recommendation:8080", c.Recommendation.Address)
	for range 3 {
		if got := c.Customer.Get(t, "/"); got.Status != 200 {
			t.Fatalf("got %+v", got)
		}
	}
	for _, path := range []string{"/customer", "/preference"} {
		awaitCount(t, spans, path)
	}
	want := map[string]int{"GET preference:8080": 3, "GET recommendation:8080": 3}
	if got := p.asked.all(); !maps.Equal(got, want) {
		t.Errorf("the proxy was asked for %v, want %v", got, want)
	}
}

// Without this, the test above would hold whatever the services did.
func TestTheCollectorsNameIsNotExemptFromTheProxy(t *testing.T) {
	t.Parallel()
	host, _ := newCollector(t)
	p := newProxy(t)
	egress := programs().Run(t, chain.Spec{Program: "egress",
		Env: chain.Env{"EGRESS_URL": "http://" + host, "HTTP_PROXY": p.url}})
	if got := egress.Get(t, "/"); got != said(503, "egress => 502 "+host+": not known\n") {
		t.Errorf("got %+v", got)
	}
	if got := p.asked.all(); !maps.Equal(got, map[string]int{"GET " + host: 1}) {
		t.Errorf("the proxy was asked for %v", got)
	}
}

func awaitCount(t *testing.T, c *tally, what string) {
	t.Helper()
	err := await.Until(await.Patience, func() error {
		if got := c.all(); got[what] == 0 {
			return fmt.Errorf("%s: not among %v", what, got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// What egress fetches over TLS goes through a tunnel of the proxy, end to end.
func TestEgressThroughATunnel(t *testing.T) {
	t.Parallel()
	outside := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "the outside\n")
	}))
	t.Cleanup(outside.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: outside.Certificate().Raw})
	if err := os.WriteFile(authority, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	p := newProxy(t)
	p.hosts.Store("example.com:443", outside.Listener.Addr().String())
	egress := programs().Run(t, chain.Spec{Program: "egress", Env: chain.Env{
		"EGRESS_URL": "https://example.com", "HTTPS_PROXY": p.url, "SSL_CERT_FILE": authority}})
	if got := egress.Get(t, "/"); got != said(200, "the outside\n") {
		t.Errorf("got %+v", got)
	}
	if got := p.asked.all(); !maps.Equal(got, map[string]int{"CONNECT example.com:443": 1}) {
		t.Errorf("the proxy was asked for %v", got)
	}
}
