// Package tracing reports a service's spans to Jaeger or Zipkin, or to nobody, and passes the
// trace on to the next hop. Nothing else in the services knows which tracer it is.
package tracing

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
)

// flushFor is how long Close waits for the backend: a dead one must not keep a process.
const flushFor = time.Second

// Tracer makes spans. The zero value makes none, and passes a trace on unchanged.
type Tracer struct {
	backend
	on bool
}

// backend is what differs between Jaeger and Zipkin behind OpenTracing.
type backend struct {
	ot opentracing.Tracer
	// undecided stands for a caller's missing sampling decision.
	undecided string
	traceID   func(opentracing.SpanContext) string
	close     func() error
}

// New makes the tracer that the settings name. What goes wrong with the backend afterwards is
// logged, and changes nothing else.
func New(c Settings, log *slog.Logger) (Tracer, error) {
	var b backend
	var err error
	switch {
	case c.backend == "jaeger" && !c.jaeger.disabled:
		b, err = newJaeger(c.jaeger, log)
	case c.backend == "zipkin":
		b, err = newZipkin(c, log)
	default:
		return Tracer{}, nil
	}
	return Tracer{backend: b, on: true}, err
}

// Close sends what has not been sent, and gives up on a slow backend after a second.
func (t Tracer) Close() error {
	if !t.on {
		return nil
	}
	closed := make(chan error, 1)
	go func() { closed <- t.close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(flushFor):
		return errors.New("tracing: the backend does not take the last spans")
	}
}

// Span is one service's part of a request. The zero value does nothing.
type Span struct {
	span    opentracing.Span
	traceID string
}

// TraceID is the trace's id in hexadecimal: the caller's, where there is one.
func (s Span) TraceID() string { return s.traceID }

// Server begins the span of a request that came in, as a child of its caller's. The request
// it returns carries the span.
func (t Tracer) Server(r *http.Request) (*http.Request, Span) {
	from := parentOf(r.Header)
	if !t.on {
		return r, Span{traceID: from.traceID}
	}
	if from.sampled == "" {
		from.sampled = t.undecided
	}
	// no parent, or none that the tracer can read: a trace of our own
	caller, _ := t.ot.Extract(opentracing.HTTPHeaders, from.carrier())
	span := t.ot.StartSpan(r.Method+" "+r.URL.Path, ext.RPCServerOption(caller))
	ext.HTTPMethod.Set(span, r.Method)
	ext.HTTPUrl.Set(span, r.URL.RequestURI())
	if from.traceID == "" && from.sampled == sampledNo {
		ext.SamplingPriority.Set(span, 0)
	}
	r = r.WithContext(opentracing.ContextWithSpan(r.Context(), span))
	return r, Span{span, t.traceID(span.Context())}
}

// Client begins the span of the request out, which is made to answer in, and puts into out
// all headers by which the next hop joins the trace. Peer names the next hop.
func (t Tracer) Client(in, out *http.Request, peer string) Span {
	for _, name := range passed() {
		if v := in.Header[name]; len(v) > 0 {
			out.Header[name] = v
		}
	}
	parent := opentracing.SpanFromContext(in.Context())
	if !t.on || parent == nil {
		return Span{}
	}
	span := t.ot.StartSpan("GET "+peer, opentracing.ChildOf(parent.Context()),
		ext.SpanKindRPCClient, opentracing.Tag{Key: string(ext.PeerService), Value: peer})
	ext.HTTPMethod.Set(span, out.Method)
	ext.HTTPUrl.Set(span, out.URL.Redacted())
	t.inject(span, out.Header)
	return Span{span: span}
}

// inject writes the several B3 headers, and renews those other forms that the caller used:
// left as they came, they would name a span that is not the next hop's parent.
func (t Tracer) inject(span opentracing.Span, h http.Header) {
	for _, name := range []string{b3TraceID, b3SpanID, b3Parent, b3Sampled} {
		h.Del(name)
	}
	if t.ot.Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(h)) != nil {
		return
	}
	p := fromB3(h)
	if h.Get(b3Single) != "" {
		h.Set(b3Single, p.single())
	}
	if h.Get(w3cParent) != "" {
		h.Set(w3cParent, p.w3c())
	}
}

// End ends the span. Status is the answer's, 0 if none came; failed marks an error.
func (s Span) End(status int, failed bool) {
	if s.span == nil {
		return
	}
	if status > 0 {
		ext.HTTPStatusCode.Set(s.span, uint16(status))
	}
	if failed {
		ext.Error.Set(s.span, true)
	}
	s.span.Finish()
}
