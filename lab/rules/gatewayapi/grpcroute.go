package gatewayapi

import (
	"slices"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/rules"
)

// A GRPCRoute acts as an HTTPRoute whose paths are the methods': it is read as one, and both of one
// parent add up.

// Paths that only a GRPCRoute has.
const (
	methodsOf    gateway.PathMatchType = "MethodsOf" // a service's: what begins with the path
	anyMethod    gateway.PathMatchType = "AnyMethod" // of a match without a method
	withoutMatch gateway.PathMatchType = "WithoutMatch"
)

// routesOf are the rules of both kinds, the oldest first.
func routesOf(set rules.Set) []httpRoute {
	routes := rules.Of[gateway.HTTPRouteSpec](set)
	for _, r := range rules.Of[gateway.GRPCRouteSpec](set) {
		if len(r.Spec.Rules) > 0 { // without, Istio makes no route of it
			routes = append(routes, httpRoute{Rule: r.Rule, Spec: calls(r.Spec)})
		}
	}
	slices.SortFunc(routes, func(a, b httpRoute) int {
		if set.IsBefore(a.Key, b.Key) {
			return -1
		}
		return 1
	})
	return routes
}

// calls is a route with the paths of its methods.
func calls(r *gateway.GRPCRouteSpec) *gateway.HTTPRouteSpec {
	route := shared(r)
	for i, rule := range r.Rules {
		if len(rule.Matches) == 0 {
			none := withoutMatch
			route.Rules[i].Matches = []gateway.HTTPRouteMatch{{Path: &gateway.HTTPPathMatch{Type: &none}}}
		}
		for n, m := range rule.Matches {
			how, path := methodPath(m.Method)
			route.Rules[i].Matches[n].Path = &gateway.HTTPPathMatch{Type: &how, Value: &path}
		}
	}
	return route
}

// methodPath is how Istio asks for methods, whose path is /SERVICE/METHOD.
func methodPath(m *gateway.GRPCMethodMatch) (gateway.PathMatchType, string) {
	if m == nil {
		return anyMethod, ""
	}
	isRegex := or(m.Type, gateway.GRPCMethodMatchExact) == gateway.GRPCMethodMatchRegularExpression
	service, method := or(m.Service, "[^/]+"), or(m.Method, ".+")
	switch {
	case m.Service != nil && !isRegex && m.Method == nil:
		return methodsOf, "/" + service + "/"
	case m.Service != nil && !isRegex:
		return gateway.PathMatchExact, "/" + service + "/" + method
	default:
		return gateway.PathMatchRegularExpression, "/" + service + "/" + method
	}
}

// shared is what both kinds have: all but methods.
func shared(r *gateway.GRPCRouteSpec) *gateway.HTTPRouteSpec {
	route := &gateway.HTTPRouteSpec{CommonRouteSpec: r.CommonRouteSpec, Hostnames: r.Hostnames}
	for _, rule := range r.Rules {
		out := gateway.HTTPRouteRule{
			Name: rule.Name, Filters: sharedFilters(rule.Filters), SessionPersistence: rule.SessionPersistence,
		}
		for _, m := range rule.Matches {
			out.Matches = append(out.Matches, gateway.HTTPRouteMatch{Headers: sharedHeaders(m.Headers)})
		}
		for _, b := range rule.BackendRefs {
			out.BackendRefs = append(out.BackendRefs, gateway.HTTPBackendRef{
				BackendRef: b.BackendRef, Filters: sharedFilters(b.Filters),
			})
		}
		route.Rules = append(route.Rules, out)
	}
	return route
}

func sharedHeaders(list []gateway.GRPCHeaderMatch) []gateway.HTTPHeaderMatch {
	var headers []gateway.HTTPHeaderMatch
	for _, h := range list {
		how := gateway.HeaderMatchType(or(h.Type, gateway.GRPCHeaderMatchExact))
		headers = append(headers, gateway.HTTPHeaderMatch{Type: &how, Name: gateway.HTTPHeaderName(h.Name), Value: h.Value})
	}
	return headers
}

func sharedFilters(list []gateway.GRPCRouteFilter) []gateway.HTTPRouteFilter {
	var filters []gateway.HTTPRouteFilter
	for _, f := range list {
		filters = append(filters, gateway.HTTPRouteFilter{
			Type: gateway.HTTPRouteFilterType(f.Type), RequestHeaderModifier: f.RequestHeaderModifier,
			ResponseHeaderModifier: f.ResponseHeaderModifier, RequestMirror: f.RequestMirror, ExtensionRef: f.ExtensionRef,
		})
	}
	return filters
}
