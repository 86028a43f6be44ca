// Package load asks an address as a number of users at the same time, each again as soon as it
// has its answer, and counts as siege does.
package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Config is what to ask, and how often.
type Config struct {
	// URL is asked by GET; http:// may be missing. Required.
	URL string
	// Header goes with every request; Host among them names the host. Optional.
	Header http.Header
	// Proxy takes all requests; nil: none, whatever the environment says.
	Proxy *url.URL
	// TLS is for https; nil: as Go's default.
	TLS *tls.Config
	// Address takes all connections, host:port, whatever host the URL has; "": the URL's host.
	Address string
	// Stay takes an answer that leads elsewhere for the answer.
	Stay bool
	// Users ask at the same time. Required.
	Users int
	// Requests is how often each user asks; 0 is until ctx ends.
	Requests int
	// Delay is the longest pause of a user before a request; the pauses are random. Optional.
	Delay time.Duration
	// Keep is how much of each body a Hit has, in bytes; the rest is only counted.
	Keep int64
	// Each is told of every answer, one at a time. Optional.
	Each func(Hit)
	// Then is called by a user after each answer, before their next request. Optional.
	Then func(context.Context, Hit)
}

// Hit is one request and what came of it.
type Hit struct {
	Proto  string // of the answer, such as HTTP/1.1
	Status int
	Bytes  int64 // of the body
	Body   []byte
	Took   time.Duration
	Path   string
	Began  time.Time
	Client string // the address from which it came, host:port; requests of one follow each other
	Err    error  // why there is no answer; nil with any status
}

// OK reports whether siege counts it as successful: an answer below 400.
func (h Hit) OK() bool { return h.Err == nil && h.Status < http.StatusBadRequest }

// timeout bounds one request: more than any lesson's delays together.
const timeout = time.Minute

// Validate says what is wrong with the Config.
func (c Config) Validate() error {
	_, err := c.request()
	return err
}

// Run asks until every user is done or ctx ends, and returns what it counted; a request that ctx
// interrupts is not counted. The error is Validate's.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	req, err := cfg.request()
	if err != nil {
		return Summary{}, err
	}
	client, transport := cfg.client()
	defer transport.CloseIdleConnections()
	start, hits := time.Now(), make(chan Hit)
	var users sync.WaitGroup
	for range cfg.Users {
		users.Go(func() { user{cfg, client, req}.ask(ctx, hits) })
	}
	go func() {
		users.Wait()
		close(hits)
	}()
	return cfg.count(start, hits), nil
}

func (c Config) client() (*http.Client, *http.Transport) {
	transport := &http.Transport{
		Proxy: http.ProxyURL(c.Proxy), MaxIdleConnsPerHost: c.Users, DisableCompression: true, TLSClientConfig: c.TLS,
	}
	if c.Address != "" {
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, c.Address)
		}
	}
	client := &http.Client{Transport: transport, Timeout: timeout}
	if c.Stay {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return client, transport
}

func (c Config) count(start time.Time, hits <-chan Hit) Summary {
	var s Summary
	for hit := range hits {
		s.add(hit)
		if c.Each != nil {
			c.Each(hit)
		}
	}
	s.Elapsed = time.Since(start)
	return s
}

func (c Config) request() (*http.Request, error) {
	if c.Users < 1 {
		return nil, fmt.Errorf("%d users: want at least 1", c.Users)
	}
	if c.Requests < 0 || c.Delay < 0 {
		return nil, errors.New("neither requests nor delays can be less than 0")
	}
	address := c.URL
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q: want http://HOST", c.URL)
	}
	req := &http.Request{Method: http.MethodGet, URL: u, Header: c.Header.Clone()}
	req.Host = req.Header.Get("Host")
	return req, nil
}

type user struct {
	Config
	client  *http.Client
	request *http.Request
}

func (u user) ask(ctx context.Context, hits chan<- Hit) {
	for n := 0; u.Requests == 0 || n < u.Requests; n++ {
		if !u.pause(ctx) {
			return
		}
		hit := u.hit(u.request.Clone(ctx))
		if ctx.Err() != nil && hit.Err != nil {
			return
		}
		hits <- hit
		if u.Then != nil {
			u.Then(ctx, hit)
		}
	}
}

// pause reports whether to go on.
func (u user) pause(ctx context.Context) bool {
	if u.Delay == 0 {
		return ctx.Err() == nil
	}
	select {
	case <-time.After(rand.N(u.Delay)):
		return true
	case <-ctx.Done():
		return false
	}
}

func (u user) hit(req *http.Request) Hit {
	hit := Hit{Path: req.URL.RequestURI(), Began: time.Now()}
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		hit.Began, hit.Client = time.Now(), c.Conn.LocalAddr().String()
	}}
	start := time.Now()
	resp, err := u.client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err == nil {
		hit.Proto, hit.Status = resp.Proto, resp.StatusCode
		hit.Body, err = io.ReadAll(io.LimitReader(resp.Body, u.Keep))
		if err == nil {
			hit.Bytes, err = io.Copy(io.Discard, resp.Body)
		}
		hit.Bytes += int64(len(hit.Body))
		resp.Body.Close()
	}
	hit.Took, hit.Err = time.Since(start), err
	return hit
}
