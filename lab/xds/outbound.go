package xds

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// outbound is how the calls of a client leave.
func (b *builder) outbound(c client, out mesh.Outbound) {
	if c.listen == "" {
		return
	}
	name := outboundName(c.name)
	seen := mesh.Outbound{Limits: out.Limits, Tokens: out.Tokens, Access: out.Access, Manners: out.Manners}
	loopbacks := b.part(name, seen, func() []*routev3.VirtualHost {
		b.listen(door{
			name: name, address: b.tcp(c.listen), owner: c.name, service: c.service,
			direction: envoy.Outbound, edge: c.edge,
			filters: slices.Concat(b.faultFilters(), b.corsFilters(), b.callLimits(c, out.Limits), b.lookup()),
			tokens:  out.Tokens, access: out.Access,
			manners: out.Manners,
		})
		return loopbacks(b.itself(c.instance))
	})
	b.part("clusters"+at(c.name), out.Clusters, func() []*routev3.VirtualHost {
		for _, u := range out.Clusters {
			b.part(outboundCluster(c.name, u.Cluster), u, func() []*routev3.VirtualHost {
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
	alike := hashing(out)
	for _, h := range out.Hosts {
		if v := b.virtualHost(c, h, alike, taken); v != nil {
			list = append(list, v)
		}
	}
	if taken["*"] {
		return list
	}
	of := mesh.Outbound{Unknown: out.Unknown, AllowAny: out.AllowAny, Elsewhere: out.Elsewhere, Hosts: b.wide(out), Manners: out.Manners}
	return append(list, b.part("unknown"+c.table+at(c.name), of, func() []*routev3.VirtualHost {
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
	key := hostKey{c.name, h.Names[0], h.Port, c.table, c.manners}
	known := b.before.known[key]
	now := builtHost{of: h, domains: known.domains}
	if !slices.Equal(known.of.Names, h.Names) {
		now.domains = domains(h)
	}
	free := untaken(now.domains, taken)
	if len(free) == 0 {
		return nil
	}
	if len(alike) == 0 && known.is(h, free) {
		b.known[key] = known
		return known.made
	}
	failures := len(b.errs)
	now.made = &routev3.VirtualHost{
		Name: free[0], Domains: free, IncludeRequestAttemptCount: c.manners.Attempts,
	}
	if h.OnlyTLS != (mesh.Origin{}) {
		now.made.RequireTls = routev3.VirtualHost_ALL
	}
	if h.Unread != nil {
		now.made.Routes = append(now.made.Routes, tunnel(b.unreadRoute(c, h), ""))
	}
	for i := range h.Routes {
		hashes := hashes(h.Routes[i].Destinations, alike)
		routes := known.route(i, &h.Routes[i], hashes)
		if routes == nil {
			routes = b.routes(c, h.Routes[i], hashes)
		}
		now.routes, now.hashes = append(now.routes, routes), append(now.hashes, hashes)
		now.made.Routes = append(now.made.Routes, routes...)
	}
	if len(b.errs) == failures {
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

// routes are those of a route.
func (b *builder) routes(c client, r mesh.Route, hashes []mesh.Hash) []*routev3.Route {
	route := b.route(c, r, hashes)
	if r.Unread {
		return []*routev3.Route{tunnel(route, r.Tunnel), route}
	}
	return []*routev3.Route{route}
}

// domains are the names of a host as they stand in requests: without a port, it is 80.
func domains(h mesh.VirtualHost) []string {
	var list []string
	for _, name := range h.Names {
		name = strings.ToLower(name)
		withPort := name + ":" + strconv.Itoa(h.Port)
		switch {
		case h.Port == 0 && name == "*":
			list = append(list, name)
		case h.Port == 0:
			list = append(list, name, name+":*")
		case h.Port == httpPort:
			list = append(list, name, withPort)
		default:
			list = append(list, withPort)
		}
	}
	return list
}

const httpPort = 80

// unknown is what becomes of calls of all other hosts, under Istio's names for it. It is nil
// where Envoy's own answer is the one wanted.
func (b *builder) unknown(c client, out mesh.Outbound) []*routev3.VirtualHost {
	v := &routev3.VirtualHost{
		Name: "block_all", Domains: []string{"*"}, IncludeRequestAttemptCount: c.manners.Attempts,
	}
	wide := b.wideRoutes(c, out.Hosts)
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
		for _, m := range []*routev3.RouteMatch{connect(), everything()} {
			v.Routes = append(v.Routes, &routev3.Route{
				Name: v.Name, Match: m, Action: directResponse(out.Unknown),
			})
		}
	}
	return []*routev3.VirtualHost{v}
}

// connect matches a request for a tunnel.
func connect() *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_ConnectMatcher_{
		ConnectMatcher: &routev3.RouteMatch_ConnectMatcher{},
	}}
}

func everything() *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
}

func directResponse(answer mesh.Response) *routev3.Route_DirectResponse {
	direct := &routev3.DirectResponseAction{Status: uint32(cmp.Or(answer.Status, 500))}
	switch {
	case answer.Body == "":
	case utf8.ValidString(answer.Body):
		direct.Body = &corev3.DataSource{
			Specifier: &corev3.DataSource_InlineString{InlineString: answer.Body},
		}
	default:
		direct.Body = &corev3.DataSource{
			Specifier: &corev3.DataSource_InlineBytes{InlineBytes: []byte(answer.Body)},
		}
	}
	return &routev3.Route_DirectResponse{DirectResponse: direct}
}
