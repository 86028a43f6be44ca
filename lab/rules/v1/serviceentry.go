package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
)

// external are the hosts that the rules name, each port once.
func (r *resolver) external() []mesh.ExternalHost {
	var list []mesh.ExternalHost
	for _, e := range r.entries {
		list = appendHosts(list, e.spec)
	}
	return list
}

// entryOf is the namespace of a host's entry.
func (r *resolver) entryOf(host string) string {
	for _, e := range r.entries {
		if slices.Contains(e.spec.Hosts, host) {
			return e.Key.Namespace
		}
	}
	return ""
}

// externalFor are those that a client sees.
func (r *resolver) externalFor(c client) []mesh.ExternalHost {
	var list []mesh.ExternalHost
	for _, e := range r.entries {
		if e.exportedTo(e.spec.ExportTo, c.Namespace) &&
			c.importsAny(e.Key.Namespace, e.spec.Hosts) {
			list = appendHosts(list, e.spec)
		}
	}
	return list
}

func appendHosts(list []mesh.ExternalHost, s *networking.ServiceEntry) []mesh.ExternalHost {
	for _, host := range s.Hosts {
		for _, p := range s.Ports {
			e := mesh.ExternalHost{
				Host: host, Port: int(p.Number), Target: int(p.TargetPort), Protocol: protocolOf(p),
			}
			if !slices.ContainsFunc(list, func(have mesh.ExternalHost) bool {
				return have.Host == e.Host && have.Port == e.Port
			}) {
				list = append(list, e)
			}
		}
	}
	return list
}

func protocolOf(p *networking.ServicePort) mesh.Protocol {
	switch strings.ToUpper(p.Protocol) {
	case "HTTPS", "TLS", "TCP":
		return mesh.TCP
	case "HTTP2", "GRPC":
		return mesh.HTTP2
	default:
		return mesh.HTTP
	}
}

// known tells whether a cluster is there for a client: a service or host that it sees, with this
// port and, where one is named, this subset.
func (r *resolver) known(c client, cluster mesh.Cluster) bool {
	if cluster.Subset != "" && r.rule(c, cluster.Host).subset(cluster.Subset) == nil {
		return false
	}
	if s, ok := r.topology.ServiceAt(cluster.Host); ok {
		_, ok := s.Port(cluster.Port)
		return ok && s.SeenFrom(c.Namespace) &&
			(c.imports(s.Namespace, s.Host()) || r.routedTo(c, s.Host()))
	}
	return slices.ContainsFunc(r.externalFor(c), func(e mesh.ExternalHost) bool {
		return e.Host == cluster.Host && e.Port == cluster.Port
	})
}

// routedTo tells whether a rule that a client sees leads to a host: that shows it the host too.
func (r *resolver) routedTo(c client, host string) bool {
	return slices.ContainsFunc(r.routes, func(rule typed[*networking.VirtualService]) bool {
		return rule.exportedTo(rule.spec.ExportTo, c.Namespace) &&
			c.importsAny(rule.Key.Namespace, rule.spec.Hosts) &&
			slices.ContainsFunc(destinationsOf(rule.spec), func(d placed) bool {
				return fullName(d.Host, rule.Key.Namespace) == host
			})
	})
}
