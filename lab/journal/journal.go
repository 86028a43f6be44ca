// Package journal keeps what programs print, run by run, each line with its time.
package journal

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"istio-tutorial/lab/supervise"
)

// ErrNoPrevious says that a program was never restarted.
var ErrNoPrevious = errors.New("its program was never restarted")

// stamp is the form of the time before each line: of fixed length, so that it sorts as it reads.
const stamp = "2006-01-02T15:04:05.000000000Z "

// Journal is the output of the present run of a program, and of the one before. It serves any
// number of goroutines.
type Journal struct {
	now   func() time.Time
	limit int

	mu       sync.Mutex
	present  *supervise.Log
	previous *supervise.Log // nil before the first restart
	ended    bool           // the present run is over
	last     time.Time
}

// New returns an empty Journal that keeps so many bytes of each run, and dates lines by now.
func New(limit int, now func() time.Time) *Journal {
	return &Journal{now: now, limit: limit, present: supervise.NewLog(limit)}
}

// Write takes one line. The first one after End is that of a new run.
func (j *Journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.turn()
	now := j.now().UTC()
	if !now.After(j.last) {
		now = j.last.Add(time.Nanosecond) // so that no two lines have one time
	}
	j.last = now
	if _, err := j.present.Write(append([]byte(now.Format(stamp)), line...)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// End says that the present run is over; whoever follows it has seen all.
func (j *Journal) End() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
	j.present.Close()
}

// Begin says that a new run has begun, even if it says nothing.
func (j *Journal) Begin() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.turn()
}

func (j *Journal) turn() {
	if j.ended {
		j.previous, j.present, j.ended = j.present, supervise.NewLog(j.limit), false
	}
}

// Query picks lines.
type Query struct {
	Follow   bool      // go on as lines are written, until the run ends
	Tail     *int      // the last of those that there are; nil is all
	Since    time.Time // not older; the zero time is all
	Previous bool      // of the run before the last restart
	// Timestamps puts the time before each line, as RFC 3339 has it.
	Timestamps bool
}

// Lines yields the lines of a run, without their ends. The error is ErrNoPrevious.
func (j *Journal) Lines(ctx context.Context, q Query) (iter.Seq[string], error) {
	j.mu.Lock()
	log := j.present
	if q.Previous {
		log = j.previous
	}
	j.mu.Unlock()
	if log == nil {
		return nil, ErrNoPrevious
	}
	there := linesOf(log)
	from, all := q.first(there), slices.Values(there)
	if q.Follow {
		all = log.Follow(ctx)
	}
	return func(yield func(string) bool) {
		for line := range all {
			if line >= from && !yield(q.show(line)) {
				return
			}
		}
	}, nil
}

func linesOf(log *supervise.Log) []string {
	var text bytes.Buffer
	_, _ = log.WriteTo(&text) // a Buffer takes everything
	var lines []string
	for line := range strings.Lines(text.String()) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}

// first is what the lines to show are not less than.
func (q Query) first(there []string) string {
	from := ""
	if !q.Since.IsZero() {
		from = q.Since.UTC().Format(stamp)
	}
	switch n := len(there); {
	case q.Tail == nil || *q.Tail >= n:
		return from
	case *q.Tail <= 0:
		return max(from, there[n-1]+"\xff")
	default:
		return max(from, there[n-*q.Tail])
	}
}

func (q Query) show(line string) string {
	if q.Timestamps {
		return line
	}
	return line[len(stamp):]
}
