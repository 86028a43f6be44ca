package v1

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
)

// connections: where both parts of the pool say how long an idle one is kept, http's counts.
func connections(p *networking.ConnectionPoolSettings) mesh.Connections {
	http, tcp := p.GetHttp(), p.GetTcp()
	out := mesh.Connections{
		Idle:     lasting(http.GetIdleTimeout()),
		Lifetime: lasting(tcp.GetMaxConnectionDuration()),
		HTTP2: http.GetH2UpgradePolicy() == networking.ConnectionPoolSettings_HTTPSettings_UPGRADE &&
			!http.GetUseClientProtocol(),
		AsClient: http.GetUseClientProtocol(),
		Streams:  positive(http.GetMaxConcurrentStreams()),
	}
	if out.Idle == nil {
		out.Idle = lasting(tcp.GetIdleTimeout())
	}
	if k := tcp.GetTcpKeepalive(); k != nil {
		out.Keepalive = &mesh.Keepalive{Idle: lasting(k.Time), Interval: lasting(k.Interval)}
		if k.Probes > 0 {
			out.Keepalive.Probes = new(int(k.Probes))
		}
	}
	return out
}

func lasting(d *durationpb.Duration) *time.Duration {
	return converted(d, (*durationpb.Duration).AsDuration)
}

const (
	evenly    = 1.0
	leastWarm = 10.0 // percent
)

// warmup takes the older field where the newer one is not there.
func warmup(lb *networking.LoadBalancerSettings) *mesh.Warmup {
	out := mesh.Warmup{Aggression: evenly, Least: leastWarm}
	old := lb.GetWarmupDurationSecs()
	switch w := lb.GetWarmup(); {
	case w != nil:
		out.Window = w.Duration.AsDuration()
		out.Aggression = orElse(w.Aggression, evenly)
		out.Least = orElse(w.MinimumPercent, leastWarm)
	case old != nil:
		out.Window = old.AsDuration()
	default:
		return nil
	}
	return &out
}

func orElse(value *wrapperspb.DoubleValue, otherwise float64) float64 {
	if value == nil {
		return otherwise
	}
	return value.Value
}

const (
	usualBudget  = 20.0 // percent
	usualRetries = 3
)

func retryBudget(b *networking.TrafficPolicy_RetryBudget) *mesh.RetryBudget {
	if b == nil {
		return nil
	}
	out := &mesh.RetryBudget{Percent: orElse(b.Percent, usualBudget), Least: usualRetries}
	if b.MinRetryConcurrency > 0 {
		out.Least = int(b.MinRetryConcurrency)
	}
	return out
}
