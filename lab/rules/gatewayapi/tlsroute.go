package gatewayapi

import (
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/rules"
)

// A TLSRoute leads connections on that nobody decrypts. It is read as an HTTPRoute without conditions.

func (v *validator) tlsRoute(r *gateway.TLSRouteSpec) {
	v.parents(r.ParentRefs)
	for i, p := range r.ParentRefs {
		if !isGateway(p) {
			v.Fail(rules.At("spec.parentRefs", i)+".kind", "%s of a TLSRoute: %w", or(p.Kind, gatewayKind), rules.ErrUnsupported)
		}
	}
	v.Required("spec.hostnames", r.Hostnames)
	v.atMost("spec.hostnames", len(r.Hostnames), mostOthers)
	for i, h := range r.Hostnames {
		v.hostname(rules.At("spec.hostnames", i), string(h))
	}
	v.Required("spec.rules", r.Rules)
	v.atMost("spec.rules", len(r.Rules), 1)
	for i, rule := range r.Rules {
		path := rules.At("spec.rules", i)
		if rule.Name != nil {
			v.subdomain(path+".name", string(*rule.Name))
		}
		v.Required(path+".backendRefs", rule.BackendRefs)
		v.atMost(path+".backendRefs", len(rule.BackendRefs), mostOthers)
		for n, b := range rule.BackendRefs {
			field := rules.At(path+".backendRefs", n)
			v.backend(field, b.BackendObjectReference)
			v.Within(field+".weight", int(or(b.Weight, 1)), 0, mostWeight)
		}
	}
}

// tlsRoutesOf are those of a set, the oldest first.
func tlsRoutesOf(set rules.Set) []httpRoute {
	var routes []httpRoute
	for _, r := range rules.Of[gateway.TLSRouteSpec](set) {
		routes = append(routes, connections(r))
	}
	return routes
}

// connections is a TLSRoute as an HTTPRoute.
func connections(r tlsRoute) httpRoute {
	spec := &gateway.HTTPRouteSpec{CommonRouteSpec: r.Spec.CommonRouteSpec, Hostnames: r.Spec.Hostnames}
	for _, rule := range r.Spec.Rules {
		out := gateway.HTTPRouteRule{Name: rule.Name}
		for _, b := range rule.BackendRefs {
			out.BackendRefs = append(out.BackendRefs, gateway.HTTPBackendRef{BackendRef: b})
		}
		spec.Rules = append(spec.Rules, out)
	}
	return httpRoute{Rule: r.Rule, Spec: spec}
}

// tlsRouteNotes are those of an HTTPRoute; istioctl does not look at conditions of this kind.
func (i inspector) tlsRouteNotes(r tlsRoute) []rules.Finding {
	route := connections(r)
	list := i.absent(route)
	for _, f := range i.negatives(route) {
		list = append(list, rules.Warn(f.Path, "", "%s", f.Text))
	}
	return list
}
