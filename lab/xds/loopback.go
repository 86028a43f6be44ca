package xds

import (
	"maps"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/route"
)

// loopback is what an instance calls itself. In a mesh such calls pass its sidecar by; here some
// programs, curl among them, hand them to it like all others.
func loopback() []string { return []string{"localhost", "127.0.0.1", "[::1]"} }

// itself are the ports of an instance that it can call, each with the cluster of its program.
func (b *builder) itself(i mesh.Instance) map[int]string {
	clusters := map[int]string{}
	known := b.ports(i)
	for port, address := range i.Addresses {
		s := served{instance: i, port: port, address: address, protocol: mesh.HTTP}
		if !slices.ContainsFunc(known, func(k served) bool { return k.port == port }) {
			b.program(s, true)
		}
		clusters[port] = s.name()
	}
	return clusters
}

// loopbacks are the routes of an instance to itself, which no rule concerns.
func loopbacks(itself map[int]string) []*routev3.VirtualHost {
	var list []*routev3.VirtualHost
	for _, port := range slices.Sorted(maps.Keys(itself)) {
		names := route.Domains(mesh.VirtualHost{Names: loopback(), Port: port})
		list = append(list, &routev3.VirtualHost{
			Name: names[0], Domains: names, RequestHeadersToRemove: []string{route.CallerHeader},
			Routes: []*routev3.Route{{
				Name: "itself", Match: match.Everything(),
				Action: &routev3.Route_Route{Route: &routev3.RouteAction{
					ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: itself[port]},
					Timeout:          durationpb.New(0),
				}},
			}},
		})
	}
	return list
}
