package service

import (
	"cmp"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service/accesslog"
	"istio-tutorial/service/health"
	"istio-tutorial/service/metrics"
	"istio-tutorial/service/text"
	"istio-tutorial/service/tracing"
)

// observer sees every request: it bounds it, counts it, traces it and logs it.
type observer struct {
	log     *slog.Logger
	tracer  tracing.Tracer
	metrics *metrics.Requests
	health  *health.State
	names   map[route]string // of spans
}

// route is what the router has a handler for.
type route struct{ method, path string }

// known returns the methods that routes may have.
func known() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodOptions}
}

// router serves the probes and the program's own routes, all of them observed.
func (o observer) router(p Program) http.Handler {
	r := chi.NewRouter()
	o.names = map[route]string{}
	r.Use(o.observe)
	r.MethodNotAllowed(notAllowed(r))
	o.health.Routes(r)
	p.Routes(r, Frame{Log: o.log, Tracer: o.tracer, Errors: o.metrics.Next})
	for _, method := range known() {
		o.names[route{method: method}] = method
	}
	_ = chi.Walk(r, func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		o.names[route{method, path}] = method + " " + path
		o.metrics.Route(path)
		return nil
	})
	return r
}

// spanName returns one of few names, so that strangers cannot make up operations in a backend.
func (o observer) spanName(r *http.Request) string {
	return cmp.Or(o.names[route{r.Method, r.URL.Path}], o.names[route{method: r.Method}], "HTTP")
}

// notAllowed answers a method that a path does not have. Chi's own names what is allowed only
// to those methods that it knows.
func notAllowed(routes chi.Routes) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, method := range known() {
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
			r, span = o.tracer.Server(r, o.spanName(r))
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
		if len(r.TransferEncoding) > 0 { // a Content-Length beside it could hide a second request
			w.Header().Set("Connection", "close")
		}
		if refusal := accept(w, r); refusal != 0 {
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
		slog.String("method", text.Cut(r.Method, text.MaxField)),
		slog.String("path", text.Cut(r.URL.Path, text.MaxField)),
		slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("caller", r.RemoteAddr),
		slog.String("user_agent", text.Cut(r.UserAgent(), text.MaxField)),
		slog.String("trace", trace))
}

// refused returns what counts the connections that there was no room for, and warns of them.
func (o observer) refused(setting string, most int) func() {
	var warning accesslog.Seldom
	return func() {
		o.metrics.Refused()
		if warning.Due() {
			o.log.Warn("too many connections", "on", setting, "most", most, "repeats", "at most once a minute")
		}
	}
}

// routeOf returns the pattern that matched, so that strangers cannot make up label values.
func routeOf(r *http.Request) string {
	if pattern := chi.RouteContext(r.Context()).RoutePattern(); pattern != "" {
		return pattern
	}
	return "none"
}

// accept reads what the request brings, which no route wants, within bounds of size and time,
// and returns the status of a refusal, or 0.
func accept(w http.ResponseWriter, r *http.Request) int {
	if r.ProtoMajor != 1 { // net/http lets the preface of HTTP/2 pass
		return http.StatusHTTPVersionNotSupported
	}
	if r.ContentLength == 0 {
		return 0
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(headerWithin))
	if r.ContentLength > maxBody { // unread, it is not asked for by a 100 either
		return http.StatusRequestEntityTooLarge
	}
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

// WriteString implements io.StringWriter: a large text is not copied.
func (w *recorder) WriteString(s string) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return io.WriteString(w.ResponseWriter, s)
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
