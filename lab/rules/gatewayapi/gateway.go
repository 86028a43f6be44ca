package gatewayapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	v1 "istio-tutorial/lab/rules/v1"
)

// edge is a listener of a Gateway that the lab serves.
type edge struct {
	gatewayRule
	listener gateway.Listener
	place    int // of the listener among the Gateway's
}

// edges are those of all Gateways, the oldest first.
func edges(set rules.Set) []edge {
	var list []edge
	for _, g := range rules.Of[gateway.GatewaySpec](set) {
		list = append(list, parentsOf(g)...)
	}
	return list
}

// proxies are the pods that Istio makes for Gateways, with the labels that policies select them by.
func proxies(set rules.Set) []mesh.Workload {
	var list []mesh.Workload
	for _, g := range rules.Of[gateway.GatewaySpec](set) {
		if g.Spec.GatewayClassName != istioClass {
			continue
		}
		list = append(list, mesh.Workload{
			Name: proxyOf(g), Container: mesh.Container{Ports: portsOf(g)},
			Labels: mesh.Labels{
				"gateway.networking.k8s.io/gateway-name":       g.Key.Name,
				"gateway.networking.k8s.io/gateway-class-name": istioClass,
				"gateway.istio.io/managed":                     "istio.io-gateway-controller",
				"service.istio.io/canonical-name":              proxyOf(g).Name,
				"service.istio.io/canonical-revision":          "latest",
			},
		})
	}
	return list
}

// portsOf are the ports of a Gateway's pods: those of its listeners.
func portsOf(g gatewayRule) []mesh.ContainerPort {
	var list []mesh.ContainerPort
	for _, e := range parentsOf(g) {
		port := mesh.ContainerPort{Name: "http", Number: int(e.listener.Port)}
		if isSecure(e.listener) {
			port.Name = v1.SecureName
		}
		list = append(list, port)
	}
	return list
}

// gatewayHosts are those of the routes that have a Gateway for a parent, each host once. The
// lab has one way in, whatever the ports of the listeners.
func gatewayHosts(set rules.Set, call v1.Call) []mesh.VirtualHost {
	plain := slices.DeleteFunc(edges(set), func(e edge) bool { return isSecure(e.listener) })
	return scope{set: set, call: call, edge: true}.hosts(plain...)
}

// hosts are those under which routes are reached through some listeners.
func (s scope) hosts(through ...edge) []mesh.VirtualHost {
	attached := map[string][]httpRoute{}
	for _, r := range slices.DeleteFunc(routesOf(s.set), isBroken) {
		for _, name := range s.hostsAt(r, through...) {
			attached[name] = append(attached[name], r)
		}
	}
	var hosts []mesh.VirtualHost
	for _, name := range slices.Sorted(maps.Keys(attached)) {
		host := mesh.VirtualHost{Names: []string{name}}
		for _, route := range s.sorted(attached[name]) {
			host.Routes = append(host.Routes, route.Route)
		}
		hosts = append(hosts, host)
	}
	return hosts
}

// labeler is the labels of a namespace.
type labeler func(namespace string) mesh.Labels

// hostsAt are the hosts under which a route is reached through some listeners, each once.
func (s scope) hostsAt(r httpRoute, through ...edge) []string {
	var list []string
	for _, e := range through {
		if !e.takes(s.call.Labels, r) {
			continue
		}
		for _, host := range common(e.listener, r.Spec.Hostnames) {
			if !slices.Contains(list, host) && !e.isolated(host) {
				list = append(list, host)
			}
		}
	}
	return list
}

// takes reports whether a listener has a route for a child.
func (e edge) takes(of labeler, r httpRoute) bool {
	return slices.ContainsFunc(r.Spec.ParentRefs, func(p gateway.ParentReference) bool {
		return e.isNamed(r, p) && denial(e.gatewayRule, e.listener, of, r, p) == (problem{})
	})
}

// isNamed reports whether a reference of a route is to the Gateway of a listener.
func (e edge) isNamed(r httpRoute, p gateway.ParentReference) bool {
	return isGateway(p) && named(r, p.Namespace, p.Name).String() == e.Key.Path()
}

// problem is what Istio's status says against something; the zero value is nothing.
type problem struct {
	reason string // "" for what Istio does not tell
	text   string
}

// and is both of two problems, by the reason of the first.
func (p problem) and(other problem) problem {
	switch {
	case other.reason == "":
		return p
	case p.reason == "":
		return other
	default:
		return problem{p.reason, p.text + "; " + other.text}
	}
}

// denial is why a listener does not have a route for a child; nothing if it has.
func denial(g gatewayRule, l gateway.Listener, of labeler, r httpRoute, p gateway.ParentReference) problem {
	switch host := or(l.Hostname, ""); {
	case or(p.Port, l.Port) != l.Port:
		return problem{unmatched, fmt.Sprintf("port %d not found", *p.Port)}
	case or(p.SectionName, l.Name) != l.Name:
		return problem{unmatched, fmt.Sprintf("sectionName %q not found", *p.SectionName)}
	case len(common(l, r.Spec.Hostnames)) == 0:
		return problem{noHostname, fmt.Sprintf("no hostnames matched parent hostname %q", host)}
	case !hasNamespace(g, l, of, r.Key.Namespace):
		return problem{notAllowed, fmt.Sprintf("hostnames matched parent hostname %q, but namespace %q is not allowed "+
			"by the parent", host, r.Key.Namespace)}
	case !hasKind(l, r.Key.Kind):
		return problem{notAllowed, fmt.Sprintf("kind %s/v1/%s is not allowed", Group, r.Key.Kind)}
	default:
		return problem{}
	}
}

// namespaceLabel is the one that every namespace has.
const namespaceLabel = "kubernetes.io/metadata.name"

// hasNamespace reports whether a listener takes the routes of a namespace.
func hasNamespace(g gatewayRule, l gateway.Listener, of labeler, namespace string) bool {
	allowed := or(or(l.AllowedRoutes, gateway.AllowedRoutes{}).Namespaces, gateway.RouteNamespaces{})
	switch or(allowed.From, gateway.NamespacesFromSame) {
	case gateway.NamespacesFromAll:
		return true
	case gateway.NamespacesFromSelector:
		if allowed.Selector == nil {
			return true
		}
		selector, err := metav1.LabelSelectorAsSelector(allowed.Selector)
		set := labels.Set{}
		maps.Copy(set, of(namespace))
		set[namespaceLabel] = namespace
		return err == nil && selector.Matches(set)
	default:
		return g.Key.Namespace == namespace
	}
}

// hasKind reports whether a listener takes routes of a kind.
func hasKind(l gateway.Listener, kind string) bool {
	kinds, _ := supported(l)
	return slices.ContainsFunc(kinds, func(k gateway.RouteGroupKind) bool { return string(k.Kind) == kind })
}

// isolated reports whether a host is another listener's of the port and the protocol, which says more of it.
func (e edge) isolated(host string) bool {
	own := string(or(e.listener.Hostname, "*"))
	return strings.HasPrefix(own, "*") && slices.ContainsFunc(parentsOf(e.gatewayRule), func(o edge) bool {
		other := string(or(o.listener.Hostname, "*"))
		return o.listener.Port == e.listener.Port && o.listener.Protocol == e.listener.Protocol && other != own &&
			len(other) >= len(own) && rules.Covers(other, host)
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
