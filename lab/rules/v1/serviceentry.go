package v1

import (
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// entryOf is the oldest entry of a host; an empty one, and false, if there is none.
func (r *resolver) entryOf(host string) (serviceEntry, bool) {
	if all := r.naming[host]; len(all) > 0 {
		return all[0], true
	}
	return serviceEntry{Rule: &rules.Rule{}}, false
}

// seen are those of some entries that a client sees: first those that are exported to its namespace by
// name.
func (c client) seen(all []serviceEntry) []serviceEntry {
	var byName, toAll []serviceEntry
	for _, e := range all {
		switch {
		case !c.sees(e.Key, e.Spec.ExportTo, e.Spec.Hosts, anyPort):
		case len(e.Spec.ExportTo) == 0 || slices.Contains(e.Spec.ExportTo, "*"):
			toAll = append(toAll, e)
		default:
			byName = append(byName, e)
		}
	}
	return slices.Concat(byName, toAll)
}

// externalFor are the external hosts that a client sees: the same for all of one namespace and Sidecar.
func (r *resolver) externalFor(c client) []mesh.ExternalHost {
	at := sight{c.Namespace, c.sidecar}
	list, ok := r.outsides[at]
	if !ok {
		list = r.findExternal(c)
		r.outsides[at] = list
	}
	return list
}

// sight is all of a client that decides which hosts outside it sees.
type sight struct {
	namespace string
	sidecar   *networking.Sidecar
}

func (r *resolver) findExternal(c client) []mesh.ExternalHost {
	entries := c.seen(r.entries)
	var list []mesh.ExternalHost
	for _, e := range r.withoutServices(hostsOf(entries, claimsOf(entries), func(e serviceEntry, port int) bool {
		return c.sees(e.Key, e.Spec.ExportTo, e.Spec.Hosts, port)
	})) {
		e.TLS = r.tls[hostPort{e.Host, e.Port}]
		list = append(list, e)
	}
	return list
}

// hostPort is a port of a host outside.
type hostPort struct {
	host   string
	number int
}

// hostsOf are the hosts that some ports of entries name, each port once, as the first that names it has
// it; of claimed hosts only what those say that have them. UDP is no proxy's matter.
func hostsOf(entries []serviceEntry, claims claims, meant func(e serviceEntry, port int) bool) []mesh.ExternalHost {
	var list []mesh.ExternalHost
	had := map[hostPort]bool{}
	for _, entry := range entries {
		for _, host := range entry.Spec.Hosts {
			if !claims.has(host, entry) {
				continue
			}
			for _, p := range entry.Spec.Ports {
				at := hostPort{host, int(p.Number)}
				if !isUDP(p) && !had[at] && meant(entry, at.number) {
					had[at] = true
					list = append(list, externalHost(entry, host, p))
				}
			}
		}
	}
	return list
}

func externalHost(entry serviceEntry, host string, p *networking.ServicePort) mesh.ExternalHost {
	spec := entry.Spec
	e := mesh.ExternalHost{
		Host: host, Port: int(p.Number), Target: int(p.TargetPort), Protocol: protocolOf(p.Protocol),
		Addresses: plainAddresses(spec.Addresses), ByPort: len(spec.Addresses) == 0 && isBare(p.Protocol),
	}
	switch {
	case spec.WorkloadSelector != nil && spec.Resolution != networking.ServiceEntry_NONE:
		e.Pods = &mesh.PodSelector{Namespace: entry.Key.Namespace, Labels: spec.WorkloadSelector.Labels}
	case spec.Resolution == networking.ServiceEntry_NONE, spec.Resolution == networking.ServiceEntry_DYNAMIC_DNS:
		e.AsAsked = true
	case spec.Resolution == networking.ServiceEntry_STATIC || len(spec.Endpoints) > 0:
		e.Listed = true
		for _, at := range spec.Endpoints {
			e.Endpoints = append(e.Endpoints, placeOf(at, p))
		}
	}
	return e
}

// plainAddresses writes a range of one address as that address.
func plainAddresses(list []string) []string {
	var plain []string
	for _, text := range list {
		if p, err := netip.ParsePrefix(text); err == nil && p.IsSingleIP() {
			text = p.Addr().String()
		}
		if a, err := netip.ParseAddr(text); err == nil {
			text = a.String()
		}
		plain = append(plain, text)
	}
	return plain
}

const unixPrefix = "unix://"

func placeOf(at *networking.WorkloadEntry, p *networking.ServicePort) mesh.Place {
	place := mesh.Place{Address: at.Address, Labels: at.Labels, Weight: int(at.Weight)}
	if path, ok := strings.CutPrefix(at.Address, unixPrefix); ok {
		place.Address = path
		return place
	}
	for _, port := range []uint32{at.Ports[p.Name], p.TargetPort, p.Number} {
		if port != 0 {
			place.Port = int(port)
			break
		}
	}
	return place
}

func protocolOf(name string) mesh.Protocol {
	switch strings.ToUpper(name) {
	case "":
		return mesh.Unnamed
	case "HTTP", "HTTP_PROXY":
		return mesh.HTTP
	case "HTTP2", "GRPC", "GRPC-WEB":
		return mesh.HTTP2
	default:
		return mesh.TCP
	}
}

func isUDP(p *networking.ServicePort) bool { return strings.EqualFold(p.Protocol, "UDP") }

// isBare reports whether a connection of a protocol does not say which host it is for.
func isBare(protocol string) bool {
	upper := strings.ToUpper(protocol)
	return upper == "" || protocolOf(upper) == mesh.TCP && upper != "HTTPS" && upper != "TLS"
}

// externalNames are how a client may write a host: one that is called as a service of the cluster
// is, in all ways in which those are.
func externalNames(c client, e mesh.ExternalHost) []string {
	name, rest, _ := strings.Cut(e.Host, ".")
	namespace, domain, _ := strings.Cut(rest, ".")
	names := []string{e.Host}
	if domain == "svc."+mesh.Domain && name != "*" {
		names = mesh.Service{Name: mesh.Name{Namespace: namespace, Name: name}}.Names(c.Namespace)
	}
	for _, address := range e.Addresses {
		if a, err := netip.ParseAddr(address); err == nil {
			names = append(names, hostOf(a))
		}
	}
	return names
}

// hostOf is an address as a URL has it.
func hostOf(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}

// external is a host outside as a client may call it.
func (r *resolver) external(c client, e mesh.ExternalHost) plannedHost {
	vh := mesh.VirtualHost{Names: externalNames(c, e), Port: e.Port, AnyName: e.ByPort}
	speaks := c.speaks(e.Port, e.Protocol)
	if speaks == mesh.TCP || e.Protocol == mesh.Unnamed {
		for _, address := range e.Addresses {
			if strings.Contains(address, "/") {
				vh.Ranges = append(vh.Ranges, address)
			}
		}
	}
	if e.Protocol == mesh.Unnamed {
		vh.Unread = &mesh.Cluster{Host: e.Host, Port: e.Port}
	}
	if speaks == mesh.TCP {
		return r.unread(c, vh, e.Host)
	}
	return plannedHost{VirtualHost: vh, host: e.Host, routes: r.choose(c, r.externalCall(c, e), e.Host).routes}
}

// externalCall is a call of a host outside that speaks HTTP.
func (r *resolver) externalCall(c client, host mesh.ExternalHost) Call {
	call := r.call(c, mesh.Service{}, host.Port)
	if e, ok := r.entryOf(host.Host); ok {
		call.Entry = mesh.Name{Namespace: e.Key.Namespace, Name: e.Key.Name}
	}
	return call
}

// without leaves short names of a service to hosts outside whose whole names they are.
func (h plannedHost) without(outside []mesh.ExternalHost) plannedHost {
	h.Names = slices.DeleteFunc(h.Names, func(name string) bool {
		return name != h.host && slices.ContainsFunc(outside, func(e mesh.ExternalHost) bool {
			return e.Port == h.Port && e.Host == name
		})
	})
	return h
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
			(c.imports(s.Namespace, s.Host(), cluster.Port) || r.routedTo(c, s.Host()))
	}
	if s, ok := r.aliasAt(cluster.Host); ok {
		return slices.Contains(aliasPorts(s), cluster.Port)
	}
	entries := c.seen(r.naming[cluster.Host])
	claims := claimsOf(entries)
	return slices.ContainsFunc(entries, func(e serviceEntry) bool {
		return claims.has(cluster.Host, e) &&
			slices.ContainsFunc(e.Spec.Ports, func(p *networking.ServicePort) bool {
				return int(p.Number) == cluster.Port && !isUDP(p)
			}) &&
			c.sees(e.Key, e.Spec.ExportTo, e.Spec.Hosts, cluster.Port) && isThere(e, cluster)
	})
}

