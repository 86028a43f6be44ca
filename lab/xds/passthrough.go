package xds

import (
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	forwardclusterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/dynamic_forward_proxy/v3"
	forwardv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/common/dynamic_forward_proxy/v3"
	forwardfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/dynamic_forward_proxy/v3"
	rbacfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	upstreamv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/rbac/matchers/upstream_ip_port/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/mesh"
)

// passthrough is Istio's name of the cluster of whatever host a call asks for.
const passthrough = "PassthroughCluster"

// guards are routes for calls that no rule leads out of the mesh: of its own proxies, and of names
// of the cluster's own that got here. Such a name is nobody's: the program's own lookup would have
// failed.
func (b *builder) guards() []*routev3.Route {
	nobody := everything()
	nobody.Headers = []*routev3.HeaderMatcher{header(mesh.Condition{
		Attribute: mesh.Authority, Compare: mesh.Regex, Value: b.inside(),
	})}
	return []*routev3.Route{{
		Name: passthrough, Match: b.toProxies(),
		Action: directResponse(mesh.Response{
			Status: http.StatusLoopDetected, Body: "the address is a sidecar's own",
		}),
	}, {
		Name: passthrough, Match: nobody,
		Action: directResponse(mesh.Response{
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
	}{{443, []mesh.Condition{encrypted}}, {httpPort, nil}} {
		route := forward(b.passthrough(c, to.port), to.match)
		route.TypedPerFilterConfig = b.notBack()
		if c.manners.Deadlines {
			route.GetRoute().MaxGrpcTimeout = durationpb.New(0) //nolint:staticcheck // as in lead
		}
		list = append(list, tunnel(route, ""), route)
	}
	return list
}

// elsewhere leads all calls to one cluster.
func (b *builder) elsewhere(c client, to mesh.Cluster) []*routev3.Route {
	route := b.route(c, mesh.Route{From: passthrough, Destinations: []mesh.Destination{{Cluster: to, Weight: 100}}}, nil)
	return []*routev3.Route{tunnel(route, ""), route}
}

// toProxies matches calls of an address where a proxy of the mesh listens: they would come back.
func (b *builder) toProxies() *routev3.RouteMatch {
	m := everything()
	m.Headers = []*routev3.HeaderMatcher{header(mesh.Condition{
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

// forward is the route of a request as it is.
func forward(cluster string, conditions []mesh.Condition) *routev3.Route {
	return &routev3.Route{
		Name: passthrough, Match: match(conditions),
		RequestHeadersToRemove: []string{callerHeader},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: cluster},
			Timeout:          durationpb.New(0),
		}},
	}
}

// tunnel is a route for connections that the program encrypts itself. A proxy may be asked for a
// tunnel to a host; else the tunnel ends here.
func tunnel(of *routev3.Route, through string) *routev3.Route {
	route := proto.CloneOf(of)
	route.Match.PathSpecifier = connect().PathSpecifier
	upgrade := &routev3.RouteAction_UpgradeConfig{UpgradeType: http.MethodConnect}
	route.GetRoute().UpgradeConfigs = []*routev3.RouteAction_UpgradeConfig{upgrade}
	if through == "" {
		upgrade.ConnectConfig = &routev3.RouteAction_UpgradeConfig_ConnectConfig{}
		return route
	}
	route.GetRoute().HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: through}
	return route
}

// passthrough adds the cluster of any host at a port, and returns its name. Where all hosts have
// a stand-in, it leads to that; else Envoy finds each by its name.
func (b *builder) passthrough(client client, port int) string {
	name := outboundCluster(client.name, mesh.Cluster{Host: passthrough, Port: port})
	c := &clusterv3.Cluster{
		Name: name, ConnectTimeout: durationpb.New(toProgram),
		AltStatName:     statName(passthrough + at(client.name)), // Istio has one for all ports
		CircuitBreakers: breakers(mesh.Limits{Unlimited: true}),
	}
	if b.cfg.Outside != nil {
		b.outside(c, mesh.ExternalHost{Host: passthrough, Port: port}, nil)
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
			TypedConfig: b.pack(&forwardclusterv3.ClusterConfig{
				ClusterImplementationSpecifier: &forwardclusterv3.ClusterConfig_DnsCacheConfig{
					DnsCacheConfig: names(),
				},
				AllowInsecureClusterOptions: unchecked,
			}),
		},
	}
}

// names is the one cache of looked up names, which the filter and all clusters share.
func names() *forwardv3.DnsCacheConfig {
	return &forwardv3.DnsCacheConfig{
		Name: "outside", DnsLookupFamily: clusterv3.Cluster_V4_PREFERRED,
	}
}

// lookup finds the host of a request that goes anywhere; on other routes it does nothing.
func (b *builder) lookup() []*hcmv3.HttpFilter {
	if b.cfg.Outside != nil {
		return nil
	}
	return []*hcmv3.HttpFilter{
		b.filter("envoy.filters.http.dynamic_forward_proxy", &forwardfilterv3.FilterConfig{
			ImplementationSpecifier: &forwardfilterv3.FilterConfig_DnsCacheConfig{
				DnsCacheConfig: names(),
			},
			SaveUpstreamAddress: true, // for notBack
		}),
		b.filter(backFilter, &rbacfilterv3.RBAC{}),
	}
}

// backFilter is the step that has the rule of notBack; by itself it does nothing.
const backFilter = "envoy.filters.http.rbac.back"

// notBack is for routes that lead anywhere: it refuses a call once its host is looked up, if a proxy of the mesh listens there: by a name, too, it
// would come back again and again. The ports are in routes, since a listener that changes drains.
func (b *builder) notBack() map[string]*anypb.Any {
	if b.cfg.Outside != nil {
		return nil
	}
	var refused []*rbacv3.Permission
	for _, port := range b.proxyPorts() {
		number, err := strconv.ParseInt(port, 10, 64)
		if err != nil {
			continue // a port by its name is none of the lab's
		}
		refused = append(refused, &rbacv3.Permission{Rule: &rbacv3.Permission_Matcher{Matcher: &corev3.TypedExtensionConfig{
			Name: "envoy.rbac.matchers.upstream_ip_port",
			TypedConfig: b.pack(&upstreamv3.UpstreamIpPortMatcher{
				UpstreamIp: cidr("127.0.0.0/8"), UpstreamPortRange: &typev3.Int64Range{Start: number, End: number + 1},
			}),
		}}})
	}
	if len(refused) == 0 {
		return nil
	}
	return map[string]*anypb.Any{backFilter: b.pack(&rbacfilterv3.RBACPerRoute{Rbac: &rbacfilterv3.RBAC{
		Rules: &rbacv3.RBAC{Action: rbacv3.RBAC_DENY, Policies: map[string]*rbacv3.Policy{
			"a-sidecars-own-address": {Permissions: refused, Principals: []*rbacv3.Principal{anyPrincipal()}},
		}},
	}})}
}
