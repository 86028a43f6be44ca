package service

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service/health"
	"istio-tutorial/service/metrics"
	"istio-tutorial/service/tracing"
)

// observer sees every request: it bounds it, counts it, traces it and logs it.
type observer struct {
	log     *slog.Logger
	tracer  tracing.Tracer
	metrics *metrics.Requests
	health  *health.State
}

// router serves the probes and the program's own routes, all of them observed.
func (o observer) router(p Program) http.Handler {
	r := chi.NewRouter()
	r.Use(o.observe)
	r.MethodNotAllowed(notAllowed(r))
	o.health.Routes(r)
	p.Routes(r, Frame{Log: o.log, Tracer: o.tracer})
	return r
}

// notAllowed answers a method that a path does not have. Chi's own names what is allowed only
// to those methods that it knows.
func notAllowed(routes chi.Routes) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
			http.MethodPatch, http.MethodDelete, http.MethodOptions} {
			if routes.Match(chi.NewRouteContext(), method, r.URL.Path) {
				w.Header().Add("Allow", method)
			}
		}
		if w.Header()["Allow"] == nil {
			http.NotFound(w, r)
			return
		}
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
	}
}

func (o observer) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &recorder{ResponseWriter: w, start: time.Now()}
		o.metrics.Started()
		span := tracing.Span{}
		probe := r.URL.Path == "/health" || strings.HasPrefix(r.URL.Path, "/health/")
		if !probe { // probes would bury what the reader looks for
			r, span = o.tracer.Server(r)
		}
		defer func() {
			took, status := time.Since(answer.start), answer.outcome(r)
			o.metrics.Answered(routeOf(r), status, took)
			if !probe {
				o.line(r, span.TraceID(), status, took)
			}
			span.End(status, status >= http.StatusInternalServerError)
		}()
		if o.health.Draining() {
			w.Header().Set("Connection", "close") // callers go elsewhere before the port closes
		}
		if refusal := readBody(w, r); refusal != 0 {
			w.Header().Set("Connection", "close")
			http.Error(answer, http.StatusText(refusal), refusal)
		} else {
			next.ServeHTTP(answer, r)
		}
		answer.complete = true
	})
}

func (o observer) line(r *http.Request, trace string, status int, took time.Duration) {
	o.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("caller", r.RemoteAddr),
		slog.String("user_agent", r.UserAgent()),
		slog.String("trace", trace))
}

// routeOf returns the pattern that matched, so that strangers cannot make up label values.
func routeOf(r *http.Request) string {
	if pattern := chi.RouteContext(r.Context()).RoutePattern(); pattern != "" {
		return pattern
	}
	return "none"
}

// readBody reads what the request brings, which no route wants, within bounds of size and
// time, and returns the status of a refusal, or 0.
func readBody(w http.ResponseWriter, r *http.Request) int {
	if r.ContentLength == 0 {
		return 0
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(headerWithin))
	_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		_ = control.SetReadDeadline(time.Time{})
		return 0
	}
	// the deadline stays: after the answer, the server reads on for a while
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}

// recorder keeps the answer's status, and starts the clock of a slow reader with the answer:
// the request may have waited long before.
type recorder struct {
	http.ResponseWriter
	start    time.Time
	status   int
	complete bool // the handler returned
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(writeWithin))
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// statusGone is nginx's for a caller that did not wait for its answer.
const statusGone = 499

// outcome returns what counts as the status: the answer's, if the caller got one.
func (w *recorder) outcome(r *http.Request) int {
	switch {
	case r.Context().Err() != nil:
		return statusGone
	case !w.complete: // a handler panicked
		return http.StatusInternalServerError
	case w.status == 0:
		return http.StatusOK
	}
	return w.status
}
