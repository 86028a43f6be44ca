package xds

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// outbound is how the calls of a client leave.
func (b *builder) outbound(c client, out mesh.Outbound) {
	if c.listen == "" {
		return
	}
	name := outboundName(c.name)
	b.listen(door{
		name: name, address: b.tcp(c.listen), owner: c.name, service: c.service,
		direction: envoy.Outbound, edge: c.edge, filters: append(b.faultFilters(), b.lookup()...),
	})
	for _, u := range out.Clusters {
		b.cluster(c.name, u)
	}
	taken := map[string]bool{}
	table := &routev3.RouteConfiguration{Name: name, VirtualHosts: b.loopbacks(c, taken)}
	for _, h := range out.Hosts {
		if v := b.virtualHost(c, h, out, taken); v != nil {
			table.VirtualHosts = append(table.VirtualHosts, v)
		}
	}
	if v := b.unknown(c, out); v != nil && !taken["*"] {
		table.VirtualHosts = append(table.VirtualHosts, v)
	}
	b.add(routes, name, table)
}

// virtualHost is nil if earlier ones have taken all of its names: Envoy wants each only once.
func (b *builder) virtualHost(
	c client, h mesh.VirtualHost, out mesh.Outbound, taken map[string]bool,
) *routev3.VirtualHost {
	var free []string
	for _, d := range domains(h) {
		if !taken[d] {
			taken[d] = true
			free = append(free, d)
		}
	}
	if len(free) == 0 {
		return nil
	}
	v := &routev3.VirtualHost{Name: free[0], Domains: free}
	for _, r := range h.Routes {
		route := b.route(c, r, out)
		if b.unread(r) {
			v.Routes = append(v.Routes, tunnel(route))
		}
		v.Routes = append(v.Routes, route)
	}
	return v
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
func (b *builder) unknown(c client, out mesh.Outbound) *routev3.VirtualHost {
	v := &routev3.VirtualHost{Name: "block_all", Domains: []string{"*"}}
	switch {
	case out.AllowAny:
		v.Name, v.Routes = "allow_any", b.anywhere(c)
	case out.Unknown == mesh.Response{Status: http.StatusNotFound}:
		return nil
	default:
		for _, m := range []*routev3.RouteMatch{connect(), everything()} {
			v.Routes = append(v.Routes, &routev3.Route{
				Name: v.Name, Match: m, Action: directResponse(out.Unknown),
			})
		}
	}
	return v
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
	if answer.Body != "" {
		direct.Body = &corev3.DataSource{
			Specifier: &corev3.DataSource_InlineString{InlineString: answer.Body},
		}
	}
	return &routev3.Route_DirectResponse{DirectResponse: direct}
}
