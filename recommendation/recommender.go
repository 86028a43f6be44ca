package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service/answer"
	"istio-tutorial/service/setting"
)

// recommender is the state behind the answers.
type recommender struct {
	log *slog.Logger

	mu          sync.Mutex
	config          // its delay can change
	count       int // successful answers since the start, or since it last misbehaved
	misbehaving bool
}

func (s *recommender) routes(r chi.Router) {
	r.Get("/", s.answer)
	r.Get("/misbehave", s.behaviour(true, "Following requests to '/' will return a 503"))
	r.Get("/behave", s.behaviour(false, "Following requests to '/' will return a 200"))
	r.Put("/timeout", s.timeout)
}

func (s *recommender) answer(w http.ResponseWriter, r *http.Request) {
	if !s.wait(r.Context()) {
		return // the caller is gone: nobody reads an answer
	}
	count, misbehaving := s.next()
	if misbehaving {
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "recommendation misbehaves",
			slog.String("host", s.host), slog.Int("count", count))
		answer.Write(w, http.StatusServiceUnavailable, fmt.Sprintf("recommendation misbehavior from '%s'", s.host))
		return
	}
	s.log.LogAttrs(r.Context(), slog.LevelInfo, "recommendation "+s.version,
		slog.String("host", s.host), slog.Int("count", count))
	answer.Write(w, http.StatusOK, fmt.Sprintf("recommendation %s from '%s': %d", s.version, s.host, count))
}

// wait lets the delay pass and reports whether the caller still waits too.
func (s *recommender) wait(ctx context.Context) bool {
	s.mu.Lock()
	delay := s.delay
	s.mu.Unlock()
	if delay == 0 {
		return true
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// next counts one more answer, or starts again at 0 while it misbehaves.
func (s *recommender) next() (count int, misbehaving bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	if s.misbehaving {
		s.count = 0
	}
	return s.count, s.misbehaving
}

func (s *recommender) behaviour(misbehave bool, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.misbehaving = misbehave
		s.mu.Unlock()
		s.log.LogAttrs(r.Context(), slog.LevelInfo, text, slog.String("host", s.host))
		answer.Write(w, http.StatusOK, text)
	}
}

func (s *recommender) timeout(w http.ResponseWriter, r *http.Request) {
	var delay time.Duration
	value := r.URL.Query().Get("d")
	if err := setting.Duration(&delay)(value); err != nil {
		answer.Write(w, http.StatusBadRequest, fmt.Sprintf("timeout: d: %q: %v", value, err))
		return
	}
	s.mu.Lock()
	s.delay = delay
	s.mu.Unlock()
	text := fmt.Sprintf("Following requests to '/' will be answered after %v", delay)
	s.log.LogAttrs(r.Context(), slog.LevelInfo, text, slog.String("host", s.host))
	answer.Write(w, http.StatusOK, text)
}
