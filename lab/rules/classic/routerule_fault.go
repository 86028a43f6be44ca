package classic

import (
	"cmp"
	"slices"

	"istio-tutorial/lab/mesh"
)

// fault is what a rule injects; nil if nothing. 0.7.1 leaves out what has percent 0 or no
// status, and cuts percentages to whole ones.
func fault(from string, f *routeFault, match []mesh.Condition) *mesh.Fault {
	if f == nil {
		return nil
	}
	out := mesh.Fault{From: from, When: onHeaders(match)}
	if d := f.Delay; d != nil && d.Percent > 0 {
		out.Delay = &mesh.Delay{Percent: float64(int(d.Percent)), Time: d.FixedDelay.of()}
	}
	if a := f.Abort; a != nil && a.Percent > 0 && a.HTTPStatus > 0 {
		out.Abort = &mesh.Abort{Percent: float64(int(a.Percent)), Status: int(a.HTTPStatus)}
	}
	if out.Delay == nil && out.Abort == nil {
		return nil
	}
	return &out
}

// onHeaders leaves the path out: 0.7.1's fault filter does not know it.
func onHeaders(match []mesh.Condition) []mesh.Condition {
	return slices.DeleteFunc(slices.Clone(match), func(c mesh.Condition) bool {
		return c.Attribute == mesh.Path
	})
}

// faultFilters are in the order in which 0.7.1 chains them: by host, route and cluster.
func (p plan) faultFilters() []filter {
	hosts := slices.Clone(p.hosts)
	slices.SortStableFunc(hosts, func(a, b plannedHost) int { return cmp.Compare(a.host, b.host) })
	var filters []filter
	for _, h := range hosts {
		for _, route := range h.routes {
			if route.fault == nil {
				continue
			}
			for _, d := range route.Destinations {
				filters = append(filters, filter{d.Cluster, *route.fault, route.rule})
			}
		}
	}
	return filters
}

// faults are those that hit a cluster on a route. What the route demands anyway is not a condition
// of its faults.
func (p plan) faults(c mesh.Cluster, match []mesh.Condition) []mesh.Fault {
	var list []mesh.Fault
	for _, f := range p.filters {
		if f.cluster.Key() != c.Key() {
			continue
		}
		fault := f.fault
		if !slices.ContainsFunc(fault.When, func(c mesh.Condition) bool {
			return !slices.Contains(match, c)
		}) {
			fault.When = nil
		}
		list = append(list, fault)
	}
	return list
}
