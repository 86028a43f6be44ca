package classic

import (
	"cmp"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// plan is what one client's sidecar does with its calls, with the rules that say so.
type plan struct {
	client  mesh.Workload
	hosts   []plannedHost
	unread  []plannedHost // of ports that are not HTTP, on which no rule acts
	filters []filter
}

type plannedHost struct {
	mesh.VirtualHost
	host   string // the service's full name, or the external host
	routes []plannedRoute
}

type plannedRoute struct {
	mesh.Route
	rule  *rules.Typed[routeRule] // nil: the default route
	fault *mesh.Fault
}

// filter is a fault as 0.7.1 injects it: into every request for a cluster that meets the
// conditions, whatever route it took.
type filter struct {
	cluster mesh.Cluster
	fault   mesh.Fault
	rule    *rules.Typed[routeRule]
}

// resolver turns a set of rules into mesh values, for one topology.
type resolver struct {
	set      rules.Set
	topology mesh.Topology
	egress   []rules.Typed[egressRule]
	routes   []rules.Typed[routeRule] // in the order in which they are tried
	policies []rules.Typed[destinationPolicy]
	rules    []rules.Typed[mixerRule]
	bindings []rules.Typed[quotaSpecBinding]
}

func newResolver(s rules.Set, t mesh.Topology) *resolver {
	t = t.Taking(mesh.TCP)
	r := &resolver{
		set:      s,
		topology: t,
		egress:   rules.ByKey[egressRule](s),
		routes:   rules.ByKey[routeRule](s),
		policies: rules.ByKey[destinationPolicy](s),
		rules:    rules.ByKey[mixerRule](s),
		bindings: rules.ByKey[quotaSpecBinding](s),
	}
	r.topology.External = append(external(r.egress), aliased(t.Aliases)...)
	slices.SortStableFunc(r.routes, func(a, b rules.Typed[routeRule]) int {
		return cmp.Compare(b.Spec.Precedence, a.Spec.Precedence)
	})
	return r
}

// Resolve is the mesh in which the rules are in force. The topology's external hosts are
// replaced by those that the rules name.
func Resolve(s rules.Set, t mesh.Topology) mesh.Mesh {
	r := newResolver(s, t)
	m := mesh.Mesh{Topology: r.topology, Gateway: mesh.NewGateway(r.topology)}
	outbound := func(w mesh.Workload) mesh.Outbound { return r.outbound(r.plan(w)) }
	m.Sidecars = mesh.NewSidecars(r.topology, outbound, r.inbound)
	for _, h := range m.Gateway.Hosts {
		for i := range h.Routes {
			h.Routes[i].NoWebsocket = true
		}
	}
	return m
}

// plan finds the routes of all hosts that a client may call: services first, then external ones.
func (r *resolver) plan(client mesh.Workload) plan {
	p := plan{client: client}
	for _, s := range r.topology.Services {
		for _, port := range s.Ports {
			names := s.Names(client.Namespace)
			if port.Protocol == mesh.TCP {
				p.unread = append(p.unread, unread(s.Host(), names, port.Number))
				continue
			}
			p.hosts = append(p.hosts, r.host(client, s.Host(), names, port.Number))
		}
	}
	for _, e := range r.topology.External {
		if e.Host == anyHost {
			p.hosts = append(p.hosts, wide(e.Port))
			continue
		}
		p.hosts = append(p.hosts, r.host(client, e.Host, r.names(e.Host, client.Namespace), e.Port))
	}
	p.filters = p.faultFilters()
	return p
}

// host stops at the first route without condition: 0.7.1 generates nothing after it.
func (r *resolver) host(client mesh.Workload, host string, names []string, port int) plannedHost {
	h := plannedHost{host: host, VirtualHost: mesh.VirtualHost{Names: names, Port: port}}
	for i := range r.routes {
		rule := &r.routes[i]
		to := rule.Spec.Destination.host(rule.Key.Namespace)
		if to != host || !r.isFrom(client, rule.Rule, source(rule.Spec)) {
			continue
		}
		planned := route(rule, host, port)
		h.routes = append(h.routes, planned)
		if len(planned.Match) == 0 {
			return h
		}
	}
	h.routes = append(h.routes, everything(host, port))
	return h
}

func everything(host string, port int) plannedRoute {
	all := mesh.Destination{Cluster: mesh.Cluster{Host: host, Port: port}, Weight: 100}
	return plannedRoute{Route: mesh.Route{
		From: defaultRoute, Destinations: []mesh.Destination{all}, NoWebsocket: true,
	}}
}

// wide is a port of every host that has no virtual host of its own.
func wide(port int) plannedHost {
	return plannedHost{
		host: anyHost, VirtualHost: mesh.VirtualHost{Port: port, AnyName: true},
		routes: []plannedRoute{everything(anyHost, port)},
	}
}

func unread(host string, names []string, port int) plannedHost {
	all := everything(host, port)
	all.Unread = true
	return plannedHost{
		host: host, VirtualHost: mesh.VirtualHost{Names: names, Port: port}, routes: []plannedRoute{all},
	}
}

const defaultRoute = "default-route"

// isFrom reports whether a rule with this source is for a client's sidecar.
func (r *resolver) isFrom(client mesh.Workload, rule *rules.Rule, source *reference) bool {
	if source == nil {
		return true
	}
	host := source.host(rule.Key.Namespace)
	return client.Labels.Has(source.Labels) &&
		slices.ContainsFunc(r.topology.ServicesOf(client), func(s mesh.Service) bool {
			return s.Host() == host
		})
}

// host is the full name of a service that a rule of a namespace refers to.
func (r *reference) host(namespace string) string {
	if r.Service != "" {
		return r.Service
	}
	namespace = cmp.Or(r.Namespace, namespace)
	return strings.Join([]string{r.Name, namespace, "svc", cmp.Or(r.Domain, mesh.Domain)}, ".")
}

// outbound hangs the faults on the destinations that they hit.
func (r *resolver) outbound(p plan) mesh.Outbound {
	out := mesh.Outbound{Unknown: mesh.Response{Status: statusNoRoute}}
	for _, h := range slices.Concat(p.hosts, p.unread) {
		host := h.VirtualHost
		for _, planned := range h.routes {
			route := planned.Route
			for i := range route.Destinations {
				d := &route.Destinations[i]
				d.Faults = p.faults(d.Cluster, route.Match)
			}
			r.addClusters(&out, p.client, route)
			host.Routes = append(host.Routes, route)
		}
		out.Hosts = append(out.Hosts, host)
	}
	return out
}

const statusNoRoute = 404

// addClusters adds those that a route names.
func (r *resolver) addClusters(out *mesh.Outbound, client mesh.Workload, route mesh.Route) {
	for c := range route.Clusters() {
		out.AddCluster(*c, func() mesh.Policy { return r.policy(client, *c) })
	}
}
