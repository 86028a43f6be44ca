// Package metrics counts and times a service's requests for Prometheus.
package metrics

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"istio-tutorial/service/version"
)

// Requests holds a service's figures. Make it with New.
type Requests struct {
	registry *prometheus.Registry
	inFlight prometheus.Gauge
	total    *prometheus.CounterVec
	errors   *prometheus.CounterVec
	duration *prometheus.HistogramVec
	next     *prometheus.CounterVec
	refused  prometheus.Counter
	series   sync.Map // series by key: looking labels up costs more than counting
}

type key struct {
	route  string
	status int
}

type series struct {
	total, errors prometheus.Counter
	duration      prometheus.Observer
}

// New makes the figures of the named service, with those of the Go runtime and the process.
// Dropped counts the lines that the log has lost.
func New(service string, dropped func() int64) *Requests {
	labels := prometheus.Labels{"service": service}
	m := &Requests{
		registry: prometheus.NewRegistry(),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_requests_in_flight", Help: "Requests being answered.", ConstLabels: labels}),
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests answered.", ConstLabels: labels},
			[]string{"route", "status"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_request_errors_total", Help: "Requests answered with a 5xx status.", ConstLabels: labels},
			[]string{"route"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time from a request's header to its answer's end.",
			Buckets:     []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
			ConstLabels: labels}, []string{"route", "status_class"}),
		next: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "next_request_errors_total", ConstLabels: labels,
			Help: "Requests to the next service without a proper answer, by its status, or why there was none."},
			[]string{"next", "cause"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "http_connections_refused_total", Help: "Connections that there was no room for.",
			ConstLabels: labels}),
	}
	lost := prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "log_lines_dropped_total", Help: "Lines of the log that nobody took, or that could not be written.",
		ConstLabels: labels}, func() float64 { return float64(dropped()) })
	m.registry.MustRegister(m.inFlight, m.total, m.errors, m.duration, m.next, m.refused, lost, buildInfo(labels),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func buildInfo(labels prometheus.Labels) prometheus.Collector {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "build_info", Help: "The program's version control revision and Go version; always 1.",
		ConstLabels: labels}, []string{"revision", "go_version"})
	build := version.Read()
	info.WithLabelValues(build.Revision, build.Go).Set(1)
	return info
}

// Refused counts a connection that there was no room for.
func (m *Requests) Refused() { m.refused.Inc() }

// Route has the errors of a route counted from 0: a rate does not see the one that a counter begins with.
func (m *Requests) Route(route string) { m.errors.WithLabelValues(route) }

// Next returns what counts the errors of the next service by their cause. Those of the named causes
// are counted from 0.
func (m *Requests) Next(name string, causes []string) func(cause string) {
	for _, cause := range causes {
		m.next.WithLabelValues(name, cause)
	}
	return func(cause string) { m.next.WithLabelValues(name, cause).Inc() }
}

// Started counts a request in; the caller owes one Answered.
func (m *Requests) Started() { m.inFlight.Inc() }

// Answered counts a request out. Route is the pattern that matched, so that there are few.
func (m *Requests) Answered(route string, status int, took time.Duration) {
	m.inFlight.Dec()
	s := m.of(key{route, status})
	s.total.Inc()
	s.duration.Observe(took.Seconds())
	if s.errors != nil {
		s.errors.Inc()
	}
}

func (m *Requests) of(k key) *series {
	if s, ok := m.series.Load(k); ok {
		return s.(*series)
	}
	s := &series{
		total:    m.total.WithLabelValues(k.route, strconv.Itoa(k.status)),
		duration: m.duration.WithLabelValues(k.route, strconv.Itoa(k.status/100)+"xx"),
	}
	if k.status >= 500 {
		s.errors = m.errors.WithLabelValues(k.route)
	}
	m.series.Store(k, s)
	return s
}

// Handler serves the figures on /metrics, in Prometheus' text format.
func (m *Requests) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}
