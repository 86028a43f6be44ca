package gatewayapi

import (
	"maps"
	"slices"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	v1 "istio-tutorial/lab/rules/v1"
)

// gatewayHosts are those of the HTTPRoutes that have a Gateway for a parent, each host once. The
// lab has one way in, whatever the ports of the listeners.
func gatewayHosts(s rules.Set, call v1.Call) []mesh.VirtualHost {
	attached := map[string][]httpRoute{}
	for _, r := range rules.Of[gateway.HTTPRouteSpec](s.Oldest()) {
		for _, name := range hostsAt(s, r) {
			attached[name] = append(attached[name], r)
		}
	}
	var hosts []mesh.VirtualHost
	for _, name := range slices.Sorted(maps.Keys(attached)) {
		host := mesh.VirtualHost{Names: []string{name}}
		for _, route := range sorted(attached[name], call) {
			host.Routes = append(host.Routes, route.Route)
		}
		hosts = append(hosts, host)
	}
	return hosts
}

// hostsAt are the hosts under which a route is reached through Gateways.
func hostsAt(s rules.Set, r httpRoute) []string {
	var list []string
	for _, g := range rules.Of[gateway.GatewaySpec](s.Oldest()) {
		for _, l := range g.Spec.Listeners {
			if g.Spec.GatewayClassName != istioClass || !takes(g, l, r) {
				continue
			}
			for _, host := range common(l, r.Spec.Hostnames) {
				if !slices.Contains(list, host) {
					list = append(list, host)
				}
			}
		}
	}
	return list
}

// takes reports whether a listener has a route for a child.
func takes(g gatewayRule, l gateway.Listener, r httpRoute) bool {
	from := gateway.NamespacesFromSame
	if a := l.AllowedRoutes; a != nil && a.Namespaces != nil {
		from = or(a.Namespaces.From, from)
	}
	if from == gateway.NamespacesFromSame && g.Key.Namespace != r.Key.Namespace {
		return false
	}
	return slices.ContainsFunc(r.Spec.ParentRefs, func(p gateway.ParentReference) bool {
		return !isService(p) && named(r, p.Namespace, p.Name).String() == g.Key.Path() &&
			or(p.Port, l.Port) == l.Port
	})
}

// common are the hosts that both a listener and a route want; a wildcard takes all below it.
func common(l gateway.Listener, hostnames []gateway.Hostname) []string {
	listener := string(or(l.Hostname, "*"))
	if len(hostnames) == 0 {
		return []string{listener}
	}
	var list []string
	for _, h := range hostnames {
		if host := rules.Narrower(listener, string(h)); host != "" {
			list = append(list, host)
		}
	}
	return list
}
