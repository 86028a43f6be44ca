package classic

import (
	"slices"

	"istio-tutorial/lab/mesh"
)

// aliased are the hosts outside that Services of type ExternalName name. Sidecars of 0.7.1 led their calls to
// the address that the name has in DNS, with the host that was asked for; at ports of HTTP alone.
func aliased(list []mesh.Service) []mesh.ExternalHost {
	var hosts []mesh.ExternalHost
	for _, s := range list {
		for _, p := range s.Ports {
			if p.Protocol == mesh.HTTP || p.Protocol == mesh.HTTP2 {
				hosts = append(hosts, mesh.ExternalHost{
					Host: s.Host(), Port: p.Number, Protocol: p.Protocol,
					Listed: true, Endpoints: []mesh.Place{{Address: s.External, Port: p.Number}},
				})
			}
		}
	}
	return hosts
}

// names are those by which pods of a namespace call a host outside.
func (r *resolver) names(host, namespace string) []string {
	i := slices.IndexFunc(r.topology.Aliases, func(s mesh.Service) bool { return s.Host() == host })
	if i < 0 {
		return []string{host}
	}
	return r.topology.Aliases[i].Names(namespace)
}
