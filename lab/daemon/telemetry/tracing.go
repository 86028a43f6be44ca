package telemetry

import (
	"cmp"
	"net"
	"net/url"
)

// Tracing is where spans go.
type Tracing struct {
	Backend string              // zipkin or jaeger; "" is off
	Getenv  func(string) string // says where the backend is, if not where it is by default
}

// zipkinDefault is where Zipkin listens.
const zipkinDefault = "localhost:9411"

// tracingVariables are those by which services find their backend, if it is not where it is by
// default.
func tracingVariables() []string {
	return []string{
		"ZIPKIN_URL", "JAEGER_ENDPOINT", "JAEGER_AGENT_HOST", "JAEGER_AGENT_PORT",
	}
}

// Env is what has the services report to the backend, NAME=VALUE; empty if it is off.
func (t Tracing) Env() []string {
	if t.Backend == "" {
		return nil
	}
	env := []string{"TRACING=" + t.Backend}
	for _, name := range tracingVariables() {
		if value := t.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// Zipkin is where Envoy's spans go, host:port; Jaeger takes them at Zipkin's port, too. It is "" if
// tracing is off.
func (t Tracing) Zipkin() string {
	if t.Backend == "" {
		return ""
	}
	if u, err := url.Parse(t.Getenv("ZIPKIN_URL")); err == nil && u.Host != "" {
		return u.Host
	}
	return zipkinDefault
}

// The backends' own pages, by default.
const (
	jaegerPage  = "16686"
	jaegerTrace = "/trace/"
	zipkinTrace = "/zipkin/traces/"
)

// Page is the URL where a reader finds a trace, but for its id; "" if tracing is off.
func (t Tracing) Page() string {
	switch t.Backend {
	case "zipkin":
		return "http://" + t.Zipkin() + zipkinTrace
	case "jaeger":
		host := t.Getenv("JAEGER_AGENT_HOST")
		if u, err := url.Parse(t.Getenv("JAEGER_ENDPOINT")); err == nil && u.Host != "" {
			host = u.Hostname()
		}
		return "http://" + net.JoinHostPort(cmp.Or(host, "localhost"), jaegerPage) + jaegerTrace
	}
	return ""
}
