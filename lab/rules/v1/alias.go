package v1

import (
	"slices"

	"istio-tutorial/lab/mesh"
)

// An alias is a Service of type ExternalName: to Istio, another name of a host that it knows, with
// that host's rules. Of a host that it does not know, a client finds the address by DNS, and its
// calls pass, where calls of any host do.

// outside reports whether an alias is of a host that nothing names.
func (r *resolver) outside(alias mesh.Service) bool {
	_, isEntry := r.entryOf(alias.External)
	_, isService := r.topology.ServiceAt(alias.External)
	return !isEntry && !isService
}

func (r *resolver) aliasAt(host string) (mesh.Service, bool) {
	i := slices.IndexFunc(r.topology.Aliases, func(s mesh.Service) bool {
		return s.Host() == host && r.outside(s)
	})
	if i < 0 {
		return mesh.Service{}, false
	}
	return r.topology.Aliases[i], true
}

// aliasPorts are those that an alias names, or else those of HTTP and HTTPS.
func aliasPorts(s mesh.Service) []int {
	var ports []int
	for _, p := range s.Ports {
		ports = append(ports, p.Number)
	}
	if ports == nil {
		return []int{80, 443}
	}
	return ports
}

// aliased are the hosts outside that only aliases name.
func (r *resolver) aliased() []mesh.ExternalHost {
	var list []mesh.ExternalHost
	for _, s := range r.topology.Aliases {
		if !r.outside(s) {
			continue
		}
		for _, port := range aliasPorts(s) {
			list = append(list, mesh.ExternalHost{
				Host: s.Host(), Port: port, Protocol: mesh.Unnamed,
				Listed: true, Endpoints: []mesh.Place{{Address: s.External, Port: port}},
			})
		}
	}
	return list
}

// alias adds the names of aliases to hosts, and the hosts that only they name.
func (r *resolver) alias(c client, hosts []plannedHost) []plannedHost {
	_, open := r.unknown(c)
	for _, s := range r.topology.Aliases {
		names := s.Names(c.Namespace)
		for i, h := range hosts {
			if h.host == s.External {
				hosts[i].Names = append(h.Names, names...)
			}
		}
		if !open || !r.outside(s) || c.egressProxy() != nil {
			continue
		}
		for _, port := range aliasPorts(s) {
			to := mesh.Cluster{Host: s.Host(), Port: port}
			hosts = append(hosts, plannedHost{
				VirtualHost: mesh.VirtualHost{Names: names, Port: port, Unread: &to},
				host:        s.Host(), routes: []Route{unreadRoute(to)},
			})
		}
	}
	return hosts
}
