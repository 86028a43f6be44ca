//go:build unix

package supervise

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync"
)

// Log keeps the newest lines that were written to it. It never holds more than its limit: where
// it would be passed, the older half goes, up to the start of a line. A Log serves any number of
// goroutines.
type Log struct {
	mu      sync.Mutex
	limit   int
	text    []byte
	dropped int64 // bytes written before text
	closed  bool
	changed bell
}

// NewLog returns an empty log of at most limit bytes; limit is at least 1.
func NewLog(limit int) *Log {
	return &Log{limit: max(limit, 1)}
}

// Write adds whole lines; of a line longer than the limit it keeps the end. It waits for no
// reader. The error says that the log is closed.
func (l *Log) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, fmt.Errorf("log: %w", os.ErrClosed)
	}
	if len(l.text)+len(lines) > l.limit {
		l.shrink(max(0, min(l.limit/2, l.limit-len(lines))))
	}
	fitting := newest(lines, l.limit)
	l.dropped += int64(len(lines) - len(fitting)) // if any, text is empty
	l.grow(len(fitting))
	l.text = append(l.text, fitting...)
	l.changed.ring()
	return len(lines), nil
}

// WriteTo writes what there is to w.
func (l *Log) WriteTo(w io.Writer) (int64, error) {
	l.mu.Lock()
	text := bytes.Clone(l.text)
	l.mu.Unlock()
	n, err := w.Write(text)
	return int64(n), err
}

// Follow yields the lines that there are, without their ends, and further ones as they are
// written, until the log is closed or ctx ends. Who is more than the log's limit behind misses
// the oldest.
func (l *Log) Follow(ctx context.Context) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := int64(0); ctx.Err() == nil; {
			text, next, more := l.since(at)
			for line := range strings.Lines(text) {
				if ctx.Err() != nil || !yield(strings.TrimSuffix(line, "\n")) {
					return
				}
			}
			if more == nil {
				return
			}
			at = next
			select {
			case <-more:
			case <-ctx.Done():
			}
		}
	}
}

// Close ends the log for writers and followers; what there is can still be read.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.changed.ring()
	}
}

// since returns the whole lines from byte at on, where they end, and a channel that closes when
// there is more; it is nil when there will be none.
func (l *Log) since(at int64) (text string, next int64, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := l.text[max(at-l.dropped, 0):]
	if !l.closed {
		rest = rest[:bytes.LastIndexByte(rest, '\n')+1]
		more = l.changed.next()
	}
	return string(rest), max(at, l.dropped) + int64(len(rest)), more
}

// shrink drops the oldest lines until at most size bytes are left.
func (l *Log) shrink(size int) {
	cut := lineStart(l.text, len(l.text)-size)
	l.dropped += int64(cut)
	l.text = l.text[:copy(l.text, l.text[cut:])]
}

// grow makes room for n more bytes, and for the limit at most.
func (l *Log) grow(n int) {
	if need := len(l.text) + n; need > cap(l.text) {
		room := make([]byte, 0, min(l.limit, max(need, 2*cap(l.text))))
		l.text = append(room, l.text...)
	}
}

// newest is the last whole lines of at most size bytes, or else the end of the last line.
func newest(lines []byte, size int) []byte {
	over := len(lines) - size
	if over <= 0 {
		return lines
	}
	if start := lineStart(lines, over); start < len(lines) {
		return lines[start:]
	}
	return lines[over:]
}

// lineStart is the first start of a line in text from at on; the end of text is one.
func lineStart(text []byte, at int) int {
	if at <= 0 {
		return 0
	}
	end := bytes.IndexByte(text[at-1:], '\n')
	if end < 0 {
		return len(text)
	}
	return at + end
}
