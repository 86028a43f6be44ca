package xds

import (
	"fmt"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	ratelimitconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/ratelimit/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
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

// limitFilter asks on those routes that name a limit.
func (b *builder) limitFilter() *hcmv3.HttpFilter {
	return b.filter(limitFilter, &ratelimitv3.RateLimit{
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

// charge names the limit to Envoy, and keeps it for when Envoy asks.
func (b *builder) charge(l mesh.RateLimit) *routev3.RateLimit {
	if l.Answer.Status != tooMany {
		b.fail("rate limit %s: answers with %d: the lab knows %d only", l.From, l.Answer.Status, tooMany)
	}
	name := fmt.Sprintf("%s %s %s", l.Bucket, l.From, l.Answer.Body)
	b.snapshot.Limits[name] = l
	return &routev3.RateLimit{Actions: []*routev3.RateLimit_Action{{
		ActionSpecifier: &routev3.RateLimit_Action_GenericKey_{
			GenericKey: &routev3.RateLimit_Action_GenericKey{
				DescriptorKey: limitKey, DescriptorValue: name,
			},
		},
	}}}
}
