package stream

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	ratelimitservicev3 "github.com/envoyproxy/go-control-plane/envoy/service/ratelimit/v3"

	"istio-tutorial/lab/mesh"
)

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

// spend takes what a request is charged, unless too many were taken within the interval that ends
// now.
func (l *limiter) spend(one mesh.RateLimit) bool {
	now := l.now()
	spent := l.buckets[one.Bucket]
	for len(spent) > 0 && now.Sub(spent[0]) >= one.Interval {
		spent = spent[1:]
	}
	charge := max(one.Charge, 1)
	ok := charge <= one.Tokens-len(spent)
	if ok {
		spent = append(spent, slices.Repeat([]time.Time{now}, charge)...)
	}
	l.buckets[one.Bucket] = spent
	return ok
}
