package v1

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/rules"
)

func (i inspector) virtualServiceNotes(r virtualService) []rules.Finding {
	list := i.delegateNotes(r)
	for _, d := range destinationsOf(r.Spec) {
		list = append(list, i.destinationNotes(r.Rule, d)...)
	}
	list = append(list, i.conflicts(r)...)
	return slices.Concat(
		list, i.hostNotes(r), i.beaten(r), i.unsentNotes(r), i.bindingNotes(r), nowhereNotes(r), i.subsetNotes(r), i.claimRouteNotes(r),
	)
}

// placed is a destination and its field.
type placed struct {
	path string
	what string // "mirror " for a mirror
	*networking.Destination
}

// destinationsOf are all that a rule names, mirrors too.
func destinationsOf(s *networking.VirtualService) []placed {
	var list []placed
	for i, http := range s.Http {
		path := rules.At("spec.http", i)
		for j, d := range http.Route {
			list = append(list, placed{rules.At(path+".route", j) + ".destination", "", d.Destination})
		}
		if http.Mirror != nil {
			list = append(list, placed{path + ".mirror", "mirror ", http.Mirror})
		}
		for j, m := range http.Mirrors {
			at := rules.At(path+".mirrors", j) + ".destination"
			list = append(list, placed{at, "mirror ", m.Destination})
		}
	}
	connections := func(path string, route []*networking.RouteDestination) {
		for j, d := range route {
			list = append(list, placed{rules.At(path+".route", j) + ".destination", "", d.Destination})
		}
	}
	for i, tls := range s.Tls {
		connections(rules.At("spec.tls", i), tls.Route)
	}
	for i, tcp := range s.Tcp {
		connections(rules.At("spec.tcp", i), tcp.Route)
	}
	return list
}

// destinationNotes look for the host and the subset anywhere, as istioctl does, and for the port.
func (i inspector) destinationNotes(r *rules.Rule, d placed) []rules.Finding {
	var list []rules.Finding
	full := fullName(d.Host, r.Key.Namespace)
	ports, found := i.ports(full, r.Key.Namespace)
	if !found {
		list = append(list, i.missing(d, full))
	}
	if d.Subset != "" && !i.isSubset(full, d.Subset) {
		list = append(list, failed(d.path+".subset", rules.NotFound,
			"Referenced %s+subset in destinationrule not found: %q",
			cmp.Or(strings.TrimSpace(d.what), "host"), d.Host+"+"+d.Subset))
	}
	switch port := int(d.GetPort().GetNumber()); {
	case found && port == 0 && len(ports) > 1:
		list = append(list, failed(d.path+".host", rules.PortRequired, "This VirtualService routes to "+
			"a service %q that exposes multiple ports %v. Specifying a port in the destination is "+
			"required to disambiguate.", d.Host, ports))
	case found && port != 0 && len(ports) > 0 && !slices.Contains(ports, port):
		list = append(list, failed(d.path+".host", rules.NotFound,
			"Referenced host:port not found: %q", fmt.Sprintf("%s:%d", d.Host, port)))
	}
	return list
}

// missing is about a destination that is not a service and no host outside.
func (i inspector) missing(d placed, host string) rules.Finding {
	if i.isBelow(host) {
		return rules.Warn(d.path+".host", "", "%s is not there: only a pattern of a ServiceEntry has it, "+
			"and Istio makes no cluster for each name below", d.Host)
	}
	return failed(d.path+".host", rules.NotFound, "Referenced %shost not found: %q", d.what, d.Host)
}

// ports are those of a service that a namespace sees, or of an external host.
func (i inspector) ports(host, from string) ([]int, bool) {
	if s, ok := i.topology.ServiceAt(host); ok && s.SeenFrom(from) {
		ports := []int{}
		for _, p := range s.Ports {
			ports = append(ports, p.Number)
		}
		return ports, true
	}
	if s, ok := i.aliasAt(host); ok && len(s.Ports) == 0 {
		return nil, true // it names none, so that none need be chosen
	}
	var ports []int
	for _, e := range i.topology.ExternalAt(host) {
		ports = append(ports, e.Port)
	}
	return ports, len(ports) > 0
}