// isThere is false for hosts that DNS is to find, and of which none is meant: Istio makes no
// cluster of them.
func isThere(e serviceEntry, cluster mesh.Cluster) bool {
	dns := e.Spec.Resolution == networking.ServiceEntry_DNS ||
		e.Spec.Resolution == networking.ServiceEntry_DNS_ROUND_ROBIN
	if !dns || e.Spec.WorkloadSelector != nil || len(cluster.Labels) == 0 {
		return true
	}
	return slices.ContainsFunc(e.Spec.Endpoints, func(at *networking.WorkloadEntry) bool {
		return mesh.Labels(at.Labels).Has(cluster.Labels)
	})
}

// routedTo reports whether a rule that a client sees leads to a host: that shows it the host too.
func (r *resolver) routedTo(c client, host string) bool {
	return slices.ContainsFunc(r.routes, func(rule virtualService) bool {
		return c.sees(rule.Key, rule.Spec.ExportTo, rule.Spec.Hosts, anyPort) &&
			slices.ContainsFunc(destinationsOf(rule.Spec), func(d placed) bool {
				return fullName(d.Host, rule.Key.Namespace) == host
			})
	})
}

// HostsOutside is how many ports of hosts outside a rule names, at each of their endpoints.
func HostsOutside(r rules.Rule) int {
	s, ok := r.Spec.(*networking.ServiceEntry)
	if !ok {
		return 0
	}
	return len(s.Hosts) * len(s.Ports) * max(1, len(s.Endpoints))
}
