package hop

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
)

// Relay answers with its own name and what the next service said.
type Relay struct {
	Name string // its own; required
	Next *Client
	Log  *slog.Logger
}

// ServeHTTP implements http.Handler: `NAME => BODY`, or 503 and `NAME => STATUS BODY`, or 503
// and `NAME => ADDRESS: CAUSE`.
func (s Relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, line := s.ask(r)
	Write(w, status, s.Name+" => "+line)
}

func (s Relay) ask(r *http.Request) (int, string) {
	a, err := s.Next.Get(r)
	if err == nil && a.OK() {
		return http.StatusOK, a.Body
	}
	reason := Reason(a, err)
	s.Log.LogAttrs(r.Context(), slog.LevelWarn, fmt.Sprintf("%s failed", s.Next.name),
		slog.String("reason", reason))
	return http.StatusServiceUnavailable, reason
}

// Reason says in the chain's words what the next service failed with: its status and its
// body, or the status's own phrase where the body says nothing.
func Reason(a Answer, err error) string {
	if err != nil {
		return err.Error()
	}
	body := a.Body
	if body == "" || strings.HasPrefix(body, "null") {
		body = http.StatusText(a.Status)
	}
	return strings.TrimSpace(strconv.Itoa(a.Status) + " " + body)
}

// Write answers with plain text and ends it with a new line.
func Write(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}
