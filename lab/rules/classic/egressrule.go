package classic

import (
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
