package hop

import (
	"log/slog"
	"net/http"

	"istio-tutorial/service/answer"
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
	answer.Write(w, status, s.Name+" => "+line)
}

func (s Relay) ask(r *http.Request) (int, string) {
	a, err := s.Next.Get(r)
	if err == nil && a.OK() {
		return http.StatusOK, a.Body
	}
	return http.StatusServiceUnavailable, s.Next.Report(s.Log, r, a, err)
}
