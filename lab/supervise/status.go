//go:build unix

package supervise

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"
)

// State is where a process stands.
type State string

// A process is Starting, then Ready and NotReady by turns as its probe says. A death by itself
// leads to BackOff and again to Starting. Stopping leads to Stopped, which is the end.
const (
	Starting State = "Starting"
	Ready    State = "Ready"
	NotReady State = "NotReady"
	BackOff  State = "BackOff"
	Stopping State = "Stopping"
	Stopped  State = "Stopped"
)

// Status is what is known of a process at one moment.
type Status struct {
	// Name is the one of [Config].
	Name string
	// State is where the process stands.
	State State
	// Since is when the state, or a repeated BackOff, began.
	Since time.Time
	// PID is the running program's process id, 0 while there is none.
	PID int
	// Started is when the running program, or else the last one, was started.
	Started time.Time
	// Restarts counts how often it was started again, or that was tried.
	Restarts int
	// Delay is, in BackOff, the time from Since to the restart.
	Delay time.Duration
	// Exit is how the last run ended, like "exit status 1" or "signal: killed", or why there was
	// none; empty before the first end.
	Exit string
	// Probe is the running program's last probe error, nil when the last probe passed.
	Probe error
}

// unready is the reason why a process is not ready.
func (s Status) unready() error {
	switch {
	case s.Exit == "" && s.Probe == nil:
		return errors.New("not probed yet")
	case s.Exit == "":
		return s.Probe
	case s.Probe == nil:
		return fmt.Errorf("%s, %d restarts", s.Exit, s.Restarts)
	}
	return fmt.Errorf("%w (before: %s, %d restarts)", s.Probe, s.Exit, s.Restarts)
}

// kept is how many changes are remembered for those who have not seen them.
const kept = 64

// history is the status of a process, and how it came to it.
type history struct {
	mu      sync.Mutex
	now     Status
	changes []Status
	dropped int // changes that are no longer kept
	changed bell
}

// update edits the status; a new state and each try to restart is a change.
func (h *history) update(edit func(*Status)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.now
	edit(&h.now)
	if h.now.State == before.State && h.now.Restarts == before.Restarts {
		return
	}
	h.now.Since = time.Now()
	if len(h.changes) == kept {
		h.changes = slices.Delete(h.changes, 0, 1)
		h.dropped++
	}
	h.changes = append(h.changes, h.now)
	h.changed.ring()
}

// Status is the present state.
func (h *history) Status() Status {
	now, _ := h.current()
	return now
}

// current is the present state, and a channel that the next change closes.
func (h *history) current() (Status, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now, h.changed.next()
}

// since returns the changes from number first on, the number of the one to come, and a channel
// that it will close.
func (h *history) since(first int) ([]Status, int, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first = max(first, h.dropped)
	return slices.Clone(h.changes[first-h.dropped:]), h.dropped + len(h.changes), h.changed.next()
}

// Changes yields the changes of state from the first start on, and further ones as they happen,
// until Stopped or the end of ctx. It never holds up the process: who is more than 64 changes
// behind misses the oldest.
func (h *history) Changes(ctx context.Context) iter.Seq[Status] {
	return func(yield func(Status) bool) {
		for first := 0; ctx.Err() == nil; {
			news, next, wake := h.since(first)
			for _, status := range news {
				if !yield(status) || status.State == Stopped {
					return
				}
			}
			first = next
			select {
			case <-wake:
			case <-ctx.Done():
			}
		}
	}
}
