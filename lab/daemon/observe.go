package daemon

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/traffic"
)

const (
	metricsPath   = "/metrics"
	targetsPath   = "/targets"
	zipkinDefault = "localhost:9411"
)

// observer is what others ask the lab for on loopback: its metrics, and where the programs have theirs; and the spans of Envoy pass
// through it.
type observer struct {
	listener net.Listener
	server   *http.Server
}

// observe begins to serve the counters and the targets; zipkin is where spans go, "" for nowhere.
func observe(c *counters, targets http.HandlerFunc, zipkin string) (*observer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+metricsPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
		_ = c.write(w) // the client may be gone
	})
	mux.HandleFunc("GET "+targetsPath, targets)
	if zipkin != "" {
		mux.Handle("POST "+envoy.SpansPath, envoy.RelaySpans(zipkin))
	}
	o := &observer{listener, &http.Server{
		Handler: fromHere(mux), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}}
	go func() { _ = o.server.Serve(listener) }() // it ends when the server is closed
	return o, nil
}

// fromHere refuses what a web page sends: it has an Origin, or the name of its own host.
func fromHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		ip := net.ParseIP(host)
		isHere := host == "localhost" || ip != nil && ip.IsLoopback()
		if !isHere || r.Header.Get("Origin") != "" {
			http.Error(w, "for programs of this machine, by its loopback address", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (o *observer) close() error { return o.server.Close() }

func (o *observer) address() string { return o.listener.Addr().String() }

func (l *lab) metrics(context.Context, struct{}) (string, error) {
	var text strings.Builder
	err := l.counters.write(&text)
	return text.String(), err
}

func (l *lab) metricsURL() string { return "http://" + l.observer.address() + metricsPath }

func (l *lab) targetsURL() string { return "http://" + l.observer.address() + targetsPath }

// tracingVariables are those by which services find their backend, if it is not where it is by
// default.
func tracingVariables() []string {
	return []string{
		"ZIPKIN_URL", "JAEGER_ENDPOINT", "JAEGER_AGENT_HOST", "JAEGER_AGENT_PORT",
	}
}

// tracing is what has the services report to a backend.
func (l *lab) tracing() []string {
	if l.cfg.Tracing == "" {
		return nil
	}
	env := []string{"TRACING=" + l.cfg.Tracing}
	for _, name := range tracingVariables() {
		if value := l.cfg.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// zipkin is where Envoy's spans go, host:port; Jaeger takes them at Zipkin's port, too.
func (l *lab) zipkin() string {
	if l.cfg.Tracing == "" {
		return ""
	}
	if u, err := url.Parse(l.cfg.Getenv("ZIPKIN_URL")); err == nil && u.Host != "" {
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

// traces is where the reader finds a trace, but for its id; "" where there are none.
func (l *lab) traces() string {
	switch l.cfg.Tracing {
	case "zipkin":
		return "http://" + l.zipkin() + zipkinTrace
	case "jaeger":
		host := l.cfg.Getenv("JAEGER_AGENT_HOST")
		if u, err := url.Parse(l.cfg.Getenv("JAEGER_ENDPOINT")); err == nil && u.Host != "" {
			host = u.Hostname()
		}
		return "http://" + net.JoinHostPort(cmp.Or(host, "localhost"), jaegerPage) + jaegerTrace
	}
	return ""
}

// addTraces says where the spans of requests are.
func (l *lab) addTraces(list []*traffic.Request) {
	traces := l.traces()
	for _, r := range list {
		if traces != "" && r.TraceID != "" {
			r.Trace = traces + url.PathEscape(r.TraceID)
		}
	}
}
