package v1

import (
	"net/http"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// Route is a route together with where it comes from.
type Route struct {
	mesh.Route
	Source Source
	fault  *mesh.Fault // with shares of 0, which mesh.Route leaves out
}

// Source is a route's own place among the rules.
type Source struct {
	Kind string // "" for a VirtualService, and for the default route
	Name string // of the route within its rule; "" for none
	Rule int    // the index within its rule
	// Backoff reports that the rule itself says how long to wait between tries.
	Backoff bool
}

// Call is one client's way to call one service and port.
type Call struct {
	Client  mesh.Workload
	Service mesh.Service
	Entry   mesh.Name // the ServiceEntry, where the call is of a host outside
	Port    int
	// Labels are those of a namespace.
	Labels func(namespace string) mesh.Labels
	// Known reports whether a cluster is there for the client.
	Known func(mesh.Cluster) bool
}

// Extension is what rules add that this package does not know.
type Extension struct {
	// Routes are what the rules of a namespace make of a call, with the key of the oldest of them; it is
	// false where none is for the call.
	Routes func(s rules.Set, c Call, namespace string) (routes []Route, oldest rules.Key, ok bool)
	// Gateway is the hosts that the ingress leads on.
	Gateway func(rules.Set, Call) []mesh.VirtualHost
	// Doors are where the ingress takes encrypted connections.
	Doors func(rules.Set, mesh.Topology, Call) []mesh.SecureDoor
	// Proxies are the pods that Istio makes for Gateways, with their namespaces and labels; the ingress plays them.
	Proxies func(rules.Set) []mesh.Workload
	// Inspect is what a reader should know about a rule; nothing for rules of this package.
	Inspect func(rules.Set, mesh.Topology, *rules.Rule) []rules.Finding
}

// resolver turns a set of rules into mesh values, for one topology.
type resolver struct {
	set         rules.Set
	topology    mesh.Topology
	extensions  []Extension
	proxies     []mesh.Workload // that the ingress plays
	written     []virtualService
	strangers   []stranger
	routes      []virtualService // those with hosts, and with their delegates' routes
	policies    []destinationRule
	entries     []serviceEntry
	naming      claims // all of them, by their hosts
	tls         map[hostPort]*mesh.TLS
	outsides    map[sight][]mesh.ExternalHost // of clients that were asked for
	gateways    []gateway
	sidecars    []sidecar
	filters     []envoyFilter
	access      []authorizationPolicy
	peers       []peerAuthentication
	tokens      []requestAuthentication
	telemetries []telemetryRule
}

// Rules of the kinds, with their specs.
type (
	authorizationPolicy   = rules.Typed[security.AuthorizationPolicy]
	destinationRule       = rules.Typed[networking.DestinationRule]
	envoyFilter           = rules.Typed[networking.EnvoyFilter]
	gateway               = rules.Typed[networking.Gateway]
	peerAuthentication    = rules.Typed[security.PeerAuthentication]
	requestAuthentication = rules.Typed[security.RequestAuthentication]
	serviceEntry          = rules.Typed[networking.ServiceEntry]
	sidecar               = rules.Typed[networking.Sidecar]
	telemetryRule         = rules.Typed[telemetry.Telemetry]
	virtualService        = rules.Typed[networking.VirtualService]
)

func newResolver(s rules.Set, t mesh.Topology, extensions []Extension) *resolver {
	r := &resolver{
		set:         s,
		topology:    t.Taking(mesh.HTTP), // Envoy sniffs
		extensions:  extensions,
		proxies:     proxiesOf(s, extensions),
		written:     rules.Of[networking.VirtualService](s),
		policies:    rules.Of[networking.DestinationRule](s),
		entries:     rules.Of[networking.ServiceEntry](s),
		gateways:    rules.Of[networking.Gateway](s),
		sidecars:    rules.Of[networking.Sidecar](s),
		filters:     rules.Of[networking.EnvoyFilter](s),
		access:      rules.Of[security.AuthorizationPolicy](s),
		peers:       rules.Of[security.PeerAuthentication](s),
		tokens:      rules.Of[security.RequestAuthentication](s),
		tls:         map[hostPort]*mesh.TLS{},
		outsides:    map[sight][]mesh.ExternalHost{},
		telemetries: rules.Of[telemetry.Telemetry](s),
	}
	r.naming = claimsOf(r.entries)
	r.routes = delegated(r.written)
	r.forward()
	r.topology.External = r.withoutServices(hostsOf(r.entries, nil, func(serviceEntry, int) bool { return true }))
	r.topology.External = append(r.topology.External, r.aliased()...)
	r.strangers = r.findStrangers()
	for i, e := range r.topology.External {
		entry, _ := r.entryOf(e.Host)
		c := client{Workload: mesh.Workload{Name: mesh.Name{Namespace: entry.Key.Namespace}}}
		tls := r.policy(c, mesh.Cluster{Host: e.Host, Port: e.Port}).TLS
		r.topology.External[i].TLS, r.tls[hostPort{e.Host, e.Port}] = tls, tls
	}
	return r
}

// Resolve is the mesh in which the rules are in force. The topology's external hosts are
// replaced by those that the rules name.
func Resolve(s rules.Set, t mesh.Topology, extensions ...Extension) mesh.Mesh {
	r := newResolver(s, t, extensions)
	m := mesh.Mesh{Topology: r.topology, Gateway: r.gateway()}
	outbound := func(w mesh.Workload) mesh.Outbound { return r.outbound(r.plan(w)) }
	m.Sidecars = mesh.NewSidecars(r.topology, outbound, r.inbound)
	m.Secrets = append(secretsOf(t, m.Gateway.Secure), secretsOfClients(m)...)
	return m
}

// gateway has the default retries too, and policies of DestinationRules. Of hosts of one name,
// Istio's Gateways have the first say, then those of extensions, then the Ingresses: on a cluster
// each has an address of its own.
func (r *resolver) gateway() mesh.Outbound {
	plain := mesh.NewGateway(r.topology)
	c := ingress()
	out := mesh.Outbound{
		Unknown: plain.Unknown, Limits: r.callLimits(c, comingIn), Tokens: r.tokenRulesOf(r.selectsIngress),
		ProxyDefaults: outboundDefaults("istio-envoy"), Access: r.accessAtIngress(),
	}
	hosts := r.gatewayHosts()
	for _, e := range r.extensions {
		hosts = append(hosts, e.Gateway(r.set, r.call(c, mesh.Service{}, 0))...)
	}
	for _, h := range plain.Hosts {
		for i := range h.Routes {
			h.Routes[i].Retry = NewRetry(nil)
		}
		hosts = append(hosts, h)
	}
	out.Secure = r.secureDoors()
	for _, d := range out.Secure {
		for _, h := range d.Routed {
			for _, route := range h.Routes {
				r.addClusters(&out, c, route)
			}
		}
		r.addClusters(&out, c, mesh.Route{Destinations: d.Through})
	}
	for _, h := range hosts {
		if slices.ContainsFunc(out.Hosts, func(o mesh.VirtualHost) bool {
			return o.Names[0] == h.Names[0]
		}) {
			continue
		}
		out.Hosts = append(out.Hosts, h)
		for _, route := range h.Routes {
			r.addClusters(&out, c, route)
		}
	}
	return out
}

// client is a workload as a caller.
type client struct {
	mesh.Workload
	sidecar *networking.Sidecar // nil: none
	gateway string              // NAMESPACE/NAME of the one that the ingress acts for; "": a sidecar
}

// plan is what one client's sidecar does with its calls, with the rules that say so.
type plan struct {
	client client
	hosts  []plannedHost
}

type plannedHost struct {
	mesh.VirtualHost
	host   string // the service's full name, or the external host
	routes []Route
}

// plan finds the routes of all hosts that a client may call: services first, then external ones.
func (r *resolver) plan(w mesh.Workload) plan {
	c := client{Workload: w, sidecar: r.sidecar(w)}
	p := plan{client: c}
	outside := r.externalFor(c)
	for _, s := range r.topology.Services {
		for _, port := range s.Ports {
			if s.SeenFrom(c.Namespace) && c.imports(s.Namespace, s.Host(), port.Number) {
				p.hosts = append(p.hosts, r.host(c, s, port).without(outside))
			}
		}
	}
	for _, e := range outside {
		p.hosts = append(p.hosts, r.external(c, e))
	}
	p.hosts = append(p.hosts, r.unlisted(c, p.hosts)...)
	p.hosts = r.alias(c, p.hosts)
	return p
}

func (r *resolver) host(c client, s mesh.Service, p mesh.ServicePort) plannedHost {
	port := p.Number
	h := plannedHost{
		VirtualHost: mesh.VirtualHost{Names: s.Names(c.Namespace), Port: port}, host: s.Host(),
	}
	if c.speaks(port, p.Protocol) == mesh.TCP {
		return r.unread(c, h.VirtualHost, h.host)
	}
	h.routes = r.choose(c, r.call(c, s, port), s.Host()).routes
	return h
}

func (r *resolver) call(c client, s mesh.Service, port int) Call {
	known := func(to mesh.Cluster) bool { return r.known(c, to) }
	return Call{
		Client: c.Workload, Service: s, Port: port, Known: known, Labels: r.topology.LabelsOf,
	}
}

// label finds the labels of the subsets that routes name.
func (r *resolver) label(c client, routes []Route) {
	for i := range routes {
		for cluster := range routes[i].Clusters() {
			if s := r.rule(c, cluster.Host).subset(cluster.Subset); s != nil && len(s.Labels) > 0 {
				cluster.Labels = s.Labels
			}
		}
	}
}

// candidates are the rules that name a host itself, the closest and oldest first. Of those with a pattern for
// it there is one only, whoever calls: the closest, of these the oldest; none beside an exact one.
func (r *resolver) candidates(c client, host string, port int) []virtualService {
	var exact []virtualService
	var wild *virtualService
	closest := ""
	for _, rule := range r.routes {
		if !c.boundTo(rule.Spec.Gateways, rule.Key.Namespace) ||
			!c.sees(rule.Key, rule.Spec.ExportTo, rule.Spec.Hosts, port) {
			continue
		}
		switch pattern := patternFor(rule, host); {
		case pattern == "":
		case pattern == host:
			exact = append(exact, rule)
		case wild == nil || byCloseness(pattern, closest) < 0:
			wild, closest = &rule, pattern
		}
	}
	if len(exact) == 0 && wild != nil {
		return []virtualService{*wild}
	}
	slices.SortStableFunc(exact, func(a, b virtualService) int { return c.closeness(a) - c.closeness(b) })
	return exact
}

// patternFor is the closest to a host of a rule's own hosts; "" if none is meant.
func patternFor(rule virtualService, host string) string {
	closest := ""
	for _, h := range rule.Spec.Hosts {
		p := strings.ToLower(fullName(h, rule.Key.Namespace))
		if rules.Covers(p, host) && (closest == "" || byCloseness(p, closest) < 0) {
			closest = p
		}
	}
	return closest
}

const defaultName = "default-route"

func defaultRoute(c mesh.Cluster) Route {
	return Route{Route: mesh.Route{
		From:         defaultName,
		Destinations: []mesh.Destination{{Cluster: c, Weight: 100}},
		Retry:        NewRetry(nil),
	}}
}

// unreadRoute leads connections on; whether a try failed, nobody sees.
func unreadRoute(c mesh.Cluster) Route {
	r := defaultRoute(c)
	r.Retry, r.Unread = nil, true
	return r
}

// outbound leaves clusters out that are not there: who is sent to one gets 503.
func (r *resolver) outbound(p plan) mesh.Outbound {
	answer, allowed := r.unknown(p.client)
	out := mesh.Outbound{
		Unknown: answer, AllowAny: allowed, Limits: r.callLimits(p.client, leaving), ProxyDefaults: outboundDefaults("envoy"),
	}
	if to := p.client.egressProxy(); allowed && to != nil {
		way := unreadRoute(*to)
		r.label(p.client, []Route{way})
		r.addClusters(&out, p.client, way.Route)
		out.Elsewhere = &way.Destinations[0].Cluster
	}
	for _, h := range p.hosts {
		host := h.VirtualHost
		for _, planned := range h.routes {
			r.addClusters(&out, p.client, planned.Route)
			host.Routes = append(host.Routes, planned.Route)
		}
		if len(host.Names) > 0 {
			out.Hosts = append(out.Hosts, host)
		}
	}
	return out
}

func (r *resolver) addClusters(out *mesh.Outbound, c client, route mesh.Route) {
	for cluster := range route.Clusters() {
		if r.known(c, *cluster) {
			out.AddCluster(*cluster, func() mesh.Policy { return r.policy(c, *cluster) })
		}
	}
}

// unknown is the answer to calls of hosts that nobody names, unless any host is allowed.
func (r *resolver) unknown(c client) (mesh.Response, bool) {
	p := c.sidecar.GetOutboundTrafficPolicy()
	if p != nil && p.Mode == networking.OutboundTrafficPolicy_REGISTRY_ONLY {
		return mesh.Response{Status: http.StatusBadGateway}, false
	}
	return mesh.Response{}, true
}
