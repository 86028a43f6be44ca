package gatewayapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

type inspector struct {
	set      rules.Set
	topology mesh.Topology
}

func (i inspector) httpRouteNotes(r httpRoute) []rules.Finding {
	var list []rules.Finding
	for _, text := range append(i.parents(r), i.backends(r)...) {
		list = append(list, rules.Warn("", rules.Negative,
			"A condition with a negative status is present: %s", text))
	}
	return slices.Concat(list, i.unheard(r), i.unsent(r))
}

func (i inspector) grpcRouteNotes(r grpcRoute) []rules.Finding {
	return i.httpRouteNotes(httpRoute{Rule: r.Rule, Spec: shared(r.Spec)})
}

// unsent is about conditions of a route inside the mesh on headers that nobody sends there.
func (i inspector) unsent(r httpRoute) []rules.Finding {
	var list []rules.Finding
	for n, rule := range r.Spec.Rules {
		for m, match := range rule.Matches {
			for h, header := range match.Headers {
				if reason := i.unsentTo(r, string(header.Name)); reason != "" {
					path := rules.At(rules.At(rules.At("spec.rules", n)+".matches", m)+".headers", h)
					list = append(list, rules.Warn(path, "", "never matches on its way: %s", reason))
				}
			}
		}
	}
	return list
}

// unsentTo is why a header is at none of a route's parents.
func (i inspector) unsentTo(r httpRoute, header string) string {
	reason := ""
	for _, p := range r.Spec.ParentRefs {
		host := mesh.Service{Name: named(r, p.Namespace, p.Name)}.Host()
		if !isService(p) {
			return "" // requests from outside have any header, and an entry may have any host
		}
		if reason = rules.Unsent(i.topology, host, header); reason == "" {
			return ""
		}
	}
	return reason
}

// unheard is what the API has and Istio does not look at.
func (i inspector) unheard(r httpRoute) []rules.Finding {
	var list []rules.Finding
	add := func(path string) {
		list = append(list, rules.Warn(path, "", "%s does nothing: Istio does not look at it", path))
	}
	if r.Spec.UseDefaultGateways != "" {
		add("spec.useDefaultGateways")
	}
	for n, p := range r.Spec.ParentRefs {
		if p.SectionName != nil && !isGateway(p) {
			add(rules.At("spec.parentRefs", n) + ".sectionName")
		}
	}
	for n, rule := range r.Spec.Rules {
		if rule.SessionPersistence != nil {
			add(rules.At("spec.rules", n) + ".sessionPersistence")
		}
	}
	return list
}

func (i inspector) parents(r httpRoute) []string {
	const accepted = "type=Accepted, "
	const none = "reason=NoMatchingParent, message="
	var list []string
	for _, p := range r.Spec.ParentRefs {
		problem := ""
		switch name := named(r, p.Namespace, p.Name); {
		case isGateway(p):
			problem = i.listeners(r, p, name)
		case isEntry(p):
			if !i.has(istioGroup, entryKind, name) {
				problem = fmt.Sprintf("%sparent service entry: %q not found.", none, p.Name)
			}
		default:
			service, isThere := i.topology.ServiceAt(mesh.Service{Name: name}.Host())
			_, hasPort := service.Port(int(or(p.Port, 0)))
			if !isThere {
				problem = fmt.Sprintf("%sparent service: %q not found.", none, p.Name)
			} else if p.Port != nil && !hasPort {
				problem = fmt.Sprintf("%sport %d not found.", none, *p.Port)
			}
		}
		if problem != "" {
			list = append(list, accepted+problem)
		}
	}
	return list
}

func (i inspector) has(group, kind string, name mesh.Name) bool {
	_, ok := i.set.Get(rules.Key{
		Group: group, Kind: kind, Namespace: name.Namespace, Name: name.Name,
	})
	return ok
}

// listeners is why none of a Gateway has a route: the gravest of their reasons, with a message of each that has it, as
// Istio's status does; "" if one has.
func (i inspector) listeners(r httpRoute, p gateway.ParentReference, name mesh.Name) string {
	problem, gravest := fmt.Sprintf("reason=NoMatchingParent, message=gateway %q not found.", p.Name), ""
	for _, g := range rules.ByKey[gateway.GatewaySpec](i.set) {
		if g.Key.Path() != name.String() {
			continue
		}
		for _, l := range g.Spec.Listeners {
			denied := denial(g, l, i.topology.LabelsOf, r, p)
			if denied == "" {
				return ""
			}
			reason, message, _ := strings.Cut(denied, ", message=")
			switch order := cmp.Compare(gravity(reason), gravity(gravest)); {
			case order > 0:
				problem, gravest = denied, reason
			case order == 0:
				problem = strings.TrimSuffix(problem, ".") + "; " + message
			}
		}
	}
	return problem
}

// gravity is greater for a reason that Istio tells before others; 0 is none.
func gravity(reason string) int {
	list := []string{"", "reason=NoMatchingParent", "reason=NoMatchingListenerHostname", "reason=NotAllowedByListeners"}
	return slices.Index(list, reason)
}

// backends name the first backend that is not there, as Istio's status does, or that a route at the
// ingress may not lead to.
func (i inspector) backends(r httpRoute) []string {
	var refs []gateway.BackendObjectReference
	for _, rule := range r.Spec.Rules {
		for _, b := range rule.BackendRefs {
			refs = append(refs, b.BackendObjectReference)
		}
		for _, f := range rule.Filters {
			if f.RequestMirror != nil {
				refs = append(refs, f.RequestMirror.BackendRef)
			}
		}
	}
	atEdge := slices.ContainsFunc(r.Spec.ParentRefs, isGateway)
	for _, b := range refs {
		if c := cluster(r, b); !i.isThere(c) {
			return []string{fmt.Sprintf("type=ResolvedRefs, reason=BackendNotFound, "+
				"message=backend(%s) not found.", c.Host)}
		}
		if atEdge && !mayLead(i.set, r, b) {
			return []string{fmt.Sprintf("type=ResolvedRefs, reason=RefNotPermitted, message=backendRef "+
				"%s/%s not accessible to a %s in namespace %q (missing a ReferenceGrant?).",
				b.Name, *b.Namespace, r.Key.Kind, r.Key.Namespace)}
		}
	}
	return nil
}

func (i inspector) isThere(c mesh.Cluster) bool {
	if service, ok := i.topology.ServiceAt(c.Host); ok {
		_, hasPort := service.Port(c.Port)
		return hasPort
	}
	for _, e := range rules.ByKey[networking.ServiceEntry](i.set) {
		if slices.Contains(e.Spec.Hosts, c.Host) && slices.ContainsFunc(e.Spec.Ports,
			func(p *networking.ServicePort) bool { return int(p.Number) == c.Port }) {
			return true
		}
	}
	return false
}
