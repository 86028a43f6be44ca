package classic

import (
	"maps"
	"path"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// policy is the one with the smallest key among those for exactly this cluster: 0.7.1 merges
// none.
func (r *resolver) policy(client mesh.Workload, c mesh.Cluster) mesh.Policy {
	policy := mesh.Defaults()
	external, isExternal := r.external(c)
	policy.TLS = external.TLS
	policy.Connections.NameAsAsked = external.TLS != nil && external.TLS.SNI == ""
	for _, p := range r.policies {
		if !r.isFor(p, client, c) {
			continue
		}
		policy.From = p.Key.String()
		if lb := p.Spec.LoadBalancing; lb != nil && !isExternal {
			policy.Balance = lb.Name.Balance
		}
		if cb := p.Spec.CircuitBreaker; cb != nil && cb.Simple != nil {
			policy.Limits, policy.Outlier = limits(cb.Simple), outlier(cb.Simple)
		}
		break
	}
	return policy
}

func (r *resolver) isFor(p rules.Typed[destinationPolicy], client mesh.Workload, c mesh.Cluster) bool {
	d := p.Spec.Destination
	return d.host(p.Key.Namespace) == c.Host && maps.Equal(mesh.Labels(d.Labels), c.Labels) &&
		r.isFrom(client, p.Rule, p.Spec.Source)
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

func (v *validator) destinationPolicy(p *destinationPolicy) {
	v.Required("spec.destination", p.Destination)
	v.reference("spec.destination", p.Destination)
	v.reference("spec.source", p.Source)
	if p.LoadBalancing != nil && p.LoadBalancing.Name == nil {
		v.Fail("spec.loadBalancing", "name is required")
	}
	if p.CircuitBreaker != nil && p.CircuitBreaker.Simple != nil {
		v.breaker("spec.circuitBreaker.simpleCb", p.CircuitBreaker.Simple)
	}
}

func (v *validator) breaker(path string, b *breaker) {
	v.NotNegative(path+".maxConnections", b.MaxConnections)
	v.NotNegative(path+".httpMaxPendingRequests", b.MaxPendingRequests)
	v.NotNegative(path+".httpMaxRequests", b.MaxRequests)
	v.NotNegative(path+".httpConsecutiveErrors", b.ConsecutiveErrors)
	v.NotNegative(path+".httpMaxRequestsPerConnection", b.MaxRequestsPerConnection)
	v.percent(path+".httpMaxEjectionPercent", float64(b.MaxEjectionPercent))
	v.duration(path+".sleepWindow", b.SleepWindow)
	v.duration(path+".httpDetectionInterval", b.DetectionInterval)
}

func (i inspector) destinationPolicy(p rules.Typed[destinationPolicy]) []rules.Finding {
	if reason := i.unreachable(p.Rule, p.Spec.Destination, p.Spec.Source); reason != nil {
		return reason
	}
	used, taken := i.use(p)
	labels, service := mesh.Labels(p.Spec.Destination.Labels), p.Spec.Destination.short()
	switch {
	case used:
		return i.policyNotes(p)
	case taken != "":
		return never(Shadowed, "%s (earlier name) is taken for the same pods, "+
			"and policies are not merged", taken)
	case len(labels) == 0:
		return never(NoRoute, "every route to %s names labels, "+
			"and a policy without is for routes without", service)
	default:
		return never(NoRoute, "no route leads to %s with exactly the labels %s", service, labels)
	}
}

// use reports whether a policy is some cluster's, or else the name of the one that its clusters have.
func (i inspector) use(p rules.Typed[destinationPolicy]) (used bool, taken string) {
	for n, out := range i.outbounds {
		for _, u := range out.Clusters {
			switch {
			case u.Policy.From == p.Key.String():
				return true, ""
			case i.isFor(p, i.plans[n].client, u.Cluster):
				taken = path.Base(u.Policy.From)
			}
		}
	}
	return false, taken
}

func (i inspector) policyNotes(p rules.Typed[destinationPolicy]) []rules.Finding {
	var list notes
	var simple *breaker
	if cb := p.Spec.CircuitBreaker; cb != nil {
		simple = cb.Simple
	}
	if p.Spec.LoadBalancing == nil && simple == nil {
		list.add(NoEffect, "sets nothing, and hides every later policy for the same pods")
	}
	outside := len(i.topology.ExternalAt(p.Spec.Destination.Service)) > 0
	if p.Spec.LoadBalancing != nil && outside {
		list.add(NoEffect, "balances nothing: loadBalancing has no effect on hosts outside")
	}
	if simple != nil {
		list.tooShort("sleepWindow", simple.SleepWindow)
		list.tooShort("httpDetectionInterval", simple.DetectionInterval)
	}
	return list
}

func (n *notes) tooShort(field string, d *duration) {
	if seconds(d) == nil {
		n.add(NoEffect, "ignores %s %s: it is shorter than a second", field, d.of())
	}
}
