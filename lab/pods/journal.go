package pods

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/supervise"
)

// logLimit is how much of the output of one run of a program is kept, in bytes.
const logLimit = 1 << 20

// stamp is the form of the time before each line: of fixed length, so that it sorts as it reads.
const stamp = "2006-01-02T15:04:05.000000000Z "

// LogQuery picks lines of a log.
type LogQuery struct {
	Follow     bool
	Tail       *int      // the last of those that there are; nil is all
	Since      time.Time // not older; the zero time is all
	Previous   bool      // of the run before the last restart
	Timestamps bool      // RFC 3339, before each line
}

// Logs yields the lines that a pod's program prints.
func (m *Manager) Logs(ctx context.Context, name mesh.Name, q LogQuery) (iter.Seq[string], error) {
	m.mu.Lock()
	p := m.find(name)
	m.mu.Unlock()
	if p == nil {
		return nil, fmt.Errorf("pod %s: %w", name, ErrNotFound)
	}
	log := p.journal.run(q.Previous)
	if log == nil {
		return nil, fmt.Errorf("pod %s: its program was never restarted", name)
	}
	return q.lines(ctx, log), nil
}

// journal keeps what the present and the previous run of a program print, with the time.
type journal struct {
	now func() time.Time

	mu       sync.Mutex
	present  *supervise.Log
	previous *supervise.Log // nil before the first restart
	ended    bool           // the present run is over
	last     time.Time
}

func newJournal(now func() time.Time) *journal {
	return &journal{now: now, present: supervise.NewLog(logLimit)}
}

// Write takes one line.
func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rotate()
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

// end says that the present run is over; what comes is another's.
func (j *journal) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
	_ = j.present.Close() // it has no file that could fail
}

// begin says that another run has begun, if it has said nothing yet.
func (j *journal) begin() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rotate()
}

func (j *journal) rotate() {
	if j.ended {
		j.previous, j.present, j.ended = j.present, supervise.NewLog(logLimit), false
	}
}

// run is the log of the present run or of the one before, which may be nil.
func (j *journal) run(previous bool) *supervise.Log {
	j.mu.Lock()
	defer j.mu.Unlock()
	if previous {
		return j.previous
	}
	return j.present
}

func (q LogQuery) lines(ctx context.Context, log *supervise.Log) iter.Seq[string] {
	there := linesOf(log)
	from := q.first(there)
	all := slices.Values(there)
	if q.Follow {
		all = log.Follow(ctx)
	}
	return func(yield func(string) bool) {
		for line := range all {
			if line >= from && !yield(q.show(line)) {
				return
			}
		}
	}
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
func (q LogQuery) first(there []string) string {
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

func (q LogQuery) show(line string) string {
	if q.Timestamps {
		return line
	}
	return line[len(stamp):]
}
