package xds

import (
	"net/http"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/filter"
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/naming"
	"istio-tutorial/lab/xds/route"
)

// outbound is how the calls of a client leave.
func (b *builder) outbound(c client, out mesh.Outbound) {
	if c.listen == "" {
		return
	}
	name := naming.Outbound(c.name)
	seen := mesh.Outbound{Limits: out.Limits, Tokens: out.Tokens, Access: out.Access, ProxyDefaults: out.ProxyDefaults}
	loopbacks := b.part(name, seen, func() []*routev3.VirtualHost {
		b.listen(door{
			name: name, address: b.tcp(c.listen), owner: c.name, service: c.service,
			direction: envoy.Outbound, edge: c.edge,
			filters: slices.Concat(b.routeSteps(), filter.CallLimits(&b.Packer, c.instance.Name, out.Limits), b.lookup()),
			tokens:  out.Tokens, access: out.Access,
			proxyDefaults: out.ProxyDefaults,
		})
		return loopbacks(b.itself(c.instance))
	})
	b.part("clusters"+naming.At(c.name), out.Clusters, func() []*routev3.VirtualHost {
		for _, u := range out.Clusters {
			b.part(naming.Cluster(c.name, u.Cluster), u, func() []*routev3.VirtualHost {
				b.cluster(c.name, u)
				return nil
			})
		}
		return nil
	})
	table := &routev3.RouteConfiguration{Name: name, MaxDirectResponseBodySizeBytes: wrapperspb.UInt32(largestBody)}
	table.VirtualHosts = b.hosts(c, out, loopbacks)
	b.tables[name] = b.same(table)
	b.add(Routes, name, b.tables[name])
}

// routeSteps are the steps for what routes of a client say.
func (b *builder) routeSteps() []*hcmv3.HttpFilter {
	return append(filter.Faults(&b.Packer, b.faults), filter.Cors(&b.Packer))
}

// largestBody is how long an answer of the proxy itself may be, as in Istio.
const largestBody = 1 << 20

// hosts are those that a client may call, each name once, and what becomes of calls of all others.
func (b *builder) hosts(
	c client, out mesh.Outbound, loopbacks []*routev3.VirtualHost,
) []*routev3.VirtualHost {
	list := slices.Clone(loopbacks)
	taken := map[string]bool{}
	for _, v := range list {
		for _, name := range v.Domains {
			taken[name] = true
		}
	}
	alike := route.Hashing(out)
	for _, h := range out.Hosts {
		if v := b.virtualHost(c, h, alike, taken); v != nil {
			list = append(list, v)
		}
	}
	if taken["*"] {
		return list
	}
	of := mesh.Outbound{Unknown: out.Unknown, AllowAny: out.AllowAny, Elsewhere: out.Elsewhere, Hosts: route.Wide(out), ProxyDefaults: out.ProxyDefaults}
	return append(list, b.part("unknown"+c.table+naming.At(c.name), of, func() []*routev3.VirtualHost {
		return b.unknown(c, of)
	})...)
}

// virtualHost is nil if earlier ones have taken all of its names: Envoy wants each only once.
func (b *builder) virtualHost(
	c client, h mesh.VirtualHost, alike []mesh.Upstream, taken map[string]bool,
) *routev3.VirtualHost {
	if len(h.Names) == 0 {
		return nil
	}
	key := hostKey{c.name, h.Names[0], h.Port, c.table, c.proxyDefaults}
	known := b.before.known[key]
	now := builtHost{of: h, domains: known.domains}
	if !slices.Equal(known.of.Names, h.Names) {
		now.domains = route.Domains(h)
	}
	free := untaken(now.domains, taken)
	if len(free) == 0 {
		return nil
	}
	if len(alike) == 0 && known.is(h, free) {
		b.known[key] = known
		return known.made
	}
	failures, to := b.Failures(), b.routing(c)
	now.made = &routev3.VirtualHost{
		Name: free[0], Domains: free, IncludeRequestAttemptCount: c.proxyDefaults.Attempts,
	}
	if h.OnlyTLS != (mesh.Origin{}) {
		now.made.RequireTls = routev3.VirtualHost_ALL
	}
	if h.Unread != nil {
		now.made.Routes = append(now.made.Routes, route.Tunnel(to.Unread(h), ""))
	}
	for i := range h.Routes {
		hashes := route.Hashes(h.Routes[i].Destinations, alike)
		routes := known.route(i, &h.Routes[i], hashes)
		if routes == nil {
			routes = to.Routes(h.Routes[i], hashes)
		}
		now.routes, now.hashes = append(now.routes, routes), append(now.hashes, hashes)
		now.made.Routes = append(now.made.Routes, routes...)
	}
	if b.Failures() == failures {
		now.made = known.same(now.made)
		b.known[key] = now
	}
	return now.made
}

// is reports whether a virtual host was built of another one that says the same, for the same names.
func (h builtHost) is(of mesh.VirtualHost, names []string) bool {
	return of.Unread == nil && h.isOf(of.Routes) && h.of.OnlyTLS == of.OnlyTLS &&
		slices.Equal(h.made.Domains, names)
}

// untaken are the names that no earlier host has taken, and takes them.
func untaken(names []string, taken map[string]bool) []string {
	free := make([]string, 0, len(names))
	for _, name := range names {
		if !taken[name] {
			taken[name] = true
			free = append(free, name)
		}
	}
	return free
}

// unknown is what becomes of calls of all other hosts, under Istio's names for it. It is nil
// where Envoy's own answer is the one wanted.
func (b *builder) unknown(c client, out mesh.Outbound) []*routev3.VirtualHost {
	v := &routev3.VirtualHost{
		Name: "block_all", Domains: []string{"*"}, IncludeRequestAttemptCount: c.proxyDefaults.Attempts,
	}
	wide := b.routing(c).ByAuthority(out.Hosts)
	if len(wide) > 0 {
		v.Routes = append(b.guards(), wide...)
	}
	switch {
	case out.AllowAny:
		v.Name = "allow_any"
		v.Routes = append(v.Routes, b.anywhere(c, out)...)
	case len(wide) == 0 && out.Unknown == mesh.Response{Status: http.StatusNotFound}:
		return nil
	default:
		for _, m := range []*routev3.RouteMatch{match.Tunnel(), match.Everything()} {
			v.Routes = append(v.Routes, &routev3.Route{
				Name: v.Name, Match: m, Action: route.Direct(out.Unknown),
			})
		}
	}
	return []*routev3.VirtualHost{v}
}
