package route

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/match"
)

// Routes are those of a route, one for tunnels among them where nobody reads requests.
func (c Client) Routes(r mesh.Route, hashes []mesh.Hash) []*routev3.Route {
	route := c.Route(r, hashes)
	if r.Unread {
		return []*routev3.Route{Tunnel(route, r.Tunnel), route}
	}
	return []*routev3.Route{route}
}

// Domains are the names of a host as they stand in requests: without a port, it is 80.
func Domains(h mesh.VirtualHost) []string {
	var list []string
	for _, name := range h.Names {
		name = strings.ToLower(name)
		withPort := name + ":" + strconv.Itoa(h.Port)
		switch {
		case h.Port == 0 && name == "*":
			list = append(list, name)
		case h.Port == 0:
			list = append(list, name, name+":*")
		case h.Port == HTTPPort:
			list = append(list, name, withPort)
		default:
			list = append(list, withPort)
		}
	}
	return list
}

// HTTPPort is the one that no client needs to name.
const HTTPPort = 80

// Direct is an answer of the proxy itself; 500 where no status is said.
func Direct(answer mesh.Response) *routev3.Route_DirectResponse {
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

// Tunnel is a copy of a route for connections that the program encrypts itself. A proxy may be asked for a
// tunnel to a host; else the tunnel ends here.
func Tunnel(of *routev3.Route, through string) *routev3.Route {
	route := proto.CloneOf(of)
	route.Match.PathSpecifier = match.Tunnel().PathSpecifier
	upgrade := &routev3.RouteAction_UpgradeConfig{UpgradeType: http.MethodConnect}
	route.GetRoute().UpgradeConfigs = []*routev3.RouteAction_UpgradeConfig{upgrade}
	if through == "" {
		upgrade.ConnectConfig = &routev3.RouteAction_UpgradeConfig_ConnectConfig{}
		return route
	}
	route.GetRoute().HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: through}
	return route
}

// Websocket is what a client may make of a connection, unless its route forbids it.
const Websocket = "websocket"
