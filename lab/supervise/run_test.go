package supervise_test

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/supervise"
)

func TestRunTellsTheFailure(t *testing.T) {
	t.Parallel()
	log := supervise.NewLog(1 << 10)
	cfg := child(t, log, "exit", "3", "no such\nsubcommand\n")
	err := supervise.Run(soon(t), cfg)
	want := "exit: " + cfg.Path + ": exit status 3: no such\nsubcommand"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("no status 3 in %#v", err)
	}
	if got := text(log); got != "no such\nsubcommand\n" {
		t.Errorf("log: %q", got)
	}
}

func TestRunQuotesTheEnd(t *testing.T) {
	t.Parallel()
	cfg := child(t, nil, "exit", "1", strings.Repeat("early\n", 10_000)+"late\n")
	cfg.Stdout = nil
	err := supervise.Run(soon(t), cfg)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || len(exit.Stderr) > 4<<10 {
		t.Fatalf("got %v", err)
	}
	quoted := string(exit.Stderr)
	if !strings.HasPrefix(quoted, "early\n") || !strings.HasSuffix(quoted, "\nlate") {
		t.Errorf("quoted: %q", quoted)
	}
}

func TestRunSucceeds(t *testing.T) {
	t.Parallel()
	if err := supervise.Run(soon(t), child(t, supervise.NewLog(1), "exit", "0", "")); err != nil {
		t.Error(err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := supervise.NewLog(1 << 10)
	cfg := child(t, log, "block")
	result := make(chan error)
	go func() { result <- supervise.Run(ctx, cfg) }()
	labtest.Until(t, func() error { return says(log, "up")(ctx) })
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) || errors.Is(err, supervise.ErrKilled) {
		t.Errorf("got %v", err)
	}
	log = supervise.NewLog(1 << 10)
	err := supervise.Run(ctx, child(t, log, "exit", "0", "ran"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	if got := text(log); got != "" {
		t.Errorf("after the end: %s", got)
	}
}
