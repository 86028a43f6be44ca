// Package cmdline runs command lines in the repository's root for tests, as a person would.
package cmdline

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Line is one command line. Env comes on top of the test's own; it and Stdin are optional.
type Line struct {
	Argv  []string
	Env   []string
	Stdin string
}

// Run runs a command line that needs nothing but its words.
func Run(t *testing.T, argv ...string) string {
	t.Helper()
	return Line{Argv: argv}.Run(t)
}

// Run returns what the command printed, and ends the test with all of it when it fails.
func (c Line) Run(t *testing.T) string {
	t.Helper()
	out, err := c.Try(t)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(c.Argv, " "), err, out)
	}
	return out
}

// Try returns standard output; with an error, what the command complained of before it.
func (c Line) Try(t *testing.T) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.Argv[0], c.Argv[1:]...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdin = strings.NewReader(c.Stdin)
	cmd.WaitDelay = 10 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return errs.String() + out.String(), err
	}
	return out.String(), nil
}

// Output is what a command has printed so far.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String returns all of it.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Start runs a command until the test ends.
func Start(t *testing.T, argv ...string) *Output {
	t.Helper()
	out := &Output{}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "../..", out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return out
}
