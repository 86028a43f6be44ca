package hop

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxHeader = 64 << 10         // bytes of an answer's header
	maxIdle   = 512              // connections that wait for the next request
	idleFor   = 30 * time.Second // shorter than the server's: it must not hang up first
)

// transportFor returns the way to a request's address: straight where there is neither a proxy nor
// TLS, else net/http's.
func transportFor(r *http.Request, timeout time.Duration) http.RoundTripper {
	dialer := &net.Dialer{Timeout: timeout}
	if proxy, err := http.ProxyFromEnvironment(r); err == nil && proxy == nil && r.URL.Scheme == "http" {
		return &plain{address: addressOf(r.URL), dialer: dialer, idleFor: idleFor}
	}
	return once{&http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: dialer.DialContext,
		// the default of 2 would open a connection for nearly every request under load
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        idleFor,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}}
}

func addressOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// once is a Transport that never asks a second time. Go's would when a kept connection breaks,
// and hide from the reader what the mesh is to show.
type once struct{ *http.Transport }

// RoundTrip implements http.RoundTripper. It gives r an empty body that cannot be replayed.
func (t once) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Body = io.NopCloser(strings.NewReader(""))
	// not sent; spares the transport a goroutine a request, to look into the body
	r.TransferEncoding = []string{"identity"}
	return t.Transport.RoundTrip(r)
}
