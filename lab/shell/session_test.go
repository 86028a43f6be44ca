package shell_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/shell"
)

func start(t *testing.T) *shell.Session {
	t.Helper()
	s, err := shell.Start(t.TempDir(), []string{"PATH=" + os.Getenv("PATH"), "GIVEN=by env"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSession(t *testing.T) {
	t.Parallel()
	s := start(t)
	defer s.Close()
	for _, c := range []struct {
		command, out string
		status       int
	}{
		{"echo $GIVEN", "by env", 0},
		{"X='it''s'; echo \"$X\"", "its", 0},
		{"echo $X $(echo sub)", "its sub", 0}, // what one sets, the next ones have
		{"printf 'no end'", "no end", 0},
		{"false", "", 1},
		{"echo out; echo err >&2; echo out; exit_with() { return 7; }; exit_with", "out|err|out", 7},
		{"cat", "", 0}, // there is nothing to read
		{"cat <<EOF\na 'b'\n$X\nEOF", "a 'b'|its", 0},
		{"if", "*", 2}, // no shell's words are the same
		{"echo still here", "still here", 0},
	} {
		var lines []string
		status, err := s.Run(t.Context(), c.command, func(line string) { lines = append(lines, line) })
		out := strings.Join(lines, "|")
		if err != nil || status != c.status || c.out != "*" && out != c.out {
			t.Errorf("%q: %q, status %d, %v", c.command, out, status, err)
		}
	}
}

// TestSessionEnds while a command runs: it does not wait for it.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	began := make(chan struct{})
	go func() {
		<-began
		cancel()
	}()
	_, err := s.Run(ctx, "echo begun; sleep 600", func(string) { close(began) })
	if err == nil || ctx.Err() == nil {
		t.Errorf("error %v", err)
	}
	ended := make(chan error)
	go func() { ended <- s.Close() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the shell goes on")
	}
	if _, err := s.Run(t.Context(), "echo", func(string) {}); err == nil {
		t.Error("a closed session runs commands")
	}
}

func TestSessionWhoseShellExits(t *testing.T) {
	t.Parallel()
	s := start(t)
	defer s.Close()
	if _, err := s.Run(t.Context(), "exit 3", func(string) {}); err == nil {
		t.Error("no error from a shell that has ended")
	}
}
