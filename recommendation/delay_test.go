package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service/servicetest"
)

// router returns the service's own, without the frame.
func router(c config, log *slog.Logger) http.Handler {
	r := chi.NewRouter()
	(&recommender{config: c, log: log}).routes(r)
	return r
}

// ask asks within the process, for a time that synctest can tell.
func ask(ctx context.Context, h http.Handler, method, path string) (body string, took time.Duration) {
	w, start := httptest.NewRecorder(), time.Now()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, method, path, nil))
	return w.Body.String(), time.Since(start)
}

func TestDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := router(config{version: "v1", host: "h", delay: 3 * time.Second}, slog.New(slog.DiscardHandler))
		for i, c := range []struct { // in this order
			method, path, body string
			took               time.Duration
		}{
			{"GET", "/", "recommendation v1 from 'h': 1\n", 3 * time.Second},
			{"GET", "/misbehave", "Following requests to '/' will return a 503\n", 0},
			{"GET", "/", "recommendation misbehavior from 'h'\n", 3 * time.Second},
			{"GET", "/behave", "Following requests to '/' will return a 200\n", 0},
			{"PUT", "/timeout?d=1m30s", "Following requests to '/' will be answered after 1m30s\n", 0},
			{"GET", "/", "recommendation v1 from 'h': 1\n", 90 * time.Second},
			{"PUT", "/timeout?d=0s", "Following requests to '/' will be answered after 0s\n", 0},
			{"GET", "/", "recommendation v1 from 'h': 2\n", 0},
		} {
			body, took := ask(t.Context(), h, c.method, c.path)
			if body != c.body || took != c.took {
				t.Errorf("%d. %s: got %q after %v, want %q after %v", i+1, c.path, body, took, c.body, c.took)
			}
		}
	})
}

// A request is delayed by what was set when it came.
func TestNewDelayDoesNotChangeWaitingRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := router(config{delay: time.Hour}, slog.New(slog.DiscardHandler))
		took := make(chan time.Duration)
		go func() {
			_, d := ask(t.Context(), h, http.MethodGet, "/")
			took <- d
		}()
		synctest.Wait()
		ask(t.Context(), h, http.MethodPut, "/timeout?d=0s")
		if d := <-took; d != time.Hour {
			t.Errorf("took %v", d)
		}
	})
}

func TestGoneCallersDoNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := router(config{version: "v1", host: "h", delay: 3 * time.Second}, slog.New(slog.DiscardHandler))
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		if body, took := ask(ctx, h, http.MethodGet, "/"); body != "" || took != time.Second {
			t.Errorf("nobody waits, and it says %q after %v", body, took)
		}
		if body, _ := ask(t.Context(), h, http.MethodGet, "/"); body != "recommendation v1 from 'h': 1\n" {
			t.Errorf("got %q", body)
		}
	})
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	s := start(t, map[string]string{"TIMEOUT": "1h"})
	for _, value := range []string{"3", "-3s", "a\n", ""} {
		got := servicetest.Send(t, http.MethodPut, s.URL+"/timeout?d="+url.QueryEscape(value), "")
		want := fmt.Sprintf("timeout: d: %q: not a duration such as 3s or 500ms\n", value)
		if got.Status != http.StatusBadRequest || got.Body != want {
			t.Errorf("got %d %q, want %s", got.Status, got.Body, want)
		}
	}
	if got := servicetest.Send(t, http.MethodPut, s.URL+"/timeout?d=0s", ""); got.Status != http.StatusOK {
		t.Errorf("got %+v", got)
	}
	if got := servicetest.Get(t, s.URL).Body; got != "recommendation v1 from 'unknown': 1\n" {
		t.Errorf("got %q", got)
	}
}

// order notes what happens, in the log and in the answer.
type order struct{ events []string }

func (o *order) Header() http.Header { return http.Header{} }

func (o *order) WriteHeader(int) { o.events = append(o.events, "status") }

func (o *order) Write(p []byte) (int, error) {
	o.events = append(o.events, "answer "+string(p))
	return len(p), nil
}

type logOf struct{ *order }

func (l logOf) Write(p []byte) (int, error) {
	l.events = append(l.events, "log "+string(p))
	return len(p), nil
}

// The mirroring lesson is seen in the log alone: nobody waits for a mirrored answer.
func TestLogsBeforeItAnswers(t *testing.T) {
	t.Parallel()
	o := &order{}
	h := router(config{version: "v2", host: "abc"}, slog.New(slog.NewTextHandler(logOf{o}, nil)))
	h.ServeHTTP(o, httptest.NewRequest(http.MethodGet, "/", nil))
	if len(o.events) != 3 || !strings.HasSuffix(o.events[0], `msg="recommendation v2" host=abc count=1`+"\n") ||
		o.events[1] != "status" || !strings.HasPrefix(o.events[2], "answer ") {
		t.Errorf("in this order: %q", o.events)
	}
}
