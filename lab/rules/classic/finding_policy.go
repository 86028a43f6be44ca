package classic

import (
	"fmt"
	"path"

	"istio-tutorial/lab/mesh"
)

func (i inspector) destinationPolicy(p typed[destinationPolicy]) []string {
	if reason := i.unreachable(p.Rule, p.spec.Destination, p.spec.Source); reason != nil {
		return reason
	}
	used, taken := i.use(p)
	labels, service := mesh.Labels(p.spec.Destination.Labels), p.spec.Destination.short()
	switch {
	case used:
		return i.policyNotes(p)
	case taken != "":
		return never("%s (earlier name) is taken for the same pods, "+
			"and policies are not merged", taken)
	case len(labels) == 0:
		return never("every route to %s names labels, "+
			"and a policy without is for routes without", service)
	default:
		return never("no route leads to %s with exactly the labels %s", service, labels)
	}
}

// use tells whether a policy is some cluster's, or else the name of the one that its clusters have.
func (i inspector) use(p typed[destinationPolicy]) (used bool, taken string) {
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

func (i inspector) policyNotes(p typed[destinationPolicy]) []string {
	var notes []string
	var simple *breaker
	if cb := p.spec.CircuitBreaker; cb != nil {
		simple = cb.Simple
	}
	if p.spec.LoadBalancing == nil && simple == nil {
		notes = append(notes, "sets nothing, and hides every later policy for the same pods")
	}
	if p.spec.LoadBalancing != nil && i.isExternal(p.spec.Destination.Service) {
		notes = append(notes, "balances nothing: loadBalancing has no effect on hosts outside")
	}
	if simple != nil {
		notes = append(notes, tooShort("sleepWindow", simple.SleepWindow)...)
		notes = append(notes, tooShort("httpDetectionInterval", simple.DetectionInterval)...)
	}
	return notes
}

func tooShort(field string, d *duration) []string {
	if seconds(d) != nil {
		return nil
	}
	return []string{fmt.Sprintf("ignores %s %s: it is shorter than a second", field, d.of())}
}

func (i inspector) isExternal(host string) bool {
	for _, e := range i.topology.External {
		if e.Host == host {
			return true
		}
	}
	return false
}

func (i inspector) egressRule(r typed[egressRule]) []string {
	first, ok := egressOf(effectiveEgress(i.set), r.spec.Destination.Service)
	if !ok || first.Key == r.Key {
		return nil
	}
	return never("%s (earlier name) is for %s too", first.Key.Name, r.spec.Destination.Service)
}