// subsetNotes are about routes of the ingress to all pods of a host for which a rule inside the
// mesh chooses among subsets: that rule is not for the ingress.
func (i inspector) subsetNotes(r virtualService) []rules.Finding {
	var list []rules.Finding
	for _, d := range destinationsOf(r.Spec) {
		if len(r.Spec.Gateways) == 0 || d.what != "" || d.Subset != "" {
			continue
		}
		for _, other := range i.written {
			if choosesSubset(other.Spec, d.Host) {
				path := strings.TrimSuffix(d.path, ".destination")
				list = append(list, rules.Warn(path, rules.NoSubsetAtEdge,
					"Subset in virtual service %s has no effect on ingress gateway %s requests",
					other.Key.Path(), r.Key.Path()))
			}
		}
	}
	return list
}

// choosesSubset compares hosts as they are written, as istioctl does.
func choosesSubset(s *networking.VirtualService, host string) bool {
	return slices.Contains(s.Hosts, host) &&
		slices.ContainsFunc(destinationsOf(s), func(d placed) bool {
			return d.what == "" && d.Host == host && d.Subset != ""
		})
}

// isSubset reports whether any DestinationRule of a host has a subset.
func (i inspector) isSubset(host, name string) bool {
	return slices.ContainsFunc(i.policies, func(p destinationRule) bool {
		return fullName(p.Spec.Host, p.Key.Namespace) == host &&
			slices.ContainsFunc(p.Spec.Subsets, func(s *networking.Subset) bool { return s.Name == name })
	})
}

// actsOfSeveral says what istioctl leaves open: which of several rules acts, the first of which is given.
func actsOfSeveral(list []virtualService) string {
	if list[0].IsOlder(list[1].Rule) {
		return fmt.Sprintf(" Of these %s acts, as the oldest.", list[0].Key.Path())
	}
	return fmt.Sprintf(" Of these the oldest acts; if they are created together, %s does, by its name.", list[0].Key.Path())
}

// conflicts are other rules for the same host, seen by the same clients, as istioctl words them.
func (i inspector) conflicts(r virtualService) []rules.Finding {
	var list []rules.Finding
	for _, scoped := range scopedHosts(r) {
		var same []virtualService
		var names []string
		for _, other := range i.routes { // the oldest first
			if slices.Contains(scopedHosts(other), scoped) {
				same, names = append(same, other), append(names, other.Key.Path())
			}
		}
		if len(names) > 1 {
			slices.Sort(names)
			list = append(list, failed("spec.hosts", rules.ConflictingHosts,
				"The VirtualServices %s associated with mesh gateway define the same host %s which "+
					"can lead to undefined behavior. This can be fixed by merging the conflicting "+
					"VirtualServices into a single resource.%s", rules.Listed(names), scoped, actsOfSeveral(same)))
		}
	}
	return list
}

// bound reports whether a rule is for calls inside the mesh.
func bound(s *networking.VirtualService) bool {
	return len(s.Gateways) == 0 || slices.Contains(s.Gateways, meshGateway)
}

// scopedHosts are NAMESPACE/HOST, with * for all namespaces.
func scopedHosts(r virtualService) []string {
	if !bound(r.Spec) {
		return nil
	}
	scopes := r.Spec.ExportTo
	if len(scopes) == 0 {
		scopes = []string{"*"}
	}
	var list []string
	for _, host := range r.Spec.Hosts {
		for _, scope := range scopes {
			if scope == "." {
				scope = r.Key.Namespace
			}
			list = append(list, scope+"/"+fullName(host, r.Key.Namespace))
		}
	}
	return list
}

// bindingNotes are about the gateways that a rule names.
func (i inspector) bindingNotes(r virtualService) []rules.Finding {
	var list []rules.Finding
	for n, name := range r.Spec.Gateways {
		if name == meshGateway {
			continue
		}
		path, full := rules.At("spec.gateways", n), fullGateway(name, r.Key.Namespace)
		index := slices.IndexFunc(i.gateways, func(g gateway) bool { return g.Key.Path() == full })
		if index < 0 {
			list = append(list, failed(path, rules.NotFound, "Referenced gateway not found: %q", name))
		}
		if index < 0 || !hasHost(i.gateways[index], r) {
			list = append(list, rules.Warn(path, rules.HostNotInGateway, "one or more host %v defined "+
				"in VirtualService %s not found in Gateway %s.", r.Spec.Hosts, r.Key.Path(), full))
		}
	}
	return list
}
