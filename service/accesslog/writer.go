package accesslog

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"istio-tutorial/service/text"
)

const (
	flushEvery = 50 * time.Millisecond // is how long a line waits at most until it is written
	full       = 64 << 10              // bytes of lines are written without waiting
	room       = 2 << 20               // bytes of lines wait at most
	waitFor    = time.Second           // is how long a line waits for room, and Close for the reader
)

// ErrStuck is what Close returns when the log's reader does not take the last lines.
var ErrStuck = errors.New("nobody reads the log")

// Writer gathers lines and writes them together, as a write a line would cost a tenth of the
// chain's throughput. Where there is no room for more, a line waits for the reader, once; from
// then on, lines are dropped until the reader takes some.
type Writer struct {
	out     io.Writer
	note    *slog.Logger // logs what the Writer has to say itself
	wake    chan struct{}
	closing chan struct{}
	ended   chan struct{} // nothing is written in the background any more
	dropped atomic.Int64

	mu     sync.Mutex
	lines  []byte
	spare  []byte        // to gather lines in again
	taken  chan struct{} // closed when lines have been taken to be written
	stuck  bool          // the reader let a line wait in vain
	closed bool
	err    error // of the last write

	// of run alone
	torn bool  // what was written last ends within a line
	told int64 // of the dropped ones, the log says
}

func newWriter(out io.Writer) *Writer {
	return &Writer{out: out, wake: make(chan struct{}, 1), closing: make(chan struct{}),
		ended: make(chan struct{}), taken: make(chan struct{})}
}

// Dropped returns how many lines were not written, and never will be.
func (w *Writer) Dropped() int64 { return w.dropped.Load() }

// Write implements io.Writer for a line. After Close, it writes at once.
func (w *Writer) Write(line []byte) (int, error) {
	line, n := text.Printable(line), len(line)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return n, w.writeLate(line)
	}
	for !w.stuck && !w.fits(line) {
		w.awaitRoom()
	}
	w.add(line)
	return n, nil
}

func (w *Writer) fits(line []byte) bool { return len(w.lines) == 0 || len(w.lines)+len(line) <= room }

func (w *Writer) add(line []byte) {
	if !w.fits(line) {
		w.dropped.Add(1)
		return
	}
	w.lines = append(w.lines, line...)
	if len(w.lines) >= full {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// awaitRoom waits without the lock until lines have been taken, or it has been too long.
func (w *Writer) awaitRoom() {
	taken := w.taken
	w.mu.Unlock()
	timer := time.NewTimer(waitFor)
	defer timer.Stop()
	select {
	case <-taken:
		w.mu.Lock()
	case <-timer.C:
		w.mu.Lock()
		w.stuck = w.stuck || w.taken == taken
	}
}

func (w *Writer) writeLate(line []byte) error {
	select {
	case <-w.ended:
		_, err := w.out.Write(line)
		return err
	default: // the reader still does not take what came before
		w.dropped.Add(1)
		return nil
	}
}

// unwaited is for lines of the Writer's own, which cannot wait for itself.
type unwaited struct{ w *Writer }

// Write implements io.Writer.
func (u unwaited) Write(line []byte) (int, error) {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	u.w.add(line)
	return len(line), nil
}

func (w *Writer) run() {
	defer close(w.ended)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-w.wake:
		case <-w.closing:
			w.flush()
			w.flush() // what it said of dropped lines
			return
		}
		w.flush()
	}
}

// flush writes what there is. It drops what cannot be written: a disk that is full must not
// end the log for good.
func (w *Writer) flush() {
	lines := w.take()
	if len(lines) == 0 {
		return
	}
	err := w.write(lines)
	w.mu.Lock()
	w.err, w.stuck = err, false
	if cap(lines) <= 4*full {
		w.spare = lines[:0]
	}
	w.mu.Unlock()
	if n := w.Dropped(); err == nil && n > w.told {
		w.note.Warn("lines of the log were dropped", "lines", n-w.told)
		w.told = n
	}
}

func (w *Writer) take() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := w.lines
	if len(lines) > 0 {
		w.lines, w.spare = w.spare, nil
		close(w.taken)
		w.taken = make(chan struct{})
	}
	return lines
}

func (w *Writer) write(lines []byte) error {
	if w.torn {
		lines = slices.Insert(lines, 0, '\n')
	}
	n, err := w.out.Write(lines)
	if n > 0 {
		w.torn = lines[n-1] != '\n'
	}
	w.dropped.Add(int64(bytes.Count(lines[n:], []byte("\n"))))
	return err
}

// Close implements io.Closer. It writes the rest, unless nobody reads it, and returns what went
// wrong with that.
func (w *Writer) Close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.closing)
	}
	w.mu.Unlock()
	timer := time.NewTimer(waitFor)
	defer timer.Stop()
	select {
	case <-w.ended:
		return w.err
	case <-timer.C:
		return ErrStuck
	}
}
