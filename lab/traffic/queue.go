package traffic

import (
	"sync"
	"time"
)

// waiting is how many lines may wait to be read; those that come then are dropped, and counted.
const waiting = 8192

// gathering is how long lines wait for those behind them: to wake up for each costs more than to read it,
// and takes the time from those who answer requests.
const gathering = 5 * time.Millisecond

// queue has lines that wait to be read. It serves any number of goroutines.
type queue struct {
	mu     sync.Mutex
	lines  []string
	closed bool
	there  chan struct{} // full: there are lines, or the end
}

func newQueue() *queue { return &queue{there: make(chan struct{}, 1)} }

// add never waits: false where there is no room.
func (q *queue) add(line string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == waiting {
		return false
	}
	q.lines = append(q.lines, line)
	q.signal()
	return true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.there <- struct{}{}:
	default:
	}
}

// next waits for lines; more is false at the end.
func (q *queue) next() (lines []string, more bool) {
	<-q.there
	time.Sleep(gathering)
	q.mu.Lock()
	defer q.mu.Unlock()
	lines, q.lines = q.lines, nil
	return lines, !q.closed
}
