// Package telemetry is what a lab has for the tools that watch a mesh: for Prometheus what the rules
// count of requests, and where the programs have metrics of their own; for Zipkin and Jaeger the spans.
package telemetry

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/common/expfmt"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/pods"
)

const (
	metricsPath = "/metrics"
	targetsPath = "/targets"
)

// Server is what others ask the lab for on loopback: its metrics, and where the programs have theirs;
// and the spans of Envoy pass through it.
type Server struct {
	listener net.Listener
	server   *http.Server
}

// Serve begins to serve the counters, and the targets: the pods, once the lab is running. zipkin is where
// spans go, host:port, "" for nowhere. The server must be closed.
func Serve(c *Counters, running func() ([]pods.Pod, bool), zipkin string) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+metricsPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
		_ = c.Write(w) // the client may be gone
	})
	mux.HandleFunc("GET "+targetsPath, serveTargets(running))
	if zipkin != "" {
		mux.Handle("POST "+envoy.SpansPath, envoy.RelaySpans(zipkin))
	}
	s := &Server{listener, &http.Server{
		Handler: fromHere(mux), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}}
	go func() { _ = s.server.Serve(listener) }() // it ends when the server is closed
	return s, nil
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

// Close ends it; questions under way get no answer.
func (s *Server) Close() error { return s.server.Close() }

// Address is where it listens, host:port.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Metrics is the URL of what the rules count.
func (s *Server) Metrics() string { return "http://" + s.Address() + metricsPath }

// Targets is the URL of where the programs have metrics of their own.
func (s *Server) Targets() string { return "http://" + s.Address() + targetsPath }
