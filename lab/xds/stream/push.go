package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/proto"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds"
)

// ErrNotConnected says that Envoy did not ask for its configuration.
var ErrNotConnected = errors.New("envoy: not connected")

// Push returns nil when Envoy serves by the snapshot, and no request sent from then on is
// answered by an earlier one. Otherwise the error is a *RefusedError, or says why ctx ended, and
// the snapshot of the last good Push is in force again. Pushes at the same time are done one
// after the other.
//
// What is new is there before anything leads to it, and what goes is no longer led to before it
// goes, so that no request is lost.
func (s *Server) Push(ctx context.Context, next xds.Snapshot) error {
	select {
	case s.pushing <- struct{}{}:
		defer func() { <-s.pushing }()
	case <-ctx.Done():
		return fmt.Errorf("envoy: another change goes on: %w", ctx.Err())
	}
	limits := maps.Clone(s.applied.Limits)
	maps.Copy(limits, next.Limits)
	s.limiter.set(limits) // before Envoy asks for them
	next = complete(next)
	s.state.recognize(next.Resources)
	now := s.state.now()
	err := s.take(ctx, append(growth(now, next.Resources), reduction(next.Resources)...), next.Resources)
	if err == nil {
		s.applied = next
	} else {
		err = errors.Join(err, s.goBack(ctx))
	}
	s.limiter.set(s.applied.Limits)
	return err
}

// take offers the steps to a goal, each when Envoy has taken the one before.
func (s *Server) take(ctx context.Context, steps []step, goal [xds.Kinds]xds.Resources) error {
	for _, next := range steps {
		if err := s.state.offer(next); err != nil {
			return err
		}
		switch {
		case next[xds.Clusters] != nil:
			next[xds.Secrets] = nil // clusters are taken when they have theirs; listeners ask later
		case next[xds.Secrets] != nil:
			next[xds.Secrets] = goal[xds.Secrets] // the others may not be asked for any more
		}
		if err := s.state.wait(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

// step is what Envoy is offered at once; nil: nothing of that kind.
type step [xds.Kinds]xds.Resources

// growth leads to where everything new is in use, and everything old still there.
func growth(now, next [xds.Kinds]xds.Resources) []step {
	all := union(now[xds.Clusters], next[xds.Clusters])
	secrets := union(now[xds.Secrets], next[xds.Secrets])
	return []step{
		{
			xds.Clusters:  all,
			xds.Endpoints: asked(all, union(next[xds.Endpoints], now[xds.Endpoints])), // new ones; others stay
			xds.Secrets:   secrets,
		},
		{
			xds.Secrets:   secrets, // those of new listeners, too
			xds.Listeners: wider(now[xds.Listeners], next[xds.Listeners]),
			xds.Routes:    union(next[xds.Routes], now[xds.Routes]), // of new listeners
			xds.Filters:   union(next[xds.Filters], now[xds.Filters]),
		},
		{xds.Endpoints: asked(all, union(now[xds.Endpoints], next[xds.Endpoints]))}, // as their listeners are there
		{
			xds.Routes:  union(now[xds.Routes], next[xds.Routes]), // as their clusters are there
			xds.Filters: union(now[xds.Filters], next[xds.Filters]),
		},
	}
}

// reduction leads from there to nothing but what is to stay.
func reduction(to [xds.Kinds]xds.Resources) []step {
	return []step{
		{xds.Listeners: to[xds.Listeners], xds.Routes: to[xds.Routes], xds.Filters: to[xds.Filters]},
		{xds.Clusters: to[xds.Clusters], xds.Endpoints: to[xds.Endpoints], xds.Secrets: to[xds.Secrets]},
	}
}

// complete has no nil: Envoy is to have nothing of a kind then.
func complete(s xds.Snapshot) xds.Snapshot {
	for k, items := range s.Resources {
		if items == nil {
			s.Resources[k] = xds.Resources{}
		}
	}
	if s.Limits == nil {
		s.Limits = map[string]mesh.RateLimit{}
	}
	return s
}

// wider has the listeners of both; where one takes connections in another way than before, it takes
// them in the old way too, until its clients know.
func wider(now, next xds.Resources) xds.Resources {
	all := maps.Clone(union(now, next))
	for name, before := range now {
		old, _ := before.(*listenerv3.Listener)
		after, ok := next[name].(*listenerv3.Listener)
		if !ok || before == next[name] {
			continue
		}
		for _, chain := range old.GetFilterChains() {
			if chain.Name == "" || slices.ContainsFunc(after.FilterChains, func(c *listenerv3.FilterChain) bool {
				return c.Name == chain.Name
			}) {
				continue
			}
			if chain = untaken(chain, after.FilterChains); chain == nil {
				continue
			}
			both := proto.CloneOf(all[name].(*listenerv3.Listener))
			both.FilterChains = append(both.FilterChains, chain)
			all[name] = both
		}
	}
	return all
}

// untaken is a chain for the names of servers that no other one takes, and nil if none are left: Envoy refuses two
// chains for the same connections.
func untaken(chain *listenerv3.FilterChain, by []*listenerv3.FilterChain) *listenerv3.FilterChain {
	match := chain.GetFilterChainMatch()
	left := slices.Clone(match.GetServerNames())
	for _, other := range by {
		names := other.GetFilterChainMatch().GetServerNames()
		if len(match.GetServerNames()) == 0 && len(names) == 0 &&
			other.GetFilterChainMatch().GetTransportProtocol() == match.GetTransportProtocol() {
			return nil
		}
		left = slices.DeleteFunc(left, func(name string) bool { return slices.Contains(names, name) })
	}
	switch len(left) {
	case len(match.GetServerNames()):
		return chain
	case 0:
		return nil
	}
	chain = proto.CloneOf(chain)
	chain.FilterChainMatch.ServerNames = left
	return chain
}

// asked leaves out the endpoints that no cluster asks for, as one did before that has its hosts
// from elsewhere now: Envoy would never take them.
func asked(by, all xds.Resources) xds.Resources {
	some := xds.Resources{}
	for _, c := range by {
		name := c.(*clusterv3.Cluster).GetEdsClusterConfig().GetServiceName()
		if e, ok := all[name]; ok {
			some[name] = e
		}
	}
	return some
}

// union has what is in one or the other; of two with one name, the one in over. It is one of the
// two where that has it all.
func union(under, over xds.Resources) xds.Resources {
	all := maps.Clone(under)
	maps.Copy(all, over)
	switch {
	case maps.Equal(all, under):
		return under
	case len(all) == len(over):
		return over
	default:
		return all
	}
}
