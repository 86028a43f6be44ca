package filter

import (
	"fmt"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	ratelimitconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/ratelimit/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/message"
)

// Envoy's own token buckets belong to one listener each. Those with a name are shared by all
// instances of a server, as those of Istio's Mixer were: Envoy asks the lab for each request
// that such a limit speaks of.

const (
	limitFilter = "envoy.filters.http.ratelimit"
	limitKey    = "limit"
	// limitTimeout bounds the question; without an answer the request passes, as with Mixer.
	limitTimeout = time.Second
	tooMany      = 429
)

// SharedLimits is the step that asks on those routes that name a limit.
func SharedLimits(p *message.Packer) *hcmv3.HttpFilter {
	return Step(p, limitFilter, &ratelimitv3.RateLimit{
		Domain:                         envoy.XDSCluster,
		Timeout:                        durationpb.New(limitTimeout),
		DisableXEnvoyRatelimitedHeader: true,
		RateLimitService: &ratelimitconfigv3.RateLimitServiceConfig{
			TransportApiVersion: corev3.ApiVersion_V3,
			GrpcService: &corev3.GrpcService{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{
				EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: envoy.XDSCluster},
			}},
		},
	})
}

// Charges name a limit to Envoy: once, or once for each case, if no earlier one holds. The name is what Envoy asks by.
func Charges(p *message.Packer, l mesh.RateLimit) (name string, list []*routev3.RateLimit) {
	name = fmt.Sprintf("%s %s %s", l.Bucket, l.From, l.Answer.Body)
	if len(l.When) == 0 {
		return name, []*routev3.RateLimit{charge(p, name, l)}
	}
	for i, when := range l.When {
		one := charge(p, name, l)
		for _, earlier := range l.When[:i] {
			one.Actions = append(one.Actions, asks(earlier, false))
		}
		one.Actions = append(one.Actions, asks(when, true))
		list = append(list, one)
	}
	return name, list
}

// asks has a limit only for requests that meet all conditions, or only for the others.
func asks(when []mesh.Condition, expect bool) *routev3.RateLimit_Action {
	return &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_HeaderValueMatch_{
		HeaderValueMatch: &routev3.RateLimit_Action_HeaderValueMatch{
			DescriptorValue: "match", ExpectMatch: wrapperspb.Bool(expect), Headers: match.Headers(when),
		},
	}}
}

// charge names a limit to Envoy.
func charge(p *message.Packer, name string, l mesh.RateLimit) *routev3.RateLimit {
	if l.Answer.Status != tooMany {
		p.Fail("rate limit %s: answers with %d: the lab knows %d only", l.From, l.Answer.Status, tooMany)
	}
	return &routev3.RateLimit{Actions: []*routev3.RateLimit_Action{{
		ActionSpecifier: &routev3.RateLimit_Action_GenericKey_{
			GenericKey: &routev3.RateLimit_Action_GenericKey{
				DescriptorKey: limitKey, DescriptorValue: name,
			},
		},
	}}}
}
