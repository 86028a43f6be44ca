package stream

import (
	"context"
	"maps"
	"regexp"
	"strings"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"istio-tutorial/lab/xds"
)

// RefusedError says why Envoy does not take a configuration.
type RefusedError struct{ Reason string } // in Envoy's words

func (e *RefusedError) Error() string {
	reason := e.Reason
	if start := strings.Index(reason, brokenRule); start >= 0 { // the whole resource stands before
		name := namePattern.FindStringSubmatch(reason)
		reason = reason[start:]
		if name != nil {
			reason = name[1] + ": " + reason
		}
	}
	return "envoy: " + strings.Join(strings.Fields(reason), " ")
}

const brokenRule = "Proto constraint validation failed"

var namePattern = regexp.MustCompile(`name: "([^"]*)"`)

// backWithin is how long Envoy may take to go back to what it had.
const backWithin = 5 * time.Second

// goBack restores what was, and does not insist that Envoy confirms it.
func (s *Server) goBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backWithin)
	defer cancel()
	s.state.recognize(s.applied.Resources)
	if s.state.connected() && s.take(ctx, reduction(s.applied.Resources), s.applied.Resources) == nil {
		return nil
	}
	return s.state.force(s.applied.Resources)
}

// refused offers the last good version in place of one that Envoy refused and may have taken in
// part. If that is the one, it goes on with what it has: it would be sent the same for ever.
func (s *state) refused(k xds.Kind, req *discoveryv3.DiscoveryRequest) error {
	o := &s.kinds[k]
	reason := req.GetErrorDetail().GetMessage()
	if !maps.Equal(o.items, o.good) {
		err := s.put(k, o.good)
		o.refusal = reason
		return err
	}
	o.version, o.refusal = req.GetVersionInfo(), reason
	return s.publish()
}
