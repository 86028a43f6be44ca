package v1

import (
	"cmp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// ingressLabels are those of Istio's own ingress gateway, which the lab's ingress plays.
func ingressLabels() mesh.Labels {
	return mesh.Labels{"app": "istio-ingressgateway", "istio": "ingressgateway"}
}

// ingress is the way in as a caller.
func ingress() client {
	return client{Workload: mesh.Workload{
		Name: mesh.Name{Namespace: rootNamespace}, Labels: ingressLabels(),
	}}
}

// fullGateway is NAMESPACE/NAME of a gateway that a rule of a namespace names.
func fullGateway(name, namespace string) string {
	if strings.Contains(name, "/") {
		return name
	}
	return namespace + "/" + name
}

// boundTo reports whether a list of gateways, by default mesh, has a client among them.
func (c client) boundTo(list []string, namespace string) bool {
	if c.gateway == "" {
		return len(list) == 0 || slices.Contains(list, meshGateway)
	}
	return slices.ContainsFunc(list, func(name string) bool {
		return name != meshGateway && fullGateway(name, namespace) == c.gateway
	})
}

// gatewayHosts are the hosts that Gateways lead on. The lab has one way in, whatever the ports of
// their servers; routes of several rules for a host add up, those of every request at the end.
func (r *resolver) gatewayHosts() []mesh.VirtualHost {
	found, onlyTLS := map[string][]mesh.Route{}, map[string]mesh.Origin{}
	for _, g := range r.gateways {
		if !ingressLabels().Has(g.Spec.Selector) {
			continue
		}
		for i, s := range g.Spec.Servers {
			if isSecure(s) {
				continue
			}
			hosts := r.serverRoutes(g.Rule, s, found)
			if !s.GetTls().GetHttpsRedirect() {
				continue
			}
			for _, host := range append(hosts, serverHosts(g.Rule, s, g.Key.Namespace)...) {
				by := mesh.Origin{From: g.Key.String(), Field: rules.At("spec.servers", i) + ".tls"}
				onlyTLS[host], found[host] = cmp.Or(onlyTLS[host], by), append([]mesh.Route{}, found[host]...)
			}
		}
	}
	var hosts []mesh.VirtualHost
	for _, name := range sortedKeys(found) {
		routes := found[name]
		slices.SortStableFunc(routes, func(a, b mesh.Route) int {
			return min(len(b.Match), 1) - min(len(a.Match), 1)
		})
		hosts = append(hosts, mesh.VirtualHost{Names: []string{name}, Routes: routes, OnlyTLS: onlyTLS[name]})
	}
	return hosts
}

// serverRoutes adds the routes that rules have for a server to those of its hosts, and returns those hosts.
func (r *resolver) serverRoutes(g *rules.Rule, s *networking.Server, found map[string][]mesh.Route) (hosts []string) {
	c := ingress()
	c.gateway = g.Key.Path()
	for _, rule := range r.routes {
		if !c.boundTo(rule.Spec.Gateways, rule.Key.Namespace) ||
			!exported(rule.Key, rule.Spec.ExportTo, rootNamespace) {
			continue
		}
		routes := r.virtualService(c, rule, int(s.GetPort().GetNumber()))
		r.label(c, routes)
		for _, host := range commonHosts(g, s, rule) {
			hosts = append(hosts, host)
			for _, route := range routes {
				found[host] = append(found[host], route.Route)
			}
		}
	}
	return hosts
}

// serverHosts are the hosts of a server that rules of a namespace may be for.
func serverHosts(g *rules.Rule, s *networking.Server, namespace string) []string {
	var list []string
	for _, host := range s.Hosts {
		from, name, limited := strings.Cut(host, "/")
		switch {
		case !limited:
			name = host
		case from == ".":
			from = g.Key.Namespace
		}
		if !limited || from == "*" || from == namespace {
			list = append(list, name)
		}
	}
	return list
}

// commonHosts are those that both a server and a rule have; of two patterns the narrower one.
func commonHosts(g *rules.Rule, s *networking.Server, rule virtualService) []string {
	var list []string
	for _, server := range serverHosts(g, s, rule.Key.Namespace) {
		for _, host := range rule.Spec.Hosts {
			common := rules.Narrower(server, host)
			if common != "" && !slices.Contains(list, common) {
				list = append(list, common)
			}
		}
	}
	return list
}

// hasHost reports whether a gateway leads on any host of a rule.
func hasHost(g gateway, rule virtualService) bool {
	return slices.ContainsFunc(g.Spec.Servers, func(s *networking.Server) bool {
		return len(commonHosts(g.Rule, s, rule)) > 0
	})
}
