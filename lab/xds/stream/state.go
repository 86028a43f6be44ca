package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/protobuf/proto"

	"istio-tutorial/lab/xds"
)

// node is the one Envoy, whatever it calls itself.
const node = "envoy"

type anyNode struct{}

func (anyNode) ID(*corev3.Node) string { return node }

// typeURL is the name of a kind in the protocol.
func typeURL(k xds.Kind) string {
	return [xds.Kinds]string{
		resource.ClusterType, resource.EndpointType, resource.SecretType,
		resource.ListenerType, resource.RouteType, resource.ExtensionConfigType,
	}[k]
}

func kindOfType(name string) (xds.Kind, bool) {
	for k := range xds.Kinds {
		if typeURL(k) == name {
			return k, true
		}
	}
	return 0, false
}

// state is what Envoy is offered, and what it said to it: for each kind a version, that rises
// with each offer, and the version last taken.
type state struct {
	cache cache.SnapshotCache

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each change
	count   int           // of offers
	stream  int64         // the present one; 0: Envoy is not connected
	kinds   [xds.Kinds]offer
}

type offer struct {
	items   xds.Resources
	kept    xds.Resources                    // those besides; see keep
	ready   map[string]types.ResourceWithTTL // all of them as they are sent
	version string
	sent    string        // the version of the last message on the present stream
	nonce   string        // of that message
	whole   bool          // it held all items of the version on offer: Envoy had asked for all; see holdsAll
	asked   []string      // the names for which it was an answer
	holds   []string      // those of the version last acknowledged
	taken   string        // the version last acknowledged as a whole on the present stream
	good    xds.Resources // those of the version last acknowledged as a whole
	refusal string        // Envoy's words, if it refused the version
}

func newState() *state {
	s := &state{cache: cache.NewSnapshotCache(false, anyNode{}, nil), changed: make(chan struct{})}
	for k := range s.kinds {
		s.kinds[k] = offer{items: xds.Resources{}, kept: xds.Resources{}, good: xds.Resources{}}
	}
	return s
}

// offer replaces the resources of the kinds of a step, as far as they are other messages.
func (s *state) offer(next step) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for k, items := range next {
		o := s.kinds[k]
		if items != nil && (o.version == "" || o.refusal != "" || !maps.Equal(o.items, items)) {
			errs = append(errs, s.put(xds.Kind(k), items))
		}
	}
	return errors.Join(errs...)
}

// force offers what differs, all at once and without regard to what Envoy makes of it.
func (s *state) force(all [xds.Kinds]xds.Resources) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for k, items := range all {
		if !maps.Equal(s.kinds[k].items, items) {
			errs = append(errs, s.put(xds.Kind(k), items))
		}
	}
	return errors.Join(errs...)
}

// now is what is on offer.
func (s *state) now() [xds.Kinds]xds.Resources {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all [xds.Kinds]xds.Resources
	for k, o := range s.kinds {
		all[k] = o.items
	}
	return all
}

func (s *state) put(k xds.Kind, items xds.Resources) error {
	o := &s.kinds[k]
	s.keep(k)
	ready, err := pack(union(o.kept, items), union(o.kept, o.items), o.ready)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	o.items, o.ready, o.refusal = items, ready, ""
	s.renew(k)
	return s.publish()
}

// keep has what clusters may ask for stay on offer, whatever is offered next, until Envoy has answered to the
// clusters: it holds that answer back until it has all that they ask for, and is told of other clusters only then.
// It may be slow to read, while a change is taken back.
func (s *state) keep(k xds.Kind) {
	clusters := s.kinds[xds.Clusters]
	if (k == xds.Endpoints || k == xds.Secrets) && clusters.taken != clusters.version {
		s.kinds[k].kept = union(s.kinds[k].kept, s.kinds[k].items)
	}
}

// renew has what is on offer sent again.
func (s *state) renew(k xds.Kind) {
	s.count++
	o := &s.kinds[k]
	o.version, o.whole = strconv.Itoa(s.count), false
}

func (s *state) publish() error {
	s.wake()
	return s.cache.SetSnapshot(context.Background(), node, s.snapshot())
}

func (s *state) snapshot() *cache.Snapshot {
	all := &cache.Snapshot{}
	for k, o := range s.kinds {
		all.Resources[cache.GetResponseType(typeURL(xds.Kind(k)))] = cache.Resources{
			Version: o.version, Items: o.ready,
		}
	}
	return all
}

// recognize has what is on offer, and says the same as what is to come, be the same messages: from
// then on a look at their addresses says what differs.
func (s *state) recognize(next [xds.Kinds]xds.Resources) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.kinds {
		o := &s.kinds[k]
		o.items, o.good = recognized(o.items, next[k]), recognized(o.good, next[k])
	}
}

func recognized(items, next xds.Resources) xds.Resources {
	same := xds.Resources{}
	for name, m := range next {
		if known, ok := items[name]; ok && known != m && says(known, m) {
			same[name] = m
		}
	}
	return union(items, same)
}

// says reports whether two resources say the same. It looks only at hosts that were built anew.
func says(a, b proto.Message) bool {
	before, isTable := a.(*routev3.RouteConfiguration)
	now, isToo := b.(*routev3.RouteConfiguration)
	if isTable && isToo && !slices.EqualFunc(before.VirtualHosts, now.VirtualHosts, sameHost) {
		return false
	}
	return proto.Equal(a, b)
}

func sameHost(a, b *routev3.VirtualHost) bool {
	if a == b {
		return true
	}
	sameRoute := func(x, y *routev3.Route) bool { return x == y || proto.Equal(x, y) }
	return slices.EqualFunc(a.Routes, b.Routes, sameRoute) && proto.Equal(a, b)
}

func (s *state) connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream != 0
}

func (s *state) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait returns when Envoy has taken a step.
func (s *state) wait(ctx context.Context, to step) error {
	for {
		s.mu.Lock()
		done, err := s.settled(to)
		connected, changed, open := s.stream != 0, s.changed, s.open(to)
		s.mu.Unlock()
		if done || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if !connected {
				return fmt.Errorf("%w: %w", ErrNotConnected, ctx.Err())
			}
			return fmt.Errorf("envoy: no answer about %s: %w", strings.Join(open, ", "), ctx.Err())
		}
	}
}

func (s *state) settled(to step) (bool, error) {
	for k, o := range s.kinds {
		if to[k] != nil && o.refusal != "" {
			return false, &RefusedError{Reason: o.refusal}
		}
	}
	return s.stream != 0 && len(s.open(to)) == 0, nil
}

// open are the kinds of a step that Envoy has not taken yet.
func (s *state) open(to step) []string {
	var kinds []string
	for k, o := range s.kinds {
		if to[k] != nil && !o.isTaken(xds.Kind(k), to[k]) {
			kinds = append(kinds, typeURL(xds.Kind(k)))
		}
	}
	return kinds
}

// isTaken reports whether Envoy has taken what a step has of a kind.
func (o offer) isTaken(k xds.Kind, of xds.Resources) bool {
	switch {
	case byName(k) && len(o.items) == 0:
		return true
	case k == xds.Secrets:
		for name := range of {
			if o.taken != o.version || !slices.Contains(o.holds, name) {
				return false
			}
		}
		return true
	default:
		return o.taken == o.version
	}
}

// byName reports whether Envoy asks for resources of a kind by name: not at all, if there is none.
func byName(k xds.Kind) bool {
	return k == xds.Endpoints || k == xds.Routes || k == xds.Secrets || k == xds.Filters
}
