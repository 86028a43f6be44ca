//go:build unix

package supervise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrGroupStopped is the error of a start in a group that was stopped before.
var ErrGroupStopped = errors.New("everything is being stopped")

// Group is a set of processes that end together. The zero Group is empty.
type Group struct {
	mu      sync.Mutex
	stopped bool
	members []*Process
}

// Start is the Start of the package, for a process that ends with the group. In a group that was
// stopped it starts nothing and returns ErrGroupStopped.
func (g *Group) Start(cfg Config) (*Process, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return nil, fmt.Errorf("%s: %w", cfg.Name, ErrGroupStopped)
	}
	p, err := Start(cfg)
	if err != nil {
		return nil, err
	}
	g.members = append(slices.DeleteFunc(g.members, isOver), p)
	return p, nil
}

// Stop ends all processes of the group: those named first, one after the other, then the others
// at once. The end of ctx cuts their graces short. The error joins those of [Process.Stop]: one
// ErrKilled for each process that had to be killed.
func (g *Group) Stop(ctx context.Context, first ...*Process) error {
	var errs []error
	members := g.close()
	for _, p := range first {
		errs = append(errs, p.Stop(ctx))
	}
	rest := slices.DeleteFunc(members, func(p *Process) bool { return slices.Contains(first, p) })
	return errors.Join(append(errs, stopAll(ctx, rest)...)...)
}

// close lets nothing start any more, and returns what did.
func (g *Group) close() []*Process {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	return slices.Clone(g.members)
}

func stopAll(ctx context.Context, processes []*Process) []error {
	errs := make([]error, len(processes))
	var stops sync.WaitGroup
	for i, p := range processes {
		stops.Go(func() { errs[i] = p.Stop(ctx) })
	}
	stops.Wait()
	return errs
}

func isOver(p *Process) bool { return closed(p.done) }
