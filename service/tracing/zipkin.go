package tracing

import (
	stdlog "log"
	"log/slog"
	"net/http"
	"time"

	"github.com/opentracing/opentracing-go"
	zipkinot "github.com/openzipkin-contrib/zipkin-go-opentracing"
	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"
	reporter "github.com/openzipkin/zipkin-go/reporter/http"
)

func newZipkin(c Settings, log *slog.Logger) (backend, error) {
	report := reporter.NewReporter(c.zipkin.String(),
		reporter.Client(&http.Client{Transport: direct()}),
		reporter.BatchInterval(c.jaeger.flushEvery()),
		reporter.BatchSize(500),
		reporter.MaxBacklog(c.jaeger.queueSize),
		reporter.Timeout(5*time.Second),
		reporter.Logger(stdlog.New(&complaints{log: log}, "", 0)))
	tracer, err := zipkin.NewTracer(report,
		zipkin.WithLocalEndpoint(&model.Endpoint{ServiceName: c.jaeger.service}),
		// a span of its own for each side of a call: the parents then tell the chain's order
		zipkin.WithSharedSpans(false))
	if err != nil {
		return backend{}, err
	}
	return backend{
		ot:      zipkinot.Wrap(tracer),
		traceID: func(c opentracing.SpanContext) string { return c.(zipkinot.SpanContext).TraceID.String() },
		close:   report.Close,
	}, nil
}
