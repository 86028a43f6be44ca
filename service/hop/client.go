// Package hop asks the next service of the chain, once, and turns its answer into one's own.
package hop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"istio-tutorial/service/setting"
	"istio-tutorial/service/text"
	"istio-tutorial/service/tracing"
)

// Next is the service that is asked.
type Next struct {
	Name    string             // Required.
	URL     *url.URL           // its address. Required, or set by Declare.
	Timeout time.Duration      // for its whole answer. Required.
	Failed  func(cause string) // is told why there was no proper answer: a status, or one of Causes. Optional.
}

// Declare adds the settings: the variable that holds the address, which is required where there
// is no default, and the time-out, whose default is the one that n has.
func (n *Next) Declare(s *setting.Set, variable, address string) {
	s.Add(variable, address, "address of "+n.Name, setting.URL(&n.URL))
	s.Add("NEXT_HOP_TIMEOUT", n.Timeout.String(), "how long to wait for the whole answer of "+n.Name,
		setting.Duration(&n.Timeout))
}

// Client asks the next service. Make it with NewClient.
type Client struct {
	next      Next
	over      error // what is wrong when the time-out is over
	limit     int64
	tooLarge  error         // what is wrong when an answer is above the limit
	large     chan struct{} // holds one for each large answer in memory
	calls     tracing.Calls
	transport http.RoundTripper
	request   *http.Request // without what it takes from the caller's
}

// NewClient returns a client that goes through HTTP_PROXY where that is set: in the lab, the
// sidecar. Limit bounds the body of an answer, in bytes; how many large ones are in memory at a
// time is bounded too, so that a request waits where others hold them. The tracer is the asking
// service's.
func NewClient(n Next, limit int64, tracer tracing.Tracer) *Client {
	request := &http.Request{Method: http.MethodGet, URL: n.URL, Host: n.URL.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	return &Client{
		next:      n,
		over:      fmt.Errorf("no answer within %v", n.Timeout),
		limit:     limit,
		tooLarge:  fmt.Errorf("answer above %d KiB", limit>>10),
		large:     make(chan struct{}, max(1, maxLarge/limit)),
		calls:     tracer.Calls(n.Name, n.URL),
		transport: transportFor(request, n.Timeout),
		request:   request,
	}
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
	a, err := c.do(in.Context(), out)
	span.End(a.Status, err != nil || !a.OK())
	if err == nil {
		return a, nil
	}
	kind := kindOf(err)
	if over := context.Cause(out.Context()); over != nil {
		err, kind = over, late // whatever that led to
	}
	if callerGone(in) {
		err = errors.New("the caller is gone")
	}
	return Answer{}, &failure{c.next.URL.Redacted() + ": " + text.Line(cause(err).Error()), kind}
}

// Report logs and counts what the next service failed with, and returns it in the chain's words: its
// status and its body, or the status's own phrase where the body says nothing. A caller that
// is gone is no failure of the next service's.
func (c *Client) Report(log *slog.Logger, in *http.Request, a Answer, err error) string {
	reason := reason(a, err)
	level, message := slog.LevelWarn, c.next.Name+" failed"
	if callerGone(in) {
		level, message = slog.LevelInfo, "gave up on "+c.next.Name
	} else if c.next.Failed != nil {
		c.next.Failed(causeOf(a, err))
	}
	log.LogAttrs(in.Context(), level, message, slog.String("reason", text.Cut(reason, text.MaxField)))
	return reason
}

func reason(a Answer, err error) string {
	if err != nil {
		return err.Error()
	}
	body := a.Body
	if body == "" || strings.HasPrefix(body, "null") {
		body = http.StatusText(a.Status)
	}
	return strings.TrimSpace(strconv.Itoa(a.Status) + " " + body)
}

func callerGone(in *http.Request) bool { return in.Context().Err() != nil }

func (c *Client) requestFor(in *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeoutCause(in.Context(), c.next.Timeout, c.over)
	out := c.request.WithContext(ctx)
	out.Header = http.Header{"User-Agent": {in.UserAgent()}}
	if user := c.next.URL.User; user != nil {
		password, _ := user.Password()
		out.SetBasicAuth(user.Username(), password)
	}
	return out, cancel
}

// do works without http.Client: a redirect is an answer, and no reason to ask a second time.
func (c *Client) do(asked context.Context, out *http.Request) (Answer, error) {
	res, err := c.transport.RoundTrip(out)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	a := Answer{Status: res.StatusCode}
	if !a.OK() && a.Status < 400 { // its body may be another protocol, without an end
		return a, fmt.Errorf("unexpected answer: %s", res.Status)
	}
	body, err := c.read(asked, out.Context(), res)
	a.Body = strings.TrimSpace(body)
	return a, err
}

const (
	small    = 4 << 10 // bytes of an answer are read without more ado
	maxLarge = 8 << 20 // bytes of the answers that are larger are in memory at a time
)

// read returns the answer's body, which stays in memory until asked is over: its caller may read
// it slowly.
func (c *Client) read(asked, asking context.Context, res *http.Response) (string, error) {
	if res.ContentLength > c.limit {
		return "", c.tooLarge
	}
	begin, err := io.ReadAll(io.LimitReader(res.Body, small))
	if err != nil || len(begin) < small {
		return string(begin), err
	}
	select {
	case c.large <- struct{}{}:
		context.AfterFunc(asked, func() { <-c.large })
	case <-asking.Done():
		return "", asking.Err()
	}
	return c.readLarge(res, begin)
}

// readLarge reads on after begin. It doubles its memory exactly, as append would not: what is
// left behind is no more than the answer.
func (c *Client) readLarge(res *http.Response, begin []byte) (string, error) {
	body := &strings.Builder{}
	body.Grow(int(max(res.ContentLength, 2*small)))
	body.Write(begin)
	for {
		_, err := io.CopyN(body, res.Body, int64(body.Cap()-body.Len()))
		switch {
		case int64(body.Len()) > c.limit:
			return "", c.tooLarge
		case errors.Is(err, io.EOF):
			return body.String(), nil
		case err != nil:
			return "", err
		}
		larger := &strings.Builder{}
		larger.Grow(int(min(2*int64(body.Len()), c.limit+1)))
		larger.WriteString(body.String())
		body = larger
	}
}

// cause finds words for what net/http only calls EOF.
func cause(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("connection closed within the answer")
	case errors.Is(err, io.EOF):
		return errors.New("connection closed before the answer")
	}
	return err
}
