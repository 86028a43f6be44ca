// Package accesslog writes a service's log: a line a request, and what else there is to say.
package accesslog

import (
	"io"
	"log/slog"
	"sync"
	"time"
)

// The formats of New.
const (
	Text = "text" // for people: key=value
	JSON = "json" // for collectors: an object a line
)

// FlushEvery is how long a line waits at most until it is written.
const FlushEvery = 50 * time.Millisecond

// full is how many bytes of lines are written without waiting.
const full = 64 << 10

// New logs to w in the given format. Lines are gathered and written together, as a write a
// line would cost a tenth of the chain's throughput. Close writes the rest and ends the
// flushing; lines that come later are written at once.
func New(w io.Writer, format string) (*slog.Logger, io.Closer) {
	b := &buffer{out: w, done: make(chan struct{})}
	go b.flushRegularly()
	if format == JSON {
		return slog.New(slog.NewJSONHandler(b, nil)), b
	}
	return slog.New(slog.NewTextHandler(b, nil)), b
}

type buffer struct {
	out    io.Writer
	done   chan struct{}
	mu     sync.Mutex
	lines  []byte
	torn   bool // what was written last ends within a line
	closed bool
}

func (b *buffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.torn && len(b.lines) == 0 {
		b.lines = append(b.lines, '\n')
	}
	b.lines = append(b.lines, line...)
	if b.closed || len(b.lines) >= full {
		return len(line), b.flush()
	}
	return len(line), nil
}

// flush drops what cannot be written: a reader that went away must not end the log for good.
func (b *buffer) flush() error {
	if len(b.lines) == 0 {
		return nil
	}
	n, err := b.out.Write(b.lines)
	if n > 0 {
		b.torn = b.lines[n-1] != '\n'
	}
	b.lines = b.lines[:0]
	return err
}

func (b *buffer) flushRegularly() {
	tick := time.NewTicker(FlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.mu.Lock()
			_ = b.flush()
			b.mu.Unlock()
		case <-b.done:
			return
		}
	}
}

// Close implements io.Closer.
func (b *buffer) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	close(b.done)
	return b.flush()
}
