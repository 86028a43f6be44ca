// Package tracing reports a service's spans to Jaeger or Zipkin, or to nobody, and passes the
// trace on to the next hop. Nothing else in the services knows which tracer it is.
package tracing

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
)

// flushFor is how long Close waits for the backend: a dead one must not keep a process.
const flushFor = time.Second

// Tracer makes spans. The zero value makes none, and passes a trace on unchanged.
type Tracer struct {
	backend
	on     bool
	server tags // of the spans of requests that come in
}

// backend is what differs between Jaeger and Zipkin behind OpenTracing.
type backend struct {
	ot opentracing.Tracer
	// undecided stands for a caller's missing sampling decision.
	undecided string
	// join is the caller's span in the tracer's terms, nil if it has no ids and no say.
	join func(parent) opentracing.SpanContext
	// ids are those of a span, which is its children's parent.
	ids   func(opentracing.Span) parent
	close func() error
}

// New makes the tracer that the settings name. What goes wrong with the backend afterwards is
// logged, and changes nothing else.
func New(c Settings, log *slog.Logger) (Tracer, error) {
	var b backend
	var err error
	switch {
	case c.backend == "jaeger" && !c.jaeger.disabled:
		b, err = newJaeger(c, log)
	case c.backend == "zipkin":
		b, err = newZipkin(c, log)
	default:
		return Tracer{}, nil
	}
	server := tags{string(ext.SpanKind): string(ext.SpanKindRPCServerEnum)}
	return Tracer{backend: b, on: true, server: server}, err
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
	span opentracing.Span
	ids  parent
}

// TraceID returns the trace's id in hexadecimal: the caller's, where there is one.
func (s Span) TraceID() string { return s.ids.traceID }

// serverSpan is the key of a context's Span.
type serverSpan struct{}

// tags are those that all spans of a kind have. They are shared: nobody changes them.
type tags map[string]any

// Apply implements opentracing.StartSpanOption.
func (t tags) Apply(o *opentracing.StartSpanOptions) { o.Tags = t }

// Server begins the span of a request that came in, as a child of its caller's. The name must be
// one of few: it is what backends list. The request it returns carries the span.
func (t Tracer) Server(r *http.Request, name string) (*http.Request, Span) {
	from := parentOf(r.Header)
	if !t.on {
		return r, Span{ids: from}
	}
	if from.sampled == "" {
		from.sampled = t.undecided
	}
	span := t.ot.StartSpan(name, opentracing.ChildOf(t.join(from)), t.server)
	ext.HTTPMethod.Set(span, tag(r.Method))
	ext.HTTPUrl.Set(span, tag(r.URL.RequestURI()))
	if from.traceID == "" && from.sampled == sampledNo {
		ext.SamplingPriority.Set(span, 0)
	}
	s := Span{span, t.ids(span)}
	return r.WithContext(context.WithValue(r.Context(), serverSpan{}, s)), s
}

// tag returns s as a tag's value, without what else of the request it would keep in memory.
func tag(s string) string { return strings.Clone(s[:min(len(s), maxText)]) }

// Calls makes the spans of the GETs that go to one next hop. Make it with Tracer.Calls.
type Calls struct {
	tracer Tracer
	name   string
	tags   tags
}

// Calls returns what makes the spans of those to the named peer at the address.
func (t Tracer) Calls(peer string, to *url.URL) Calls {
	return Calls{tracer: t, name: "GET " + peer, tags: tags{
		string(ext.SpanKind): string(ext.SpanKindRPCClientEnum), string(ext.PeerService): peer,
		string(ext.HTTPMethod): http.MethodGet, string(ext.HTTPUrl): to.Redacted()}}
}

// Begin begins the span of the request out, which is made to answer in, and puts into out all
// headers by which the next hop joins the trace.
func (c Calls) Begin(in, out *http.Request) Span {
	for _, name := range passed() {
		if v := in.Header[name]; len(v) > 0 {
			out.Header[name] = v
		}
	}
	parent, ok := in.Context().Value(serverSpan{}).(Span)
	if !ok {
		return Span{}
	}
	span := c.tracer.ot.StartSpan(c.name, opentracing.ChildOf(parent.span.Context()), c.tags)
	s := Span{span, c.tracer.ids(span)}
	inject(s.ids, parent.ids.spanID, out.Header)
	return s
}

// inject writes the several B3 headers, and renews those other forms that the caller used:
// left as they came, they would name a span that is not the next hop's parent.
func inject(p parent, above string, h http.Header) {
	p.into(h, above)
	if first(h, b3Single) != "" {
		h[b3Single] = []string{p.single()}
	}
	if first(h, w3cParent) != "" {
		h[w3cParent] = []string{p.w3c()}
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
