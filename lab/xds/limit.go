package xds

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	ratelimitconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/ratelimit/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	ratelimitservicev3 "github.com/envoyproxy/go-control-plane/envoy/service/ratelimit/v3"
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
	b.snapshot.limits[name] = l
	return &routev3.RateLimit{Actions: []*routev3.RateLimit_Action{{
		ActionSpecifier: &routev3.RateLimit_Action_GenericKey_{
			GenericKey: &routev3.RateLimit_Action_GenericKey{
				DescriptorKey: limitKey, DescriptorValue: name,
			},
		},
	}}}
}

// limiter keeps the buckets, and answers Envoy.
type limiter struct {
	ratelimitservicev3.UnimplementedRateLimitServiceServer
	now func() time.Time

	mu      sync.Mutex
	limits  map[string]mesh.RateLimit
	buckets map[string][]time.Time // when the tokens in use were spent
}

// set replaces the limits. Buckets that stay keep what was spent.
func (l *limiter) set(limits map[string]mesh.RateLimit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits = limits
	buckets := map[string][]time.Time{}
	for _, one := range limits {
		buckets[one.Bucket] = l.buckets[one.Bucket]
	}
	l.buckets = buckets
}

// ShouldRateLimit spends a token of each limit of a request, up to the first that has none.
func (l *limiter) ShouldRateLimit(
	_ context.Context, req *ratelimitservicev3.RateLimitRequest,
) (*ratelimitservicev3.RateLimitResponse, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range req.GetDescriptors() {
		for _, e := range d.GetEntries() {
			if one, ok := l.limits[e.GetValue()]; ok && !l.spend(one) {
				return &ratelimitservicev3.RateLimitResponse{
					OverallCode: ratelimitservicev3.RateLimitResponse_OVER_LIMIT,
					RawBody:     []byte(one.Answer.Body),

					ResponseHeadersToAdd: answerHeaders(one.Headers),
				}, nil
			}
		}
	}
	return &ratelimitservicev3.RateLimitResponse{
		OverallCode: ratelimitservicev3.RateLimitResponse_OK,
	}, nil
}

func answerHeaders(headers map[string]string) []*corev3.HeaderValue {
	var list []*corev3.HeaderValue
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		list = append(list, &corev3.HeaderValue{Key: name, Value: headers[name]})
	}
	return list
}

// spend takes a token, unless all were taken within the interval that ends now.
func (l *limiter) spend(one mesh.RateLimit) bool {
	now := l.now()
	spent := l.buckets[one.Bucket]
	for len(spent) > 0 && now.Sub(spent[0]) >= one.Interval {
		spent = spent[1:]
	}
	ok := len(spent) < one.Tokens
	if ok {
		spent = append(spent, now)
	}
	l.buckets[one.Bucket] = spent
	return ok
}
