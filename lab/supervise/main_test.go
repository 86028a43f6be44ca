package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/supervise"
)

// role names the program that the test binary is to be, when it is started as a child.
const role = "SUPERVISE_CHILD"

func TestMain(m *testing.M) {
	if program, ok := programs()[os.Getenv(role)]; ok {
		program(os.Args[1:])
		syscall.Exit(0) // os.Exit would take a second, under the race detector
	}
	code := m.Run()
	if err := labtest.Poll(nothingLeft); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, "after all tests:", err)
		code = 1
	}
	os.Exit(code)
}

// nothingLeft is nil when no goroutine of the package and no child of this process is left.
func nothingLeft() error {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "istio-tutorial/lab/supervise.") {
			return fmt.Errorf("leaked goroutine: %s", stack)
		}
	}
	if left := childrenOf(os.Getpid()); len(left) > 0 {
		return fmt.Errorf("leaked children: %q", left)
	}
	return nil
}

// childrenOf returns the command and state of the children of a process, as far as /proc has them.
func childrenOf(parent int) (children []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		stat, _ := os.ReadFile(file)
		head, tail, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(tail); len(fields) > 1 && fields[1] == fmt.Sprint(parent) {
			children = append(children, head+") "+fields[0])
		}
	}
	return children
}

// child configures a role of the test binary; it prints to log.
func child(t *testing.T, log *supervise.Log, name string, args ...string) supervise.Config {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return supervise.Config{
		Name:   name,
		Path:   exe,
		Args:   args,
		Env:    []string{role + "=" + name},
		Stdout: log,
		Grace:  labtest.Deadline,
		Probe:  supervise.Probe{Period: 5 * time.Millisecond},
	}
}

// start starts a process that the test's end stops, and waits until it is ready.
func start(t *testing.T, cfg supervise.Config) *supervise.Process {
	t.Helper()
	p, err := supervise.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(ended()) })
	if err := p.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
	return p
}

// soon is a context for what must happen before the deadline.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), labtest.Deadline)
	t.Cleanup(cancel)
	return ctx
}

// ended is a context that is over, to stop a process without grace.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// says is ready as soon as the log has a line that begins like that.
func says(log *supervise.Log, line string) func(context.Context) error {
	return func(context.Context) error {
		if !strings.Contains("\n"+text(log), "\n"+line) {
			return errors.New("has not said: " + line)
		}
		return nil
	}
}

func text(log *supervise.Log) string {
	var s strings.Builder
	_, _ = log.WriteTo(&s)
	return s.String()
}

// states collects changes until, and with, the first in that state.
func states(t *testing.T, p *supervise.Process, last supervise.State) (seen []supervise.Status) {
	t.Helper()
	for status := range p.Changes(soon(t)) {
		seen = append(seen, status)
		if status.State == last {
			return seen
		}
	}
	t.Fatalf("no %s in %+v", last, seen)
	return nil
}
