package control

import (
	"context"
	"time"

	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/rulebook"
)

// RequestQuery picks requests that passed through the mesh.
type RequestQuery struct {
	traffic.Query
	// Wait is for how long to wait for the first that is picked; 0: until those are there that
	// ended before the question came.
	Wait time.Duration
}

// Requests are requests, the latest first, each with its explanation.
type Requests struct {
	List []*traffic.Request
	// Dropped is how many lines of the proxies' log were not read, as too many came at once.
	Dropped int
}

// TrafficQuery picks a window.
type TrafficQuery struct {
	Span traffic.Span
}

// Requests are those that passed through the mesh, and what became of them.
func (c *Client) Requests(ctx context.Context, q RequestQuery) (Requests, error) {
	return ask[Requests](ctx, c, "requests", q)
}

// Traffic is who called whom in a window of time.
func (c *Client) Traffic(ctx context.Context, q TrafficQuery) (traffic.Table, error) {
	return ask[traffic.Table](ctx, c, "traffic", q)
}

// LiveQuery asks for what a page shows all the time.
type LiveQuery struct {
	// Heard is the time of the answer before: only requests of which something was logged since come.
	Heard time.Time
	// Wait is for how long to wait for such a request.
	Wait time.Duration
	// Last is how many requests come at most, the latest; 0: none.
	Last int
	// Failed is how many of those that went wrong come besides, the latest, where there are more than Last.
	Failed int
	// Seen is the history of the answer before: the same does not come again.
	Seen traffic.Seen
}

// Live is the lab at a moment.
type Live struct {
	At       time.Time
	Requests []traffic.Brief  // the latest first
	Tables   []traffic.Table  // of each window there is
	History  *traffic.History // nil: the one before
	Rules    []rulebook.Rule  // in force
}

// Live is what happened since the answer before.
func (c *Client) Live(ctx context.Context, q LiveQuery) (Live, error) {
	return ask[Live](ctx, c, "live", q)
}
