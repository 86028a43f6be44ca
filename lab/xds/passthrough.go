package xds

import (
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	forwardclusterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/dynamic_forward_proxy/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/cluster"
	"istio-tutorial/lab/xds/filter"
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/naming"
	"istio-tutorial/lab/xds/route"
)

// passthrough is Istio's name of the cluster of whatever host a call asks for.
const passthrough = "PassthroughCluster"

// guards are routes for calls that no rule leads out of the mesh: of its own proxies, and of names
// of the cluster's own that got here. Such a name is nobody's: the program's own lookup would have
// failed.
func (b *builder) guards() []*routev3.Route {
	nobody := match.Everything()
	nobody.Headers = []*routev3.HeaderMatcher{match.Header(mesh.Condition{
		Attribute: mesh.Authority, Compare: mesh.Regex, Value: b.inside(),
	})}
	return []*routev3.Route{{
		Name: passthrough, Match: b.toProxies(),
		Action: route.Direct(mesh.Response{
			Status: http.StatusLoopDetected, Body: "the address is a sidecar's own",
		}),
	}, {
		Name: passthrough, Match: nobody,
		Action: route.Direct(mesh.Response{
			Status: http.StatusServiceUnavailable, Body: "no such host",
		}),
	}}
}

// anywhere are the routes of calls that may go where they ask, or to the proxy that a rule names.
func (b *builder) anywhere(c client, out mesh.Outbound) []*routev3.Route {
	var list []*routev3.Route
	if len(out.Hosts) == 0 {
		list = b.guards() // else they are there
	}
	if out.Elsewhere != nil {
		return append(list, b.elsewhere(c, *out.Elsewhere)...)
	}
	encrypted := mesh.Condition{Attribute: mesh.Authority, Compare: mesh.Regex, Value: ".*:443"}
	for _, to := range []struct {
		port  int
		match []mesh.Condition
	}{{443, []mesh.Condition{encrypted}}, {route.HTTPPort, nil}} {
		on := forward(b.passthrough(c, to.port), to.match)
		if b.cfg.Outside == nil {
			on.TypedPerFilterConfig = filter.NotBack(&b.Packer, b.proxyPorts())
		}
		if c.proxyDefaults.Deadlines {
			on.GetRoute().MaxGrpcTimeout = durationpb.New(0) //nolint:staticcheck // as in package route
		}
		list = append(list, route.Tunnel(on, ""), on)
	}
	return list
}

// elsewhere leads all calls to one cluster.
func (b *builder) elsewhere(c client, to mesh.Cluster) []*routev3.Route {
	on := b.routing(c).Route(mesh.Route{From: passthrough, Destinations: []mesh.Destination{{Cluster: to, Weight: 100}}}, nil)
	return []*routev3.Route{route.Tunnel(on, ""), on}
}

// toProxies matches calls of an address where a proxy of the mesh listens: they would come back.
func (b *builder) toProxies() *routev3.RouteMatch {
	m := match.Everything()
	m.Headers = []*routev3.HeaderMatcher{match.Header(mesh.Condition{
		Attribute: mesh.Authority, Compare: mesh.Regex,
		Value: `(?i)(localhost\.?|[0-9a-fx.]+|\[[0-9a-f:.]+\]):0*(` + strings.Join(b.proxyPorts(), "|") + `)`,
	})}
	return m
}

// proxyPorts are those where a proxy of the mesh listens, in order.
func (b *builder) proxyPorts() []string {
	var ports []string
	for _, address := range append(proxies(b.mesh.Instances), b.cfg.Ingress) {
		if _, port, err := net.SplitHostPort(address); err == nil && !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	slices.Sort(ports)
	return ports
}

func proxies(instances []mesh.Instance) []string {
	var list []string
	for _, i := range instances {
		list = append(list, i.Proxy)
	}
	return list
}

// inside are the names, and their ports, that cannot be those of hosts outside.
func (b *builder) inside() string {
	var namespaces []string
	for _, s := range b.mesh.Services {
		if name := regexp.QuoteMeta(s.Namespace); !slices.Contains(namespaces, name) {
			namespaces = append(namespaces, name)
		}
	}
	slices.Sort(namespaces)
	return `(?i)[^.]*(\.(` + strings.Join(namespaces, "|") + `))?(\.svc(\.cluster(\.local)?)?)?(:\d+)?`
}

// lookup is the steps for calls of whatever host, where Envoy finds each by its name.
func (b *builder) lookup() []*hcmv3.HttpFilter {
	if b.cfg.Outside != nil {
		return nil
	}
	return filter.Lookup(&b.Packer)
}

// forward is the route of a request as it is.
func forward(cluster string, conditions []mesh.Condition) *routev3.Route {
	return &routev3.Route{
		Name: passthrough, Match: match.All(conditions),
		RequestHeadersToRemove: []string{route.CallerHeader},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: cluster},
			Timeout:          durationpb.New(0),
		}},
	}
}

// passthrough adds the cluster of any host at a port, and returns its name. Where all hosts have
// a stand-in, it leads to that; else Envoy finds each by its name.
func (b *builder) passthrough(client client, port int) string {
	name := naming.Cluster(client.name, mesh.Cluster{Host: passthrough, Port: port})
	c := &clusterv3.Cluster{
		Name: name, ConnectTimeout: durationpb.New(toProgram),
		AltStatName:     naming.Stat(passthrough + naming.At(client.name)), // Istio has one for all ports
		CircuitBreakers: cluster.Breakers(mesh.Limits{Unlimited: true}),
	}
	if b.cfg.Outside != nil {
		b.outside(client.name, c, mesh.ExternalHost{Host: passthrough, Port: port}, nil)
	} else {
		b.anyHost(c, false)
	}
	b.add(Clusters, name, c)
	return name
}

// anyHost leads a cluster to the host that each call asks for. Unchecked leaves it to the cluster's
// own TLS which name a certificate must have.
func (b *builder) anyHost(c *clusterv3.Cluster, unchecked bool) {
	c.LbPolicy = clusterv3.Cluster_CLUSTER_PROVIDED
	c.ClusterDiscoveryType = &clusterv3.Cluster_ClusterType{
		ClusterType: &clusterv3.Cluster_CustomClusterType{
			Name: "envoy.clusters.dynamic_forward_proxy",
			TypedConfig: b.Pack(&forwardclusterv3.ClusterConfig{
				ClusterImplementationSpecifier: &forwardclusterv3.ClusterConfig_DnsCacheConfig{
					DnsCacheConfig: filter.DNSCache(),
				},
				AllowInsecureClusterOptions: unchecked,
			}),
		},
	}
}
