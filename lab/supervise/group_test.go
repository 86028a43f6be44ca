package supervise_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/lab/supervise"
)

// member starts a program of the test binary in a group, and waits until it hears signals.
func member(t *testing.T, g *supervise.Group, program, name string) *supervise.Process {
	t.Helper()
	log := supervise.NewLog(1 << 10)
	cfg := child(t, log, program)
	cfg.Name, cfg.Ready = name, says(log, "up")
	p, err := g.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestGroupStopsAtOnce has processes of which none ends until all are asked to.
func TestGroupStopsAtOnce(t *testing.T) {
	t.Parallel()
	var g supervise.Group
	var all []*supervise.Process
	for i := range 3 {
		all = append(all, member(t, &g, "linger", fmt.Sprint("linger-", i)))
	}
	result := make(chan error)
	go func() { result <- g.Stop(soon(t)) }()
	for _, p := range all {
		states(t, p, supervise.Stopping)
	}
	for _, p := range all {
		_ = syscall.Kill(p.Status().PID, syscall.SIGUSR1)
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
}

func TestGroupStopsInOrder(t *testing.T) {
	t.Parallel()
	var g supervise.Group
	a := member(t, &g, "block", "a")
	b := member(t, &g, "block", "b")
	c := member(t, &g, "block", "c")
	if err := g.Stop(soon(t), c, a); err != nil {
		t.Error(err)
	}
	asked, over := map[*supervise.Process]time.Time{}, map[*supervise.Process]time.Time{}
	for _, p := range []*supervise.Process{a, b, c} {
		seen := states(t, p, supervise.Stopped)
		asked[p], over[p] = seen[len(seen)-2].Since, seen[len(seen)-1].Since
	}
	if asked[a].Before(over[c]) || asked[b].Before(over[a]) {
		t.Errorf("asked at %v, over at %v", asked, over)
	}
}

func TestGroupNamesTheKilled(t *testing.T) {
	t.Parallel()
	var g supervise.Group
	member(t, &g, "block", "meek")
	first := member(t, &g, "deaf", "first")
	member(t, &g, "deaf", "second")
	err := g.Stop(ended(), first)
	if !errors.Is(err, supervise.ErrKilled) {
		t.Fatalf("got %v", err)
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) < 2 || !strings.HasPrefix(lines[0], "first: ") {
		t.Errorf("got %q", lines)
	}
	if !strings.Contains(err.Error(), "second: killed") {
		t.Errorf("got %q", lines)
	}
}

func TestGroupStartsNothingAfterStop(t *testing.T) {
	t.Parallel()
	var g supervise.Group
	if err := g.Stop(soon(t)); err != nil {
		t.Fatal(err)
	}
	p, err := g.Start(child(t, supervise.NewLog(1), "block"))
	if p != nil || !errors.Is(err, supervise.ErrGroupStopped) {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestGroupForgetsTheStopped(t *testing.T) {
	t.Parallel()
	var g supervise.Group
	deaf := member(t, &g, "deaf", "deaf")
	if err := deaf.Stop(ended()); !errors.Is(err, supervise.ErrKilled) {
		t.Fatal(err)
	}
	member(t, &g, "block", "next")
	if err := g.Stop(soon(t)); err != nil {
		t.Errorf("reported again: %v", err)
	}
}
