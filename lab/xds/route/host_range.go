package route

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"istio-tutorial/lab/mesh"
)

// A host that speaks no HTTP is called by an address and a port, as in a mesh: nothing else tells
// who is meant. A range of addresses, or a port of whatever address, is no name of a virtual host
// of Envoy; such calls are among those of hosts that nobody names, and before them.

// Wide are the hosts that are called by more than their names. Those that share their port with
// HTTP have Unread set: a request there is not theirs.
func Wide(out mesh.Outbound) []mesh.VirtualHost {
	var list []mesh.VirtualHost
	for _, h := range out.Hosts {
		if !h.AnyName && len(h.Ranges) == 0 || len(h.Routes) == 0 {
			continue
		}
		if h.Unread == nil && leadsUnread(h) && slices.ContainsFunc(out.Hosts, func(o mesh.VirtualHost) bool {
			return o.Port == h.Port && !leadsUnread(o)
		}) {
			h.Unread = &h.Routes[0].Destinations[0].Cluster
		}
		list = append(list, h)
	}
	return list
}

func leadsUnread(h mesh.VirtualHost) bool {
	return !slices.ContainsFunc(h.Routes, func(r mesh.Route) bool { return !r.Unread })
}

// Unread leads what a client encrypts itself to a host.
func (c Client) Unread(h mesh.VirtualHost) *routev3.Route {
	return c.Route(way(h), nil)
}

func way(h mesh.VirtualHost) mesh.Route {
	if h.Unread == nil {
		return h.Routes[0]
	}
	return mesh.Route{
		From:         h.Routes[0].From,
		Destinations: []mesh.Destination{{Cluster: *h.Unread, Weight: 100}},
		Unread:       true,
	}
}

// ByAuthority are the routes of hosts that are called by more than their names: ranges first.
func (c Client) ByAuthority(hosts []mesh.VirtualHost) []*routev3.Route {
	var ranges, ports []*routev3.Route
	for _, h := range hosts {
		for _, text := range h.Ranges {
			ranges = append(ranges, c.byAuthority(h, rangePattern(text), true)...)
		}
		if h.AnyName {
			ports = append(ports, c.byAuthority(h, `([^:\]]*|\[.*\])`, h.Unread == nil)...)
		}
	}
	return append(ranges, ports...)
}

// byAuthority leads what is for an authority to a host: connections, and requests if plain.
func (c Client) byAuthority(h mesh.VirtualHost, host string, plain bool) []*routev3.Route {
	r := way(h)
	port := ":" + strconv.Itoa(h.Port)
	if h.Port == HTTPPort {
		port = "(" + port + ")?"
	}
	r.Match = []mesh.Condition{{Attribute: mesh.Authority, Compare: mesh.Regex, Value: host + port}}
	route := c.Route(r, nil)
	list := []*routev3.Route{Tunnel(route, r.Tunnel)}
	if plain {
		list = append(list, route)
	}
	return list
}

// rangePattern matches the addresses of a range of IPv4, as 10.0.0.0/8: bytes that are the same in
// all of them, one of which a few bits are, and any.
func rangePattern(text string) string {
	prefix, err := netip.ParsePrefix(text)
	if err != nil || !prefix.Addr().Is4() {
		return `[^\s\S]` // no authority
	}
	const bits = 8
	var parts []string
	for i, first := range prefix.Masked().Addr().As4() {
		fixed := prefix.Bits() - i*bits
		switch {
		case fixed >= bits:
			parts = append(parts, strconv.Itoa(int(first)))
		case fixed <= 0:
			parts = append(parts, `[0-9]+`)
		default:
			parts = append(parts, oneOf(int(first), int(first)+1<<(bits-fixed)-1))
		}
	}
	return strings.Join(parts, `\.`)
}

func oneOf(first, last int) string {
	var list []string
	for n := first; n <= last; n++ {
		list = append(list, strconv.Itoa(n))
	}
	return fmt.Sprintf("(%s)", strings.Join(list, "|"))
}
