package tracing

import (
	stdlog "log"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/opentracing/opentracing-go"
	zipkinot "github.com/openzipkin-contrib/zipkin-go-opentracing"
	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"
	zipkinhttp "github.com/openzipkin/zipkin-go/reporter/http"
)

func newZipkin(c Settings, log *slog.Logger) (backend, error) {
	complain := &complaints{log: log}
	report := zipkinhttp.NewReporter(c.zipkin.String(),
		zipkinhttp.Client(lossy{&http.Client{Transport: direct()}, complain}),
		zipkinhttp.BatchInterval(c.flushEvery()),
		zipkinhttp.BatchSize(batchSize),
		zipkinhttp.MaxBacklog(c.queueSize),
		zipkinhttp.Timeout(sendWithin),
		zipkinhttp.Logger(stdlog.New(complain, "", 0)))
	tracer, err := zipkin.NewTracer(report,
		zipkin.WithLocalEndpoint(&model.Endpoint{ServiceName: c.service}),
		// a span of its own for each side of a call: the parents then tell the chain's order
		zipkin.WithSharedSpans(false))
	if err != nil {
		return backend{}, err
	}
	return backend{
		ot:    zipkinot.Wrap(tracer),
		join:  joinZipkin,
		ids:   zipkinIDs,
		close: report.Close,
	}, nil
}

// joinZipkin leaves a decision to the tracer that the caller did not make. It keeps one that
// came without ids.
func joinZipkin(p parent) opentracing.SpanContext {
	var c zipkinot.SpanContext
	if p.traceID != "" {
		c.TraceID, _ = model.TraceIDFromHex(p.traceID) // both were checked
		id, _ := strconv.ParseUint(p.spanID, 16, 64)
		c.ID = model.ID(id)
	}
	if p.sampled != "" {
		sampled := p.sampled == sampledYes
		c.Sampled = &sampled
	}
	return c
}

func zipkinIDs(s opentracing.Span) parent {
	c := s.Context().(zipkinot.SpanContext)
	p := parent{c.TraceID.String(), c.ID.String(), sampledNo}
	if *c.Sampled { // the tracer has decided
		p.sampled = sampledYes
	}
	return p
}

// lossy gives up spans that the backend does not take, as Jaeger's client does. Without it,
// the reporter keeps them all and writes them anew at each attempt, which costs a core.
type lossy struct {
	client   *http.Client
	complain *complaints
}

// Do implements the reporter's HTTPDoer. An error becomes an answer, after which the reporter
// forgets what it sent.
func (l lossy) Do(r *http.Request) (*http.Response, error) {
	res, err := l.client.Do(r)
	if err != nil {
		l.complain.Error(err.Error())
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody}, nil
	}
	return res, nil
}
