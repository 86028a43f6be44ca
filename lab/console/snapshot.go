package console

import (
	"context"
	"net/http"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/traffic"
)

// Snapshot is all that the page shows all the time. One is enough: each has everything.
type Snapshot struct {
	At  int64 `json:"at"` // of the lab's clock, in milliseconds
	Lab *Lab  `json:"lab,omitempty"`
	// Gone is why there is nothing else: the lab does not answer.
	Gone     string                         `json:"gone,omitempty"`
	Tables   map[traffic.Span]traffic.Table `json:"tables,omitempty"`
	History  *traffic.History               `json:"history,omitempty"`
	Rules    []traffic.Rule                 `json:"rules,omitempty"`
	Requests []Request                      `json:"requests,omitempty"` // the latest last
	Sending  *Sending                       `json:"sending,omitempty"`

	at time.Time
}

// Lab is what there is to know of a lab.
type Lab struct {
	Name    string `json:"name"`
	Ingress string `json:"ingress"`
	Edition string `json:"edition"`
	Started int64  `json:"started"` // tells one run from the next
	Typed   string `json:"typed"`   // what a verb stands behind, such as bin/lab
}

// shown is how many requests a snapshot has: those that come between two, with room for a client
// that misses some.
const shown = 60

// take asks the lab.
func (c *Console) take(ctx context.Context, q control.LiveQuery) (Snapshot, error) {
	live, err := c.cfg.Lab.Live(ctx, q)
	if err != nil {
		return Snapshot{}, err
	}
	status, err := c.cfg.Lab.Status(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{
		At: live.At.UnixMilli(), at: live.At, History: &live.History, Rules: live.Rules,
		Tables: map[traffic.Span]traffic.Table{}, Requests: c.keep(live.Requests), Sending: c.sender.state(),
		Lab: &Lab{
			Name: status.Name, Ingress: status.Ingress, Edition: string(status.Edition),
			Started: status.Started.UnixMilli(), Typed: c.cfg.Typed(""),
		},
	}
	for _, t := range live.Tables {
		s.Tables[t.Span] = t
	}
	return s, nil
}

// keep adds what is new to what was, and returns the latest of both.
func (c *Console) keep(news []*traffic.Request) []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := map[string]int{}
	for i, r := range c.recent {
		known[r.ID] = i
	}
	for i := len(news) - 1; i >= 0; i-- {
		r := c.summary(news[i])
		if at, ok := known[r.ID]; ok { // a copy came late
			c.recent[at] = r
			continue
		}
		c.recent = append(c.recent, r)
	}
	if n := len(c.recent) - shown; n > 0 {
		c.recent = append([]Request(nil), c.recent[n:]...)
	}
	return append([]Request(nil), c.recent...)
}

// once is a snapshot for those who do not follow.
func (c *Console) once(r *http.Request) (Snapshot, error) {
	return c.take(r.Context(), control.LiveQuery{})
}
