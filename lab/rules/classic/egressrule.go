package classic

import (
	"fmt"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// external are the hosts that the rules open. Of two rules for one host the smaller key counts.
func external(s Set) []mesh.ExternalHost {
	var hosts []mesh.ExternalHost
	for _, rule := range effectiveEgress(s) {
		for _, p := range rule.spec.Ports {
			hosts = append(hosts, externalHost(rule.spec.Destination.Service, p))
		}
	}
	return hosts
}

func effectiveEgress(s Set) []typed[egressRule] {
	var list []typed[egressRule]
	for _, rule := range rulesOf[egressRule](s) {
		if _, taken := egressOf(list, rule.spec.Destination.Service); !taken {
			list = append(list, rule)
		}
	}
	return list
}

func egressOf(rules []typed[egressRule], host string) (typed[egressRule], bool) {
	i := slices.IndexFunc(rules, func(r typed[egressRule]) bool {
		return r.spec.Destination.Service == host
	})
	if i < 0 {
		return typed[egressRule]{}, false
	}
	return rules[i], true
}

func externalHost(host string, p egressPort) mesh.ExternalHost {
	e := mesh.ExternalHost{Host: host, Port: int(p.Port), Protocol: mesh.HTTP}
	switch strings.ToLower(p.Protocol) {
	case "http2", "grpc":
		e.Protocol = mesh.HTTP2
	case "https":
		// 0.7.1 named no host and checked no certificate; without the name, hosts of today
		// do not answer.
		e.TLS = &mesh.TLS{SNI: host}
	}
	return e
}

func (r *resolver) external(c mesh.Cluster) (mesh.ExternalHost, bool) {
	i := slices.IndexFunc(r.topology.External, func(e mesh.ExternalHost) bool {
		return e.Host == c.Host && e.Port == c.Port
	})
	if i < 0 {
		return mesh.ExternalHost{}, false
	}
	return r.topology.External[i], true
}

func (v *validator) egressRule(r *egressRule) {
	if v.required("spec.destination", r.Destination) {
		v.external("spec.destination", r.Destination)
	}
	if len(r.Ports) == 0 {
		v.fail("spec.ports", "at least one port is required")
	}
	seen := map[int32]bool{}
	for i, p := range r.Ports {
		path := fmt.Sprintf("spec.ports[%d]", i)
		if seen[p.Port] {
			v.fail(path+".port", "port %d given twice", p.Port)
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
			v.fail(path+"."+field.name, "an egress rule's destination has only service")
		}
	}
	if len(r.Labels) > 0 {
		v.fail(path+".labels", "an egress rule's destination has only service")
	}
	switch {
	case r.Service == "":
		v.fail(path+".service", "missing")
	case strings.Count(r.Service, "/") == 1:
		v.fail(path+".service", "address range %s: %w", r.Service, errUnsupported)
	case strings.HasPrefix(r.Service, "*"):
		v.fail(path+".service", "wildcard host %s: %w", r.Service, errUnsupported)
	default:
		v.domain(path+".service", r.Service)
	}
}

func (v *validator) egressPort(path string, p egressPort) {
	if p.Port < 1 || p.Port > 65535 {
		v.fail(path+".port", "%d is not in range 1..65535", p.Port)
	}
	switch strings.ToLower(p.Protocol) {
	case "http", "http2", "grpc", "https":
	case "tcp", "mongo":
		v.fail(path+".protocol", "%s: %w", p.Protocol, errUnsupported)
	default:
		v.fail(path+".protocol", "want http, http2, grpc or https, not %q", p.Protocol)
	}
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
