package tracing

import (
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/config"
)

func newJaeger(c Settings, log *slog.Logger) (backend, error) {
	j, complain := c.jaeger, &complaints{log: log}
	conf := config.Configuration{
		ServiceName: c.service,
		Gen128Bit:   j.traceID128,
		Tags:        tagsOf(j.tags),
		Sampler:     &config.SamplerConfig{Type: j.samplerType, Param: j.samplerParam},
	}
	if j.samplingEndpoint != nil {
		conf.Sampler.SamplingServerURL = j.samplingEndpoint.String()
	}
	tracer, closer, err := conf.NewTracer(
		config.Reporter(jaegerReporter(c, complain)),
		config.Logger(complain),
		config.PoolSpans(true),
		config.Extractor(opentracing.HTTPHeaders, extractor{}),
	)
	if err != nil {
		return backend{}, err
	}
	return backend{
		ot:        tracer,
		undecided: sampledYes, // it cannot leave the decision on a trace that it joins to the sampler
		join: func(p parent) opentracing.SpanContext {
			if p.traceID == "" {
				return nil
			}
			c, _ := tracer.Extract(opentracing.HTTPHeaders, p)
			return c
		},
		ids:   jaegerIDs,
		close: closer.Close,
	}, nil
}

// extractor hands a parent to the tracer, which takes the decision of a span as made only
// where it has extracted that span.
type extractor struct{}

// Extract implements jaeger.Extractor.
func (extractor) Extract(carrier any) (jaeger.SpanContext, error) {
	p := carrier.(parent)
	trace, err := jaeger.TraceIDFromString(p.traceID)
	if err != nil {
		return jaeger.SpanContext{}, err
	}
	span, err := jaeger.SpanIDFromString(p.spanID)
	return jaeger.NewSpanContext(trace, span, 0, p.sampled == sampledYes, nil), err
}

func jaegerIDs(s opentracing.Span) parent {
	c := s.(*jaeger.Span).SpanContext()
	trace := c.TraceID()
	p := parent{idOf(trace.Low), idOf(uint64(c.SpanID())), sampledNo}
	if trace.High != 0 {
		p.traceID = idOf(trace.High, trace.Low)
	}
	if c.IsSampled() {
		p.sampled = sampledYes
	}
	return p
}

func jaegerReporter(c Settings, complain *complaints) jaeger.Reporter {
	if c.jaeger.endpoint != nil {
		return newReporter(c, complain)
	}
	params := jaeger.UDPTransportParams{}
	params.HostPort = net.JoinHostPort(c.jaeger.agentHost, c.jaeger.agentPort)
	params.Logger = complain
	return jaeger.NewRemoteReporter(&agent{params: params},
		jaeger.ReporterOptions.QueueSize(c.queueSize),
		jaeger.ReporterOptions.BufferFlushInterval(c.flushEvery()),
		jaeger.ReporterOptions.Logger(complain))
}

// agent sends to Jaeger's agent. It looks the agent's host up when the first span comes, in
// the reporter's goroutine: a name server that does not answer must not keep a program from
// starting.
type agent struct {
	params jaeger.UDPTransportParams
	sender jaeger.Transport
}

// Append implements jaeger.Transport.
func (a *agent) Append(span *jaeger.Span) (int, error) {
	if a.sender == nil {
		sender, err := jaeger.NewUDPTransportWithParams(a.params)
		if err != nil {
			return 0, err
		}
		a.sender = sender
	}
	return a.sender.Append(span)
}

// Flush implements jaeger.Transport.
func (a *agent) Flush() (int, error) {
	if a.sender == nil {
		return 0, nil
	}
	return a.sender.Flush()
}

// Close implements jaeger.Transport.
func (a *agent) Close() error {
	if a.sender == nil {
		return nil
	}
	return a.sender.Close()
}

// direct reaches a backend without the sidecar, whatever HTTP_PROXY says: spans are not part
// of what the mesh shows.
func direct() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	return t
}

func tagsOf(list string) []opentracing.Tag {
	var tags []opentracing.Tag
	for pair := range strings.SplitSeq(list, ",") {
		if k, v, ok := strings.Cut(pair, "="); ok {
			tags = append(tags, opentracing.Tag{Key: strings.TrimSpace(k), Value: strings.TrimSpace(v)})
		}
	}
	return tags
}
