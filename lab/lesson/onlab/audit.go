package onlab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/traffic"
)

// Audit holds what the lab says of the requests of each check against Envoy's own counters, and
// against the room that a terminal has. What is wrong then is the lab, and not the page.
type Audit struct {
	// Explain prints why a request was answered so, as `bin/lab why` does. Required.
	Explain func(io.Writer, *traffic.Request)
}

const (
	// settling is how long both may lag behind the answers.
	settling = 10 * time.Second
	askAgain = 20 * time.Millisecond
)

// What an explanation has room for: it stands beside the command that it follows.
const (
	mostLines   = 25
	mostColumns = 80
)

// legible is an error if an explanation is too long to be read at one glance.
func (a *Audit) legible(list []*traffic.Request) error {
	if a == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, r := range list {
		if r == nil || seen[r.Words] {
			continue
		}
		seen[r.Words] = true
		var text strings.Builder
		a.Explain(&text, r)
		if err := fits(text.String()); err != nil {
			return fmt.Errorf("why %s: %w:\n%s", r.ID, err, text.String())
		}
	}
	return nil
}

// fits lets only lines to type and addresses be wider: a part of one leads nowhere.
func fits(text string) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) > mostLines {
		return fmt.Errorf("%d lines, want at most %d", len(lines), mostLines)
	}
	for i, line := range lines {
		isTyped := i > 0 && strings.HasSuffix(lines[i-1], ":") && strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "Trace: ")
		if n := len([]rune(line)); n > mostColumns && !isTyped {
			return fmt.Errorf("line %d has %d columns, want at most %d", i+1, n, mostColumns)
		}
	}
	return nil
}

// tally is what the lab and Envoy have counted so far.
type tally struct {
	table traffic.Table
	stats []control.Stat
}

// equals reports whether nothing was counted since an earlier tally, by either side.
func (t *tally) equals(before *tally) bool {
	services := map[string]bool{}
	return slices.Equal(t.stats, before.stats) && maps.Equal(rowsOf(t.table, services), rowsOf(before.table, services))
}

// oracle are the counters of Envoy that say what a row of the lab's table says.
const oracle = `^(http|cluster)\..*@.*;\.(downstream_rq_completed|upstream_rq_total|upstream_rq_retry|` +
	`upstream_rq_pending_overflow|internal\.upstream_rq_completed|fault\.aborts_injected|jwt_authn\.denied)$`

// Audit returns nil where nobody audits; else what holds the counts of a check against Envoy's.
func (p *Place) Audit(ctx context.Context) (agrees func(context.Context) error, err error) {
	if p.audit == nil {
		return func(context.Context) error { return nil }, nil
	}
	before, err := p.before(ctx)
	return func(ctx context.Context) error { return p.agrees(ctx, before) }, err
}

// Legible holds explanations against the room that a terminal has.
func (p *Place) Legible(list []*traffic.Request) error { return p.audit.legible(list) }

// before is what is counted before a check, once nothing is added to it any more.
func (p *Place) before(ctx context.Context) (*tally, error) {
	last, err := p.tally(ctx)
	for began := time.Now(); err == nil && time.Since(began) < settling; {
		select {
		case <-time.After(flushed):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		was := last
		if last, err = p.tally(ctx); err == nil && last.equals(was) {
			return last, nil
		}
	}
	return last, err
}

func (p *Place) tally(ctx context.Context) (*tally, error) {
	table, err := p.Client.Traffic(ctx, control.TrafficQuery{Span: traffic.SinceChange})
	if err != nil {
		return nil, err
	}
	stats, err := p.Client.Stats(ctx, control.StatsQuery{Filter: oracle})
	return &tally{table, stats}, err
}

// agrees is an error if, since an earlier tally, the lab counts other requests than Envoy does. Both
// lag behind the answers.
func (p *Place) agrees(ctx context.Context, before *tally) error {
	for began := time.Now(); ; {
		now, err := p.tally(ctx)
		if err != nil {
			return err
		}
		wrong := now.since(before)
		if len(wrong) == 0 {
			return nil
		}
		if time.Since(began) > settling {
			return errors.New("top counts other requests than Envoy does: " + strings.Join(wrong, "; "))
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
