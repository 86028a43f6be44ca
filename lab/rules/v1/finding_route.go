package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
)

func (i inspector) virtualServiceNotes(r typed[*networking.VirtualService]) []Finding {
	var list []Finding
	for _, d := range destinationsOf(r.spec) {
		list = append(list, i.destinationNotes(r.Rule, d)...)
	}
	list = append(list, i.conflicts(r)...)
	for _, host := range r.spec.Hosts {
		if full := fullName(host, r.Key.Namespace); !i.isHost(full) && bound(r.spec) {
			list = append(list, plain("never acts for host %s: there is no %s", host, full))
		}
	}
	for _, name := range r.spec.Gateways {
		if name != meshGateway {
			list = append(list, coded(codeNotFound, "Referenced gateway not found: %q", name))
		}
	}
	return list
}

// destinationsOf are all that a rule names, mirrors too.
func destinationsOf(s *networking.VirtualService) []*networking.Destination {
	var list []*networking.Destination
	for _, http := range s.Http {
		for _, d := range http.Route {
			list = append(list, d.Destination)
		}
		if http.Mirror != nil {
			list = append(list, http.Mirror)
		}
		for _, m := range http.Mirrors {
			list = append(list, m.Destination)
		}
	}
	return list
}

// destinationNotes look for the host and the subset anywhere, as istioctl does, and for the port.
func (i inspector) destinationNotes(r Rule, d *networking.Destination) []Finding {
	var list []Finding
	full := fullName(d.Host, r.Key.Namespace)
	service, isService := i.topology.ServiceAt(full)
	isExternal := slices.ContainsFunc(i.topology.External, func(e mesh.ExternalHost) bool {
		return e.Host == full
	})
	if !isService && !isExternal {
		list = append(list, coded(codeNotFound, "Referenced host not found: %q", d.Host))
	}
	if d.Subset != "" && !slices.ContainsFunc(i.policies, func(p typed[*networking.DestinationRule]) bool {
		return fullName(p.spec.Host, p.Key.Namespace) == full &&
			slices.ContainsFunc(p.spec.Subsets, func(s *networking.Subset) bool { return s.Name == d.Subset })
	}) {
		list = append(list, coded(codeNotFound,
			"Referenced host+subset in destinationrule not found: %q", d.Host+"+"+d.Subset))
	}
	if port := int(d.GetPort().GetNumber()); isService && port != 0 {
		if _, ok := service.Port(port); !ok {
			list = append(list, plain("answers 503 for %s: it has no port %d", d.Host, port))
		}
	}
	return list
}

// conflicts are other rules for the same host, seen by the same clients, as istioctl words them.
func (i inspector) conflicts(r typed[*networking.VirtualService]) []Finding {
	var list []Finding
	for _, scoped := range scopedHosts(r) {
		var names []string
		for _, other := range i.routes {
			if slices.Contains(scopedHosts(other), scoped) {
				names = append(names, other.Key.name())
			}
		}
		if slices.Sort(names); len(names) > 1 {
			list = append(list, coded(codeConflictingHosts, "The VirtualServices %s associated "+
				"with mesh gateway define the same host %s which can lead to undefined behavior. "+
				"This can be fixed by merging the conflicting VirtualServices into a single "+
				"resource.", strings.Join(names, ","), scoped))
		}
	}
	return list
}

// bound tells whether a rule is for calls inside the mesh.
func bound(s *networking.VirtualService) bool {
	return len(s.Gateways) == 0 || slices.Contains(s.Gateways, meshGateway)
}

// scopedHosts are NAMESPACE/HOST, with * for all namespaces.
func scopedHosts(r typed[*networking.VirtualService]) []string {
	if !bound(r.spec) {
		return nil
	}
	scopes := r.spec.ExportTo
	if len(scopes) == 0 {
		scopes = []string{"*"}
	}
	var list []string
	for _, host := range r.spec.Hosts {
		for _, scope := range scopes {
			if scope == "." {
				scope = r.Key.Namespace
			}
			list = append(list, scope+"/"+fullName(host, r.Key.Namespace))
		}
	}
	return list
}
