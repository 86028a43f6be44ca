package hop

import (
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
	return http.StatusServiceUnavailable, s.Next.Report(s.Log, r, a, err)
}

// Report logs what the next service failed with, and returns it in the chain's words: its
// status and its body, or the status's own phrase where the body says nothing. A caller that
// is gone is no failure of the next service's.
func (c *Client) Report(log *slog.Logger, in *http.Request, a Answer, err error) string {
	reason := reason(a, err)
	level, message := slog.LevelWarn, c.name+" failed"
	if callerGone(in) {
		level, message = slog.LevelInfo, "gave up on "+c.name
	}
	log.LogAttrs(in.Context(), level, message, slog.String("reason", reason))
	return reason
}

func reason(a Answer, err error) string {
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
