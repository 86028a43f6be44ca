package xds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/protobuf/proto"
)

// node is the one Envoy, whatever it calls itself.
const node = "envoy"

type anyNode struct{}

func (anyNode) ID(*corev3.Node) string { return node }

// typeURL is the name of a kind in the protocol.
func (k kind) typeURL() string {
	return [kinds]string{
		resource.ClusterType, resource.EndpointType, resource.ListenerType, resource.RouteType,
	}[k]
}

func kindOf(typeURL string) (kind, bool) {
	for k := range kinds {
		if k.typeURL() == typeURL {
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
	kinds   [kinds]offer
}

type offer struct {
	items   resources
	version string
	nonce   string    // of the last message on the present stream
	whole   bool      // that message held all items: Envoy had asked for all of them
	taken   string    // the version last acknowledged as a whole on the present stream
	good    resources // those of the version last acknowledged as a whole
	refusal string    // Envoy's words, if it refused the version
}

func newState() *state {
	s := &state{cache: cache.NewSnapshotCache(false, anyNode{}, nil), changed: make(chan struct{})}
	for k := range s.kinds {
		s.kinds[k] = offer{items: resources{}, good: resources{}}
	}
	return s
}

// offer replaces the resources of one kind, if they differ or again is set.
func (s *state) offer(k kind, items resources, again bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.kinds[k]
	if o.version != "" && o.refusal == "" && !again && equal(o.items, items) {
		return nil
	}
	return s.put(k, items)
}

// force offers what differs, all at once and without regard to what Envoy makes of it.
func (s *state) force(all [kinds]resources) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for k, items := range all {
		if !equal(s.kinds[k].items, items) {
			errs = append(errs, s.put(kind(k), items))
		}
	}
	return errors.Join(errs...)
}

// now is what is on offer.
func (s *state) now() [kinds]resources {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all [kinds]resources
	for k, o := range s.kinds {
		all[k] = o.items
	}
	return all
}

func (s *state) put(k kind, items resources) error {
	s.count++
	o := &s.kinds[k]
	o.items, o.version, o.refusal, o.whole = items, strconv.Itoa(s.count), "", false
	return s.publish()
}

func (s *state) publish() error {
	s.wake()
	return s.cache.SetSnapshot(context.Background(), node, s.snapshot())
}

func (s *state) snapshot() *cache.Snapshot {
	all := &cache.Snapshot{}
	for k, o := range s.kinds {
		var list []types.Resource
		for _, name := range slices.Sorted(maps.Keys(o.items)) {
			list = append(list, o.items[name])
		}
		all.Resources[cache.GetResponseType(kind(k).typeURL())] = cache.NewResources(o.version, list)
	}
	return all
}

func equal(a, b resources) bool {
	return maps.EqualFunc(a, b, func(x, y proto.Message) bool { return proto.Equal(x, y) })
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

// silence is how long Envoy may say nothing to an offer before it is made once more. It asks
// for endpoints and routes by name; where it asks while an offer changes, an answer can be to
// fewer than all of them, and no further one comes.
const silence = 2 * time.Second

// wait returns when Envoy has taken a step.
func (s *state) wait(ctx context.Context, to step) error {
	silent := time.NewTicker(silence)
	defer silent.Stop()
	for {
		s.mu.Lock()
		done, err := s.settled(to)
		connected, changed := s.stream != 0, s.changed
		s.mu.Unlock()
		if done || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-silent.C:
			if err := s.repeat(to); err != nil {
				return err
			}
		case <-ctx.Done():
			if !connected {
				return fmt.Errorf("%w: %w", ErrNotConnected, ctx.Err())
			}
			return fmt.Errorf("envoy: no answer: %w", ctx.Err())
		}
	}
}

// repeat offers those kinds of a step anew that Envoy has not taken.
func (s *state) repeat(to step) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for k, o := range s.kinds {
		if to[k] != nil && s.stream != 0 && o.taken != o.version {
			errs = append(errs, s.put(kind(k), o.items))
		}
	}
	return errors.Join(errs...)
}

func (s *state) settled(to step) (bool, error) {
	done := s.stream != 0
	for k, o := range s.kinds {
		if to[k] == nil {
			continue
		}
		if o.refusal != "" {
			return false, &RefusedError{Reason: o.refusal}
		}
		done = done && (o.taken == o.version || kind(k).byName() && len(o.items) == 0)
	}
	return done, nil
}

// byName tells whether Envoy asks for resources of a kind by name: not at all, if there is none.
func (k kind) byName() bool { return k == endpoints || k == routes }

// OnStreamOpen begins a conversation: what was taken in an earlier one does not count.
func (s *state) OnStreamOpen(_ context.Context, stream int64, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stream = stream
	for k := range s.kinds {
		s.kinds[k].nonce, s.kinds[k].taken, s.kinds[k].refusal = "", "", ""
	}
	s.wake()
	return nil
}

// OnStreamClosed ends it.
func (s *state) OnStreamClosed(stream int64, _ *corev3.Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream == stream {
		s.stream = 0
		s.wake()
	}
}

// OnStreamRequest notes what Envoy says to an offer.
func (s *state) OnStreamRequest(stream int64, req *discoveryv3.DiscoveryRequest) error {
	k, known := kindOf(req.GetTypeUrl())
	s.mu.Lock()
	defer s.mu.Unlock()
	if !known || stream != s.stream {
		return nil
	}
	o := &s.kinds[k]
	if o.nonce == "" || o.nonce != req.GetResponseNonce() {
		return nil // not an answer to the last message
	}
	if req.GetErrorDetail() != nil {
		return s.refused(k, req)
	}
	if o.whole && o.taken != o.version {
		o.taken, o.good = o.version, o.items
		s.wake()
	}
	return nil
}

// refused offers the last good version in place of one that Envoy refused and may have taken in
// part. If that is the one, it goes on with what it has: it would be sent the same for ever.
func (s *state) refused(k kind, req *discoveryv3.DiscoveryRequest) error {
	o := &s.kinds[k]
	reason := req.GetErrorDetail().GetMessage()
	if !equal(o.items, o.good) {
		err := s.put(k, o.good)
		o.refusal = reason
		return err
	}
	o.version, o.refusal = req.GetVersionInfo(), reason
	return s.publish()
}

// OnStreamResponse notes which message Envoy is to answer.
func (s *state) OnStreamResponse(
	_ context.Context, stream int64,
	_ *discoveryv3.DiscoveryRequest, resp *discoveryv3.DiscoveryResponse,
) {
	k, known := kindOf(resp.GetTypeUrl())
	s.mu.Lock()
	defer s.mu.Unlock()
	if known && stream == s.stream {
		o := &s.kinds[k]
		o.nonce = resp.GetNonce()
		o.whole = resp.GetVersionInfo() == o.version && len(resp.GetResources()) == len(o.items)
	}
}
