package v1

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// Of a port that is not HTTP nobody reads requests. A program asks its sidecar for a tunnel by the
// name of the host, which is also what its TLS names to the server.

// connectionMatch is what the matches of tcp and tls routes have in common.
type connectionMatch interface {
	GetDestinationSubnets() []string
	GetPort() uint32
	GetSourceLabels() map[string]string
	GetSourceNamespace() string
	GetGateways() []string
}

// chain is a route of connections and how closely it says which. Envoy prefers the closer one: it
// looks at the address first, then at the name.
type chain struct {
	route  Route
	bits   int    // of the address; -1: any address
	server string // the name or pattern of the server; "": any
}

// unread are the routes of a port that is not HTTP, and those of its names that have one.
func (r *resolver) unread(c client, vh mesh.VirtualHost, host string) plannedHost {
	to := mesh.Cluster{Host: host, Port: vh.Port}
	var chains []chain
	if r.isEncrypted(to) {
		chains = r.tlsChains(c, to, vh.Names)
	} else {
		chains = r.tcpChains(c, to)
	}
	slices.SortStableFunc(chains, func(a, b chain) int {
		return cmp.Or(b.bits-a.bits, byCloseness(a.server, b.server))
	})
	h := plannedHost{VirtualHost: vh, host: host}
	h.Names = nil
	for _, name := range vh.Names {
		if slices.ContainsFunc(chains, func(c chain) bool { return c.mayBe(name) }) {
			h.Names = append(h.Names, name)
		}
	}
	for _, one := range chains {
		one.route.Match = one.conditions(h.Names)
		h.routes = append(h.routes, one.route)
	}
	r.label(c, h.routes)
	return h
}

// mayBe reports whether calls of a name, which may be a pattern, can be meant.
func (c chain) mayBe(name string) bool {
	return c.server == "" || rules.Narrower(strings.ToLower(c.server), strings.ToLower(name)) != ""
}

// conditions are none if all calls of the names are meant.
func (c chain) conditions(names []string) []mesh.Condition {
	if c.server == "" || !slices.ContainsFunc(names, func(name string) bool {
		return !rules.Covers(strings.ToLower(c.server), strings.ToLower(name))
	}) {
		return nil
	}
	pattern := regexp.QuoteMeta(c.server)
	if end, wild := strings.CutPrefix(c.server, "*"); wild {
		pattern = "[^:]+" + regexp.QuoteMeta(end)
	}
	return []mesh.Condition{{
		Attribute: mesh.Authority, Compare: mesh.Regex, Value: "(?i)" + pattern + "(:[0-9]+)?",
	}}
}

// tlsChains are by the server's name. Where a rule has any for the caller, only those lead on.
func (r *resolver) tlsChains(c client, to mesh.Cluster, names []string) []chain {
	var list []chain
	isRuled := false
	for _, rule := range r.connecting(c, to.Host) {
		for i, spec := range rule.Spec.Tls {
			for _, m := range spec.Match {
				bits, isWithin := r.within(m.DestinationSubnets, to.Host)
				if !c.connects(m, rule, to.Port) || !isWithin {
					continue
				}
				isRuled = true
				for _, server := range m.SniHosts {
					one := chain{route: r.connection(c, rule.Rule, i, spec.Route, to.Port), bits: bits, server: server}
					if slices.ContainsFunc(names, one.mayBe) {
						list = append(list, one)
					}
				}
			}
		}
	}
	if isRuled {
		return list
	}
	return []chain{r.ownRoute(c, to)}
}

// tcpChains end with the first that any address may have.
func (r *resolver) tcpChains(c client, to mesh.Cluster) []chain {
	var list []chain
	for _, rule := range r.connecting(c, to.Host) {
		for i, spec := range rule.Spec.Tcp {
			route := r.connection(c, rule.Rule, i, spec.Route, to.Port)
			if len(spec.Match) == 0 {
				return append(list, chain{route: route, bits: -1})
			}
			for _, m := range spec.Match {
				bits, isWithin := r.within(m.DestinationSubnets, to.Host)
				if !c.connects(m, rule, to.Port) || !isWithin {
					continue
				}
				list = append(list, chain{route: route, bits: bits})
				if len(m.DestinationSubnets) == 0 {
					return list
				}
			}
		}
	}
	return append(list, r.ownRoute(c, to))
}

