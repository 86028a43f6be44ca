package classic

import (
	"maps"
	"time"

	"istio-tutorial/lab/mesh"
)

// policy is the one with the smallest key among those for exactly this cluster: 0.7.1 merges
// none.
func (r *resolver) policy(client mesh.Workload, c mesh.Cluster) mesh.Policy {
	policy := mesh.Defaults()
	external, isExternal := r.external(c)
	policy.TLS = external.TLS
	for _, p := range r.policies {
		if !r.isFor(p, client, c) {
			continue
		}
		policy.From = p.Key.String()
		if lb := p.spec.LoadBalancing; lb != nil && !isExternal {
			policy.Balance = balanceOf(*lb.Name)
		}
		if cb := p.spec.CircuitBreaker; cb != nil && cb.Simple != nil {
			policy.Limits, policy.Outlier = limits(cb.Simple), outlier(cb.Simple)
		}
		break
	}
	return policy
}

func (r *resolver) isFor(p typed[destinationPolicy], client mesh.Workload, c mesh.Cluster) bool {
	d := p.spec.Destination
	return p.host(d) == c.Host && maps.Equal(mesh.Labels(d.Labels), c.Labels) &&
		r.isFrom(client, p.Rule, p.spec.Source)
}

func balanceOf(b balance) mesh.Balance {
	switch b {
	case leastConn:
		return mesh.LeastRequest
	case random:
		return mesh.Random
	default:
		return mesh.RoundRobin
	}
}

func limits(b *breaker) mesh.Limits {
	return mesh.Limits{
		Connections:           set(b.MaxConnections),
		Pending:               set(b.MaxPendingRequests),
		Requests:              set(b.MaxRequests),
		Retries:               set(b.MaxRetries),
		RequestsPerConnection: set(b.MaxRequestsPerConnection),
	}
}

// outlier is on with any simpleCb, whether it speaks of errors or not.
func outlier(b *breaker) *mesh.Outlier {
	o := &mesh.Outlier{
		Errors:        set(b.ConsecutiveErrors),
		Interval:      seconds(b.DetectionInterval),
		BaseEjection:  seconds(b.SleepWindow),
		MaxPercent:    set(b.MaxEjectionPercent),
		AlwaysOne:     true,
		BySuccessRate: true,
	}
	if o.MaxPercent == nil {
		o.MaxPercent = new(defaultMaxEjection)
	}
	return o
}

const defaultMaxEjection = 10

// set is nil for what 0.7.1 takes for absent.
func set(n int32) *int {
	if n <= 0 {
		return nil
	}
	return new(int(n))
}

// seconds is nil below one: 0.7.1 looks at the whole seconds only to see whether there is any.
func seconds(d *duration) *time.Duration {
	if d.of() < time.Second {
		return nil
	}
	return new(d.of())
}
