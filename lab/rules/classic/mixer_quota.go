package classic

import (
	"cmp"
	"fmt"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// addLimits adds what memquota allows a caller, where a QuotaSpec is bound to the server: without
// one, a proxy of 0.7.1 never asks.
func (r *resolver) addLimits(in *mesh.Inbound, c call, actions []action) {
	for _, q := range r.charged(c.destination) {
		for _, a := range actions {
			if limit, ok := a.limit(c); ok {
				limit.Answer = answer(codeResourceExhausted, "Quota is exhausted for: "+q.Quota)
				if q.Charge > 1 {
					limit.Charge = int(q.Charge)
				}
				mesh.Meet(&in.Limits, c.source, limit, func(one *mesh.RateLimit) *mesh.Callers { return &one.Callers })
			}
		}
	}
}

// charged are the quotas that the server's sidecar asks for on each request.
func (r *resolver) charged(server mesh.Workload) []quotaCharge {
	var list []quotaCharge
	for _, binding := range r.bindings {
		if !r.bound(binding, server) {
			continue
		}
		for _, key := range specs(binding) {
			list = append(list, r.quotasOf(key)...)
		}
	}
	return list
}

func (r *resolver) bound(binding rules.Typed[quotaSpecBinding], server mesh.Workload) bool {
	for _, s := range r.topology.ServicesOf(server) {
		for _, ref := range binding.Spec.Services {
			if ref.host(binding.Key.Namespace) == s.Host() {
				return true
			}
		}
	}
	return false
}

// specs are the keys of the QuotaSpecs that a binding names.
func specs(b rules.Typed[quotaSpecBinding]) []rules.Key {
	var keys []rules.Key
	for _, ref := range b.Spec.QuotaSpecs {
		namespace := cmp.Or(ref.Namespace, b.Key.Namespace)
		keys = append(keys, rules.Key{Kind: quotaSpecType, Namespace: namespace, Name: ref.Name})
	}
	return keys
}

func (r *resolver) quotasOf(spec rules.Key) []quotaCharge {
	rule, ok := r.set.Get(spec)
	if !ok {
		return nil
	}
	var list []quotaCharge
	for _, one := range rule.Spec.(*quotaSpec).Rules {
		list = append(list, one.Quotas...)
	}
	return list
}

// limit is what the action's handler allows the call's caller.
func (a action) limit(c call) (mesh.RateLimit, bool) {
	handler, ok := a.handler.Spec.(*memQuota)
	instance, ok2 := a.instance.Spec.(*quota)
	if !ok || !ok2 {
		return mesh.RateLimit{}, false
	}
	dimensions, ok := instance.of(c)
	if !ok {
		return mesh.RateLimit{}, false
	}
	allowed, ok := handler.allowance(mixerName(a.instance), dimensions)
	return mesh.RateLimit{
		From:     a.rule.Key.String(),
		Tokens:   int(allowed.MaxAmount),
		Interval: allowed.ValidDuration.of(),
		Bucket:   fmt.Sprintf("%s;%s;%s", mixerName(a.handler), mixerName(a.instance), dimensions),
		When:     a.when.asked(),
	}, ok
}

func (q *quota) of(c call) (mesh.Labels, bool) {
	dimensions := mesh.Labels{}
	for name, expression := range q.Dimensions {
		text, ok := expression.of(c)
		if !ok {
			return nil, false
		}
		dimensions[name] = text
	}
	return dimensions, true
}

// allowance is that of the first override whose dimensions the request has, else the quota's.
func (m *memQuota) allowance(instance string, dimensions mesh.Labels) (allowance, bool) {
	for _, q := range m.Quotas {
		if q.Name != instance {
			continue
		}
		for _, o := range q.Overrides {
			if dimensions.Has(o.Dimensions) {
				return o.allowance, true
			}
		}
		return q.allowance, true
	}
	return allowance{}, false
}
