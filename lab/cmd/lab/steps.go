package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"istio-tutorial/lab/daemon"
)

// patience is how long a step may take before it is named, though it is not over.
const patience = time.Second

// steps shows each step once it is over.
type steps struct {
	mu      sync.Mutex
	w       io.Writer
	over    func() bool // nobody waits for the steps any more
	waiting map[string]*time.Timer
}

func newSteps(ctx context.Context, w io.Writer) *steps {
	over := func() bool { return ctx.Err() != nil }
	return &steps{w: w, over: over, waiting: map[string]*time.Timer{}}
}

func (s *steps) show(step daemon.Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if timer := s.waiting[step.Name]; timer != nil {
		timer.Stop()
		delete(s.waiting, step.Name)
	}
	switch {
	case !step.Done:
		s.waiting[step.Name] = time.AfterFunc(patience, func() { s.line(step.Name, "...") })
	case step.Err != nil && s.over(): // Ctrl-C
	case step.Err != nil:
		s.printf(step.Name, "failed")
	default:
		took := step.Took.Round(time.Millisecond)
		s.printf(step.Name, fmt.Sprintf("%s (%v)", step.Detail, took))
	}
}

func (s *steps) line(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.printf(name, text)
}

func (s *steps) printf(name, text string) { fmt.Fprintf(s.w, "%-24s %s\n", name, text) }
