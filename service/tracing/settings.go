package tracing

import (
	"net/url"
	"time"

	"istio-tutorial/service/setting"
)

// Settings say where spans go. The JAEGER_ ones mean what the Jaeger client's documentation
// says; only the defaults of the sampler (all requests), the queue and the flushing are ours.
// Those of every tracer have such names too: JAEGER_SERVICE_NAME is the contract's.
type Settings struct {
	backend       string // off, jaeger or zipkin
	service       string // the name that spans carry
	flushInterval time.Duration
	queueSize     int
	zipkin        *url.URL
	jaeger        jaegerSettings
}

type jaegerSettings struct {
	agentHost, agentPort       string
	endpoint, samplingEndpoint *url.URL
	user, password             string
	samplerType, tags          string
	samplerParam               float64
	traceID128, disabled       bool
}

// Declare adds the settings to s. Service is the name that spans carry by default.
func (c *Settings) Declare(s *setting.Set, service string) {
	j := &c.jaeger
	s.Add("TRACING", "off", "tracer: off, jaeger or zipkin",
		setting.OneOf(&c.backend, "off", "jaeger", "zipkin"))
	s.Add("ZIPKIN_URL", "http://localhost:9411/api/v2/spans", "where Zipkin takes spans",
		setting.URL(&c.zipkin))
	s.Add("JAEGER_SERVICE_NAME", service, "the service's name in a trace, of Zipkin too",
		setting.String(&c.service))
	s.Add("JAEGER_AGENT_HOST", "localhost", "host of Jaeger's agent",
		setting.String(&j.agentHost))
	s.Add("JAEGER_AGENT_PORT", "6831", "UDP port of Jaeger's agent",
		setting.Port(&j.agentPort))
	s.Add("JAEGER_ENDPOINT", "", "Jaeger's collector, instead of the agent: http://HOST:14268/api/traces",
		setting.OptionalURL(&j.endpoint))
	s.Add("JAEGER_USER", "", "user for the collector", setting.String(&j.user))
	s.Add("JAEGER_PASSWORD", "", "password for the collector", setting.String(&j.password))
	s.Add("JAEGER_SAMPLER_TYPE", "const", "const, probabilistic, ratelimiting or remote",
		setting.OneOf(&j.samplerType, "const", "probabilistic", "ratelimiting", "remote"))
	s.Add("JAEGER_SAMPLER_PARAM", "1", "the sampler's parameter: const 0 or 1, a probability, traces a second",
		setting.Number(&j.samplerParam))
	s.Add("JAEGER_SAMPLING_ENDPOINT", "", "where the remote sampler asks",
		setting.OptionalURL(&j.samplingEndpoint))
	s.Add("JAEGER_REPORTER_FLUSH_INTERVAL", "200ms", "how often spans are sent",
		setting.Duration(&c.flushInterval))
	s.Add("JAEGER_REPORTER_MAX_QUEUE_SIZE", "20000", "spans that wait at most; more are dropped",
		setting.Count(&c.queueSize))
	s.Add("JAEGER_TAGS", "", "tags of every span: k1=v1,k2=v2", setting.String(&j.tags))
	s.Add("JAEGER_DISABLED", "false", "no spans to Jaeger after all", setting.Bool(&j.disabled))
	s.Add("JAEGER_TRACEID_128BIT", "false", "long trace ids", setting.Bool(&j.traceID128))
}

// flushEvery returns the interval that was set, unless that leaves a reporter no time for
// anything else: Zipkin's panics at 0.
func (c Settings) flushEvery() time.Duration { return max(c.flushInterval, time.Millisecond) }
