package v1

import (
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// entryOf is the namespace of a host's entry.
func (r *resolver) entryOf(host string) string {
	for _, e := range r.entries {
		if slices.Contains(e.Spec.Hosts, host) {
			return e.Key.Namespace
		}
	}
	return ""
}

// externalFor are the external hosts that a client sees.
func (r *resolver) externalFor(c client) []mesh.ExternalHost {
	return hostsOf(slices.DeleteFunc(slices.Clone(r.entries), func(e serviceEntry) bool {
		return !c.sees(e.Key, e.Spec.ExportTo, e.Spec.Hosts)
	}))
}

// hostsOf are the hosts that rules name, each port once.
func hostsOf(entries []serviceEntry) []mesh.ExternalHost {
	var list []mesh.ExternalHost
	for _, entry := range entries {
		for _, host := range entry.Spec.Hosts {
			for _, p := range entry.Spec.Ports {
				e := mesh.ExternalHost{
					Host: host, Port: int(p.Number), Target: int(p.TargetPort), Protocol: protocolOf(p),
				}
				if !slices.ContainsFunc(list, e.SamePort) {
					list = append(list, e)
				}
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

// known reports whether a cluster is there for a client: a service or host that it sees, with this
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
	return slices.ContainsFunc(r.entries, func(e serviceEntry) bool {
		return slices.Contains(e.Spec.Hosts, cluster.Host) &&
			slices.ContainsFunc(e.Spec.Ports, func(p *networking.ServicePort) bool {
				return int(p.Number) == cluster.Port
			}) &&
			c.sees(e.Key, e.Spec.ExportTo, e.Spec.Hosts)
	})
}

// routedTo reports whether a rule that a client sees leads to a host: that shows it the host too.
func (r *resolver) routedTo(c client, host string) bool {
	return slices.ContainsFunc(r.routes, func(rule virtualService) bool {
		return c.sees(rule.Key, rule.Spec.ExportTo, rule.Spec.Hosts) &&
			slices.ContainsFunc(destinationsOf(rule.Spec), func(d placed) bool {
				return fullName(d.Host, rule.Key.Namespace) == host
			})
	})
}

// HostsOutside is how many ports of hosts outside a rule names.
func HostsOutside(r rules.Rule) int {
	s, ok := r.Spec.(*networking.ServiceEntry)
	if !ok {
		return 0
	}
	return len(s.Hosts) * len(s.Ports)
}

func (v *validator) serviceEntry(s *networking.ServiceEntry) {
	v.Required("spec.hosts", s.Hosts)
	for i, host := range s.Hosts {
		path := rules.At("spec.hosts", i)
		switch {
		case strings.HasPrefix(host, "*"):
			v.Fail(path, "wildcard host %s: not supported by the lab", host)
		case v.host(path, host) && !strings.Contains(host, "."):
			v.Fail(path, "host %s without a dot: not supported by the lab", host)
		}
	}
	names, numbers := map[string]bool{}, map[string]bool{}
	for i, p := range s.Ports {
		path := rules.At("spec.ports", i)
		v.servicePort(path, p)
		v.Once(path+".name", p.Name, names)
		v.Once(path+".number", strconv.Itoa(int(p.Number)), numbers)
	}
	if s.Location != networking.ServiceEntry_MESH_EXTERNAL {
		v.Fail("spec.location", "%s: not supported by the lab", s.Location)
	}
	v.resolution(s)
	v.exportTo(s.ExportTo)
}

func (v *validator) resolution(s *networking.ServiceEntry) {
	switch s.Resolution {
	case networking.ServiceEntry_DNS, networking.ServiceEntry_DNS_ROUND_ROBIN:
	case networking.ServiceEntry_NONE: // clients find the host themselves, at the same address
		for i, p := range s.Ports {
			if p.TargetPort != 0 {
				v.Fail(rules.At("spec.ports", i)+".targetPort", "with resolution NONE: not supported by the lab")
			}
		}
	default:
		v.Fail("spec.resolution", "%s: not supported by the lab", s.Resolution)
	}
}

func (v *validator) servicePort(path string, p *networking.ServicePort) {
	v.Port(path+".number", int(p.Number))
	if p.TargetPort != 0 {
		v.Port(path+".targetPort", int(p.TargetPort))
	}
	v.NotEmpty(path+".name", p.Name)
	if p.Protocol == "" {
		v.Fail(path+".protocol", "a port without: not supported by the lab")
	} else {
		v.protocol(path+".protocol", p.Protocol, append(httpProtocols(), "HTTPS", "TLS", "TCP"))
	}
}

func (i inspector) serviceEntryNotes(e serviceEntry) []rules.Finding {
	if len(e.Spec.Ports) == 0 {
		return []rules.Finding{rules.Warn("spec.ports", "", "never acts: it has no ports")}
	}
	list := i.samePort(e)
	for n, p := range e.Spec.Ports {
		if strings.EqualFold(p.Protocol, "TCP") {
			list = append(list, rules.Warn(rules.At("spec.ports", n), rules.NoAddresses,
				"ServiceEntry addresses are required for this protocol."))
		}
	}
	return list
}
