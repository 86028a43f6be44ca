// Package hop asks the next service of the chain, once, and turns its answer into one's own.
package hop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"istio-tutorial/service/tracing"
)

// Client asks one address. Make it with NewClient.
type Client struct {
	name      string
	url       *url.URL
	timeout   time.Duration
	late      error // what is wrong when the timeout is over
	limit     int64
	calls     tracing.Calls
	transport http.RoundTripper
	request   *http.Request // without what it takes from the caller's
}

// Config is what a Client needs. All of it is required.
type Config struct {
	Name    string         // of the service that it asks
	URL     *url.URL       // where that service is
	Timeout time.Duration  // for the whole answer
	Limit   int64          // of an answer's body, in bytes
	Tracer  tracing.Tracer // the asking service's
}

// NewClient makes a client that goes through HTTP_PROXY where that is set: in the lab, the
// sidecar.
func NewClient(c Config) *Client {
	request := &http.Request{Method: http.MethodGet, URL: c.URL, Host: c.URL.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	return &Client{name: c.Name, url: c.URL, timeout: c.Timeout, limit: c.Limit,
		calls: c.Tracer.Calls(c.Name, c.URL), late: fmt.Errorf("no answer within %v", c.Timeout),
		transport: transportFor(request, c.Timeout), request: request}
}

// Answer is what the next service said.
type Answer struct {
	Status int
	Body   string // without white space around it
}

// OK reports whether the status is a 2xx.
func (a Answer) OK() bool { return a.Status/100 == 2 }

// Get sends one GET on behalf of in, with its User-Agent and its trace. The error, when there
// is no proper answer, is one line that names the address and the cause.
func (c *Client) Get(in *http.Request) (Answer, error) {
	out, cancel := c.requestFor(in)
	defer cancel()
	span := c.calls.Begin(in, out)
	a, err := c.do(out)
	span.End(a.Status, err != nil || !a.OK())
	if err == nil {
		return a, nil
	}
	if over := context.Cause(out.Context()); over != nil {
		err = over // whatever that led to
	}
	if callerGone(in) {
		err = errors.New("the caller is gone")
	}
	return Answer{}, fmt.Errorf("%s: %s", c.url.Redacted(), oneLine(cause(err)))
}

func callerGone(in *http.Request) bool { return in.Context().Err() != nil }

func (c *Client) requestFor(in *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeoutCause(in.Context(), c.timeout, c.late)
	out := c.request.WithContext(ctx)
	out.Header = http.Header{"User-Agent": {in.UserAgent()}}
	if user := c.url.User; user != nil {
		password, _ := user.Password()
		out.SetBasicAuth(user.Username(), password)
	}
	return out, cancel
}

// do works without http.Client: a redirect is an answer, and no reason to ask a second time.
func (c *Client) do(out *http.Request) (Answer, error) {
	res, err := c.transport.RoundTrip(out)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	a := Answer{Status: res.StatusCode}
	if !a.OK() && a.Status < 400 { // its body may be another protocol, without an end
		return a, fmt.Errorf("unexpected answer: %s", res.Status)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, c.limit+1))
	if err != nil {
		return a, err
	}
	if int64(len(body)) > c.limit {
		return a, fmt.Errorf("answer above %d KiB", c.limit>>10)
	}
	a.Body = strings.TrimSpace(string(body))
	return a, nil
}

// cause has words for what net/http only calls EOF.
func cause(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("connection closed within the answer")
	case errors.Is(err, io.EOF):
		return errors.New("connection closed before the answer")
	}
	return err
}

// maxCause bounds what a cause quotes of a strange answer, in bytes.
const maxCause = 300

func oneLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > maxCause {
		text = strings.ToValidUTF8(text[:maxCause], "") + "…"
	}
	return text
}
