package lesson

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

func TestPrints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		page, came string
		want       bool
	}{
		"not compared": {"", "anything", true},
		"same":         {"a\nb", "a\nb", true},
		"blanks":       {"a b", "  a    b  ", true},
		"more":         {"a", "a\nb", false},
		"less":         {"a\nb", "a", false},
		"part":         {"from '…': …", "from 'x-1': 12", true},
		"part differs": {"from '…': 1", "from 'x': 2", false},
		"no lines":     {"a\n…", "a", true},
		"many lines":   {"a\n…\nz", "a\nb\nc\nz", true},
		"quoted":       {"a.c [x]", "abc [x]", false},
		"any":          {"…", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var command Command
			if c.page != "" {
				command.Output = strings.Split(c.page, "\n")
			}
			var came []string
			if c.came != "" {
				came = strings.Split(c.came, "\n")
			}
			if got := command.prints(came); got != c.want {
				t.Errorf("%q prints %q: %t", c.page, c.came, got)
			}
		})
	}
}

func shell(t *testing.T) *session {
	t.Helper()
	s, err := newSession(t.TempDir(), []string{"PATH=" + os.Getenv("PATH"), "GIVEN=by env"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSession(t *testing.T) {
	t.Parallel()
	s := shell(t)
	defer s.close()
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
		status, err := s.run(t.Context(), c.command, func(line string) { lines = append(lines, line) })
		out := strings.Join(lines, "|")
		if err != nil || status != c.status || c.out != "*" && out != c.out {
			t.Errorf("%q: %q, status %d, %v", c.command, out, status, err)
		}
	}
}

// TestSessionEnds while a command runs: it does not wait for it.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	s := shell(t)
	ctx, cancel := context.WithCancel(t.Context())
	began := make(chan struct{})
	go func() {
		<-began
		cancel()
	}()
	_, err := s.run(ctx, "echo begun; sleep 600", func(string) { close(began) })
	if err == nil || ctx.Err() == nil {
		t.Errorf("error %v", err)
	}
	ended := make(chan error)
	go func() { ended <- s.close() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the shell goes on")
	}
	if _, err := s.run(t.Context(), "echo", func(string) {}); err == nil {
		t.Error("a closed session runs commands")
	}
}

func TestSessionWhoseShellExits(t *testing.T) {
	t.Parallel()
	s := shell(t)
	defer s.close()
	if _, err := s.run(t.Context(), "exit 3", func(string) {}); err == nil {
		t.Error("no error from a shell that has ended")
	}
}
