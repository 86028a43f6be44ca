package classic

import (
	"net/netip"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// external are the hosts that the rules open. Of two rules for one host the smaller key counts.
func external(list []rules.Typed[egressRule]) []mesh.ExternalHost {
	var hosts []mesh.ExternalHost
	for _, rule := range list {
		if firstFor(rule, list).Key != rule.Key {
			continue
		}
		for _, p := range rule.Spec.Ports {
			hosts = append(hosts, externalHost(rule.Spec.Destination.Service, p))
		}
	}
	return hosts
}

// firstFor is the first of the rules for a rule's host.
func firstFor(rule rules.Typed[egressRule], list []rules.Typed[egressRule]) rules.Typed[egressRule] {
	return list[slices.IndexFunc(list, func(r rules.Typed[egressRule]) bool {
		return r.Spec.Destination.Service == rule.Spec.Destination.Service
	})]
}

// anyHost is the service of a rule that opens ports of every host.
const anyHost = "*"

func externalHost(host string, p egressPort) mesh.ExternalHost {
	isPattern := strings.HasPrefix(host, "*")
	e := mesh.ExternalHost{Host: host, Port: int(p.Port), Protocol: mesh.HTTP, AsAsked: isPattern}
	switch strings.ToLower(p.Protocol) {
	case "http2", "grpc":
		e.Protocol = mesh.HTTP2
	case "https":
		// 0.7.1 named no host and checked no certificate; without the name, hosts of today
		// do not answer.
		e.TLS = &mesh.TLS{SNI: host}
		if isPattern {
			e.TLS.SNI = "" // it is the host that a request asks for
		}
	}
	return e
}

func (r *resolver) external(c mesh.Cluster) (mesh.ExternalHost, bool) {
	for _, e := range r.topology.ExternalAt(c.Host) {
		if e.Port == c.Port {
			return e, true
		}
	}
	return mesh.ExternalHost{}, false
}

func (v *validator) egressRule(r *egressRule) {
	if v.Required("spec.destination", r.Destination) {
		v.external("spec.destination", r.Destination)
	}
	if len(r.Ports) == 0 {
		v.Fail("spec.ports", "at least one port is required")
	}
	seen := map[int32]bool{}
	for i, p := range r.Ports {
		path := rules.At("spec.ports", i)
		if seen[p.Port] {
			v.Fail(path+".port", "port %d given twice", p.Port)
		}
		seen[p.Port] = true
		v.egressPort(path, p)
	}
}

func (v *validator) external(path string, r *reference) {
	for _, field := range []struct{ name, value string }{
		{"name", r.Name}, {"namespace", r.Namespace}, {"domain", r.Domain},
	} {
		if field.value != "" {
			v.Fail(path+"."+field.name, "an egress rule's destination has only service")
		}
	}
	if len(r.Labels) > 0 {
		v.Fail(path+".labels", "an egress rule's destination has only service")
	}
	switch {
	case r.Service == "":
		v.Fail(path+".service", "missing")
	case strings.Contains(r.Service, "/"):
		if _, err := netip.ParsePrefix(r.Service); err != nil {
			v.Fail(path+".service", "%s is neither a domain name nor an address range", rules.Quote(r.Service))
			return
		}
		v.Fail(path+".service", "address range %s: %w", r.Service, rules.ErrUnsupported)
	default:
		v.serviceName(path, r)
	}
}

func (v *validator) egressPort(path string, p egressPort) {
	if p.Port < 1 || p.Port > 65535 {
		v.Fail(path+".port", "%d is not in range 1..65535", p.Port)
	}
	switch strings.ToLower(p.Protocol) {
	case "http", "http2", "grpc", "https":
	case "tcp", "mongo":
		v.Fail(path+".protocol", "%s: %w", p.Protocol, rules.ErrUnsupported)
	default:
		v.Fail(path+".protocol", "want http, http2, grpc or https, not %q", p.Protocol)
	}
}

func (i inspector) egressRule(r rules.Typed[egressRule]) []rules.Finding {
	first := firstFor(r, i.egress)
	if first.Key == r.Key {
		return nil
	}
	return never(Shadowed, "%s (earlier name) is for %s too", first.Key.Name, r.Spec.Destination.Service)
}