// connecting are the rules for a host that a client sees, the oldest first. Unlike those of
// requests, all of them count.
func (r *resolver) connecting(c client, host string) []virtualService {
	return slices.DeleteFunc(slices.Clone(r.routes), func(rule virtualService) bool {
		return !c.boundTo(rule.Spec.Gateways, rule.Key.Namespace) ||
			!c.sees(rule.Key, rule.Spec.ExportTo, rule.Spec.Hosts, anyPort) || patternFor(rule, host) == ""
	})
}

// connects reports whether a match is for a client and a port. Unlike one of requests, it looks at
// who calls also where it names gateways.
func (c client) connects(m connectionMatch, rule virtualService, port int) bool {
	return (m.GetPort() == 0 || int(m.GetPort()) == port) &&
		(len(m.GetGateways()) == 0 || c.boundTo(m.GetGateways(), rule.Key.Namespace)) &&
		(m.GetSourceNamespace() == "" || m.GetSourceNamespace() == c.Namespace) &&
		c.Labels.Has(m.GetSourceLabels())
}

// within is how many bits the closest of some subnets has that has the address of a host; -1 where
// there are no subnets.
func (r *resolver) within(subnets []string, host string) (bits int, ok bool) {
	bits = -1
	for _, text := range subnets {
		subnet, err := prefixOf(text)
		if err == nil && subnet.Bits() > bits && slices.ContainsFunc(r.addresses(host), func(a netip.Prefix) bool {
			return a.Bits() >= subnet.Bits() && subnet.Contains(a.Addr())
		}) {
			bits = subnet.Bits()
		}
	}
	return bits, len(subnets) == 0 || bits >= 0
}

// addresses are those that entries give a host: of all others, only DNS knows them.
func (r *resolver) addresses(host string) []netip.Prefix {
	var list []netip.Prefix
	for _, e := range r.naming[host] {
		for _, text := range e.Spec.Addresses {
			if p, err := prefixOf(text); err == nil {
				list = append(list, p)
			}
		}
	}
	return list
}

// prefixOf takes an address too.
func prefixOf(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// isEncrypted reports whether clients of a port encrypt themselves, by the protocol of the port.
func (r *resolver) isEncrypted(c mesh.Cluster) bool {
	if s, ok := r.topology.ServiceAt(c.Host); ok {
		port, _ := s.Port(c.Port)
		return port.TLS
	}
	return slices.ContainsFunc(r.naming[c.Host], func(e serviceEntry) bool {
		return slices.ContainsFunc(e.Spec.Ports, func(p *networking.ServicePort) bool {
			return int(p.Number) == c.Port && slices.Contains(tlsProtocols(), strings.ToUpper(p.Protocol))
		})
	})
}

func tlsProtocols() []string { return []string{"HTTPS", "TLS"} }

// connection is the nth route of a rule's tcp or tls.
func (r *resolver) connection(
	c client, rule *rules.Rule, n int, to []*networking.RouteDestination, port int,
) Route {
	spec := &networking.HTTPRoute{}
	for _, d := range to {
		spec.Route = append(spec.Route, &networking.HTTPRouteDestination{
			Destination: d.Destination, Weight: d.Weight,
		})
	}
	var route Route
	route.From, route.Unread = rule.Key.Path(), true
	route.Source.Rule = n
	route.Destinations = destinations(rule, spec, r.portOf(c, port), nil)
	if len(to) > 0 {
		subset := to[0].Destination.Subset
		if len(to) > 1 {
			subset = "" // of several, Istio looks at the host of the first alone
		}
		route.Tunnel = r.rule(c, fullName(to[0].Destination.Host, rule.Key.Namespace)).tunnel(subset)
	}
	return route
}

// ownRoute is the route of a port without a rule.
func (r *resolver) ownRoute(c client, to mesh.Cluster) chain {
	route := unreadRoute(to)
	route.Tunnel = r.rule(c, to.Host).tunnel("")
	return chain{route: route, bits: -1}
}
