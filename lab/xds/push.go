package xds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// ErrNotConnected says that Envoy did not ask for its configuration.
var ErrNotConnected = errors.New("envoy: not connected")

// RefusedError says why Envoy does not take a configuration, in its words.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return "envoy: " + e.Reason }

// patience is how long Envoy may take to go back to what it had.
const patience = 5 * time.Second

// Push returns nil when Envoy serves by the snapshot, and no request sent from then on is
// answered by an earlier one. Otherwise the error is a *RefusedError, or says why ctx ended, and
// the snapshot of the last good Push is in force again. Pushes at the same time are done one
// after the other.
//
// What is new is there before anything leads to it, and what goes is no longer led to before it
// goes, so that no request is lost.
func (s *Server) Push(ctx context.Context, next Snapshot) error {
	select {
	case s.pushing <- struct{}{}:
		defer func() { <-s.pushing }()
	case <-ctx.Done():
		return fmt.Errorf("envoy: another change goes on: %w", ctx.Err())
	}
	s.limiter.set(union(s.applied.limits, next.limits)) // before Envoy asks for them
	err := s.move(ctx, next.resources)
	if err == nil {
		s.applied = next
	} else {
		err = errors.Join(err, s.goBack(ctx))
	}
	s.limiter.set(s.applied.limits)
	return err
}

// goBack restores what was, and does not insist that Envoy confirms it.
func (s *Server) goBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if s.state.connected() && s.move(ctx, s.applied.resources) == nil {
		return nil
	}
	return s.state.force(s.applied.resources)
}

func (s *Server) move(ctx context.Context, next [kinds]resources) error {
	now := s.state.now()
	var grown [kinds]resources
	for k := range kinds {
		grown[k] = union(now[k], next[k])
	}
	// Envoy takes a cluster that changed only when it is sent its endpoints, be they the same.
	again := !equal(now[clusters], grown[clusters])
	for _, step := range []struct {
		offers [kinds]resources
		kinds  []kind
		again  bool
	}{
		{grown, []kind{clusters, endpoints}, again},
		{grown, []kind{listeners, routes}, false},
		{next, []kind{listeners, routes}, false},
		{next, []kind{clusters, endpoints}, false},
	} {
		for _, k := range step.kinds {
			if err := s.state.offer(k, step.offers[k], step.again && k == endpoints); err != nil {
				return err
			}
		}
		if err := s.state.wait(ctx, step.kinds...); err != nil {
			return err
		}
	}
	return nil
}

// union prefers what is next.
func union[M ~map[string]V, V any](old, next M) M {
	all := M{}
	maps.Copy(all, old)
	maps.Copy(all, next)
	return all
}
