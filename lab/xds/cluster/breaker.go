package cluster

import (
	"math"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/message"
)

// Breakers are the limits of a client's calls in flight, where there are any.
func Breakers(l mesh.Limits) *clusterv3.CircuitBreakers {
	limit := message.Number
	if l.Unlimited {
		limit = orMost
	}
	t := &clusterv3.CircuitBreakers_Thresholds{
		MaxConnections:     limit(l.Connections),
		MaxPendingRequests: limit(l.Pending),
		MaxRequests:        limit(l.Requests),
		MaxRetries:         limit(l.Retries),
		RetryBudget:        budget(l.Budget),
	}
	if proto.Equal(t, &clusterv3.CircuitBreakers_Thresholds{}) {
		return nil
	}
	return &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{t}}
}

// orMost is the greatest number there is where there is no limit, as Istio writes it.
func orMost(n *int) *wrapperspb.UInt32Value {
	if n == nil {
		return wrapperspb.UInt32(math.MaxUint32)
	}
	return message.Number(n)
}

func budget(b *mesh.RetryBudget) *clusterv3.CircuitBreakers_Thresholds_RetryBudget {
	if b == nil {
		return nil
	}
	return &clusterv3.CircuitBreakers_Thresholds_RetryBudget{
		BudgetPercent:       &typev3.Percent{Value: b.Percent},
		MinRetryConcurrency: wrapperspb.UInt32(uint32(b.Least)),
	}
}

// Outlier is when a host is left alone, and for how long; nil: never.
func Outlier(o *mesh.Outlier) *clusterv3.OutlierDetection {
	if o == nil {
		return nil
	}
	d := &clusterv3.OutlierDetection{
		Consecutive_5Xx:    message.Number(o.Errors),
		Interval:           message.Duration(o.Interval),
		BaseEjectionTime:   message.Duration(o.BaseEjection),
		MaxEjectionPercent: message.Number(o.MaxPercent),
		AlwaysEjectOneHost: wrapperspb.Bool(o.AlwaysOne),
	}
	const never, always = 0, 100
	if o.Errors != nil && *o.Errors == 0 {
		d.Consecutive_5Xx, d.EnforcingConsecutive_5Xx = nil, wrapperspb.UInt32(never)
	}
	if o.GatewayErrors != nil && *o.GatewayErrors > 0 {
		d.ConsecutiveGatewayFailure = message.Number(o.GatewayErrors)
		d.EnforcingConsecutiveGatewayFailure = wrapperspb.UInt32(always)
	}
	if !o.BySuccessRate {
		d.EnforcingSuccessRate = wrapperspb.UInt32(never)
	}
	if o.Split {
		d.SplitExternalLocalOriginErrors = true
		d.ConsecutiveLocalOriginFailure = message.Number(o.LocalErrors)
		if o.LocalErrors != nil {
			d.EnforcingConsecutiveLocalOriginFailure = wrapperspb.UInt32(always)
		}
		d.EnforcingLocalOriginSuccessRate = wrapperspb.UInt32(never)
	}
	return d
}
