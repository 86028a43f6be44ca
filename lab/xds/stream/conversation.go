package stream

import (
	"context"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"istio-tutorial/lab/xds"
)

// OnStreamOpen begins a conversation: what was taken in an earlier one does not count, and all is
// sent anew, also to an Envoy that has it already.
func (s *state) OnStreamOpen(_ context.Context, stream int64, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stream = stream
	for k := range s.kinds {
		o := &s.kinds[k]
		o.sent, o.nonce, o.taken, o.refusal, o.kept = "", "", "", "", xds.Resources{}
		if o.version != "" {
			s.renew(xds.Kind(k))
		}
	}
	return s.publish()
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
	k, known := kindOfType(req.GetTypeUrl())
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
		if o.sent != o.version {
			return nil // it is about an earlier offer; the present one follows
		}
		return s.refused(k, req)
	}
	isNews := o.taken != o.version || !slices.Equal(o.holds, o.asked)
	if o.whole && isNews && o.version == req.GetVersionInfo() {
		o.taken, o.good, o.holds = o.version, o.items, o.asked
		if k == xds.Clusters {
			s.kinds[xds.Endpoints].kept, s.kinds[xds.Secrets].kept = xds.Resources{}, xds.Resources{}
		}
		s.wake()
	}
	return nil
}

// OnStreamResponse notes which message Envoy is to answer.
func (s *state) OnStreamResponse(
	_ context.Context, stream int64,
	req *discoveryv3.DiscoveryRequest, resp *discoveryv3.DiscoveryResponse,
) {
	k, known := kindOfType(resp.GetTypeUrl())
	s.mu.Lock()
	defer s.mu.Unlock()
	if !known || stream != s.stream {
		return
	}
	o := &s.kinds[k]
	o.sent, o.nonce = resp.GetVersionInfo(), resp.GetNonce()
	o.asked = req.GetResourceNames()
	o.whole = o.sent == o.version && holdsAll(k, resp, o.items)
	s.follow(k)
}

// follow has endpoints and secrets sent after clusters, and secrets, routes and filters after
// listeners. A cluster that is new or changed needs its endpoints once more, and Envoy holds its answer to all
// clusters back until it has them; but it asks for a name, and the cache does not answer to one
// that it has sent.
func (s *state) follow(k xds.Kind) {
	var followers []xds.Kind
	switch k {
	case xds.Clusters:
		followers = []xds.Kind{xds.Endpoints, xds.Secrets}
	case xds.Listeners:
		followers = []xds.Kind{xds.Secrets, xds.Routes, xds.Filters}
	}
	for _, f := range followers {
		if next := s.kinds[f]; next.version != "" && next.sent == next.version {
			s.renew(f)
			_ = s.publish() // fails only where its context ends
		}
	}
}

// holdsAll reports whether a message has all that is on offer. Of secrets Envoy asks only for those that
// its clusters and listeners refer to, and on the way to others both may refer to fewer.
func holdsAll(k xds.Kind, resp *discoveryv3.DiscoveryResponse, items xds.Resources) bool {
	if k != xds.Endpoints {
		return k == xds.Secrets || len(resp.GetResources()) == len(items)
	}
	left := len(items) // there may be others that are kept
	for _, r := range resp.GetResources() {
		var sent endpointv3.ClusterLoadAssignment
		if r.UnmarshalTo(&sent) == nil && items[sent.GetClusterName()] != nil {
			left--
		}
	}
	return left == 0
}
