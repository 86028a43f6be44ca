// Package shell runs commands one after the other in one shell, as a reader does in a terminal.
package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"istio-tutorial/lab/supervise"
)

// Session is a shell that runs commands one after the other: what one sets, the next ones have. It
// must be closed.
type Session struct {
	process *supervise.Process
	in      *os.File
	mark    string // ends the output of each command
	out     *queue
}

// Start starts a shell in a folder.
func Start(folder string, env []string) (*Session, error) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		return nil, err
	}
	in, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }() // the shell has its own
	s := &Session{in: write, mark: fmt.Sprintf("end-of-command-%p", write), out: newQueue()}
	s.process, err = supervise.Start(supervise.Config{
		Name: "sh", Path: shell, Dir: folder, Env: env, Stdin: in, Stdout: s.out, Once: true,
	})
	if err == nil {
		_, err = s.in.WriteString("exec 2>&1\n") // as in a terminal: two pipes keep no order
	}
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return s, nil
}

// Close ends the shell and whatever it runs.
func (s *Session) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // at once: nothing in it is worth a grace
	err := s.process.Stop(ctx)
	if errors.Is(err, supervise.ErrKilled) {
		err = nil
	}
	return errors.Join(err, s.in.Close())
}

// longest is how long one command may take: the longest wait of a lesson, and more.
const longest = 3 * time.Minute

// Run runs a command, tells each line of its output as it comes, and returns its status.
func (s *Session) Run(ctx context.Context, command string, each func(line string)) (int, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, longest, fmt.Errorf("it goes on after %v", longest))
	defer cancel()
	line := fmt.Sprintf("command eval %s </dev/null\nprintf '%s %%s\\n' \"$?\"\n", quoted(command), s.mark)
	if _, err := s.in.WriteString(line); err != nil {
		return 0, fmt.Errorf("sh: %w", err)
	}
	for {
		text, err := s.out.next(ctx, s.process.Done())
		if err != nil {
			return 0, err
		}
		said, status, ended := strings.Cut(text, s.mark+" ")
		if !ended || said != "" {
			each(said)
		}
		if ended {
			return strconv.Atoi(status)
		}
	}
}

// quoted is a text as one word of a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// queue holds lines until they are asked for.
type queue struct {
	mu    sync.Mutex
	lines []string
	bell  chan struct{} // rung when there is a line
}

func newQueue() *queue { return &queue{bell: make(chan struct{}, 1)} }

// Write takes one line, with its end.
func (q *queue) Write(line []byte) (int, error) {
	q.mu.Lock()
	q.lines = append(q.lines, strings.TrimSuffix(string(line), "\n"))
	q.mu.Unlock()
	select {
	case q.bell <- struct{}{}:
	default:
	}
	return len(line), nil
}

// next waits for a line; the error is that of ctx, or that the writer is over.
func (q *queue) next(ctx context.Context, over <-chan struct{}) (string, error) {
	for {
		if line, ok := q.take(); ok {
			return line, nil
		}
		select {
		case <-q.bell:
		case <-over:
			return "", errors.New("sh: the shell has ended")
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

func (q *queue) take() (string, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == 0 {
		return "", false
	}
	line := q.lines[0]
	q.lines = q.lines[1:]
	return line, true
}
