package v1

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// claims are the entries of each host, the first of which has it.
type claims map[string][]serviceEntry

func (c claims) add(host string, e serviceEntry) { c[host] = append(c[host], e) }

// has reports whether an entry may say what a host is: the first that names it, and those of the
// same namespace that differ from it in the ports alone.
func (c claims) has(host string, e serviceEntry) bool {
	first := e
	if others := c[host]; len(others) > 0 {
		first = others[0]
	}
	return first.Key == e.Key || joins(first, e)
}

// joins reports whether Istio adds an entry's ports to those of an earlier one.
func joins(first, e serviceEntry) bool {
	return first.Key.Namespace == e.Key.Namespace && first.Spec.Resolution == e.Spec.Resolution &&
		sameScope(first, e) &&
		mesh.Labels(first.Spec.GetWorkloadSelector().GetLabels()).String() ==
			mesh.Labels(e.Spec.GetWorkloadSelector().GetLabels()).String()
}

// sameScope reports whether two entries are seen by the same clients.
func sameScope(a, b serviceEntry) bool {
	scopes := func(e serviceEntry) []string {
		if len(e.Spec.ExportTo) == 0 || slices.Contains(e.Spec.ExportTo, "*") {
			return nil
		}
		var list []string
		for _, scope := range e.Spec.ExportTo {
			if scope == "." {
				scope = e.Key.Namespace
			}
			list = append(list, scope)
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	return slices.Equal(scopes(a), scopes(b))
}

// claimsOf are those of all entries, in their order.
func claimsOf(entries []serviceEntry) claims {
	c := claims{}
	for _, e := range entries {
		for _, host := range e.Spec.Hosts {
			c.add(host, e)
		}
	}
	return c
}

// withoutServices leaves out hosts that are Services: whose name that is, has it.
func (r *resolver) withoutServices(list []mesh.ExternalHost) []mesh.ExternalHost {
	return slices.DeleteFunc(list, func(e mesh.ExternalHost) bool {
		_, isService := r.topology.ServiceAt(e.Host)
		return isService
	})
}

// claimNotes are about hosts of an entry that others have.
func (i inspector) claimNotes(e serviceEntry) []rules.Finding {
	var list []rules.Finding
	for n, host := range e.Spec.Hosts {
		path := rules.At("spec.hosts", n)
		if _, isService := i.topology.ServiceAt(host); isService {
			list = append(list, rules.Warn(path, "", "never acts for host %s: the Service of that name does", host))
			continue
		}
		all := i.naming[host]
		for _, other := range all {
			if other.Key == e.Key {
				break
			}
			if reason := inert(other, e); reason != "" {
				list = append(list, rules.Warn(path, "", "never acts for host %s: %s", host, reason))
				break
			}
		}
	}
	return list
}

// inert is why an entry does nothing beside an older one of the same host.
func inert(older, e serviceEntry) string {
	name := "ServiceEntry " + older.Key.Path()
	switch {
	case !sameScope(older, e):
		return ""
	case !joins(older, e):
		return name + ", which is older, has it"
	case len(e.Spec.Endpoints) == 0 && e.Spec.WorkloadSelector == nil &&
		!slices.ContainsFunc(e.Spec.Ports, func(p *networking.ServicePort) bool { return !hasPort(older, p.Number) }):
		return name + ", which is older, has the same ports"
	default:
		return ""
	}
}

func hasPort(e serviceEntry, number uint32) bool {
	return slices.ContainsFunc(e.Spec.Ports, func(p *networking.ServicePort) bool { return p.Number == number })
}
