// Package health answers the probes of Kubernetes, and of whoever else watches a service.
package health

import (
	"io"
	"net/http"
	"sync/atomic"

	"github.com/go-chi/chi/v5"
)

// State is a service's health. The zero value is up and ready.
type State struct{ draining atomic.Bool }

// Drain makes the service not ready, for good: no new requests should come.
func (s *State) Drain() { s.draining.Store(true) }

// Draining reports whether Drain was called.
func (s *State) Draining() bool { return s.draining.Load() }

// Routes adds /health and /health/live, which answer 200 as long as the process runs, and
// /health/ready, which answers 503 once the service drains. The bodies are Spring Boot's.
func (s *State) Routes(r chi.Router) {
	r.Get("/health", up)
	r.Get("/health/live", up)
	r.Get("/health/ready", func(w http.ResponseWriter, r *http.Request) {
		if s.Draining() {
			answer(w, http.StatusServiceUnavailable, `{"status":"OUT_OF_SERVICE"}`)
			return
		}
		up(w, r)
	})
}

func up(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, `{"status":"UP"}`) }

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body+"\n")
}
