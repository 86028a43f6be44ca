package gatewayapi

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

type inspector struct {
	set      rules.Set
	topology mesh.Topology
}

func (i inspector) httpRouteNotes(r httpRoute) []rules.Finding {
	return slices.Concat(i.negatives(r), i.absent(r), i.unheard(r), i.unsent(r))
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

// negatives are the conditions of a route's status that are not as they should be, each once.
func (i inspector) negatives(r httpRoute) []rules.Finding {
	var list []rules.Finding
	for _, p := range i.routeStatus(r).Parents {
		for _, c := range p.Conditions {
			one := negative(c.Type, c.Reason, c.Message)
			if c.Status == metav1.ConditionFalse && !slices.Contains(list, one) {
				list = append(list, one)
			}
		}
	}
	return list
}

// absent is what a route refers to and is not there, and Istio does not tell: a Gateway, or the port of a Service.
func (i inspector) absent(r httpRoute) []rules.Finding {
	var list []rules.Finding
	for n, p := range r.Spec.ParentRefs {
		path, name := rules.At("spec.parentRefs", n), named(r, p.Namespace, p.Name)
		c := mesh.Cluster{Host: mesh.Service{Name: name}.Host(), Port: int(or(p.Port, 0))}
		switch {
		case isGateway(p) && len(i.doorsOf(name)) == 0:
			list = append(list, rules.Warn(path, "", "never acts there: gateway %q not found", p.Name))
		case isService(p) && p.Port != nil && i.lacksPort(c):
			list = append(list, rules.Warn(path+".port", "", "never acts there: %s has no port %d", c.Host, c.Port))
		}
	}
	for n, rule := range r.Spec.Rules {
		list = append(list, i.portless(r, rules.At("spec.rules", n), rule)...)
	}
	return list
}

// portless are the backends and mirrors of a rule whose hosts are there without the port.
func (i inspector) portless(r httpRoute, path string, rule gateway.HTTPRouteRule) []rules.Finding {
	var list []rules.Finding
	for m, b := range rule.BackendRefs {
		if c := cluster(r, b.BackendObjectReference); i.lacksPort(c) {
			list = append(list, rules.Warn(rules.At(path+".backendRefs", m), "",
				"backend %s has no port %d: its requests get an error", c.Host, c.Port))
		}
	}
	for m, f := range rule.Filters {
		if f.RequestMirror == nil {
			continue
		}
		if c := cluster(r, f.RequestMirror.BackendRef); i.lacksPort(c) {
			list = append(list, rules.Warn(rules.At(path+".filters", m), "", "mirror %s has no port %d: it gets nothing", c.Host, c.Port))
		}
	}
	return list
}

// lacksPort reports whether a host is there, and the port is not.
func (i inspector) lacksPort(c mesh.Cluster) bool { return i.isThere(c.Host) && !i.hasPort(c) }

func (i inspector) has(group, kind string, name mesh.Name) bool {
	_, ok := i.set.Get(rules.Key{
		Group: group, Kind: kind, Namespace: name.Namespace, Name: name.Name,
	})
	return ok
}

// isThere reports whether a host is a Service, or one that a ServiceEntry has.
func (i inspector) isThere(host string) bool {
	_, isService := i.topology.ServiceAt(host)
	return isService || slices.ContainsFunc(rules.ByKey[networking.ServiceEntry](i.set), func(e rules.Typed[networking.ServiceEntry]) bool {
		return slices.Contains(e.Spec.Hosts, host)
	})
}

func (i inspector) hasPort(c mesh.Cluster) bool {
	if service, ok := i.topology.ServiceAt(c.Host); ok {
		_, hasPort := service.Port(c.Port)
		return hasPort
	}
	return slices.ContainsFunc(rules.ByKey[networking.ServiceEntry](i.set), func(e rules.Typed[networking.ServiceEntry]) bool {
		return slices.Contains(e.Spec.Hosts, c.Host) && slices.ContainsFunc(e.Spec.Ports,
			func(p *networking.ServicePort) bool { return int(p.Number) == c.Port })
	})
}
