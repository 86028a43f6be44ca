package gatewayapi

import (
	"slices"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/rules"
)

func (v *validator) referenceGrant(g *gateway.ReferenceGrantSpec) {
	v.Required("spec.from", g.From)
	v.atMost("spec.from", len(g.From), mostOthers)
	for i, f := range g.From {
		path := rules.At("spec.from", i)
		v.Required(path+".kind", f.Kind)
		if v.Required(path+".namespace", f.Namespace) {
			v.subdomain(path+".namespace", string(f.Namespace))
		}
	}
	v.Required("spec.to", g.To)
	v.atMost("spec.to", len(g.To), mostOthers)
	for i, t := range g.To {
		v.Required(rules.At("spec.to", i)+".kind", t.Kind)
	}
}

// grantNotes say where a grant is for what the lab has not.
func (inspector) grantNotes(g grant) []rules.Finding {
	if slices.ContainsFunc(g.Spec.From, func(f gateway.ReferenceGrantFrom) bool {
		return f.Group == Group && (f.Kind == httpRouteKind || f.Kind == grpcRouteKind)
	}) {
		return nil
	}
	return []rules.Finding{rules.Warn("spec.from", "",
		"never acts: the lab has no references but those of %s and %s", httpRouteKind, grpcRouteKind)}
}

// granted reports whether a route may lead to a backend of another namespace.
func granted(set rules.Set, r httpRoute, b gateway.BackendObjectReference) bool {
	to := named(r, b.Namespace, b.Name)
	if to.Namespace == r.Key.Namespace {
		return true
	}
	return slices.ContainsFunc(rules.ByKey[gateway.ReferenceGrantSpec](set), func(g grant) bool {
		return g.Key.Namespace == to.Namespace &&
			slices.ContainsFunc(g.Spec.From, func(f gateway.ReferenceGrantFrom) bool {
				return f.Group == Group && string(f.Kind) == r.Key.Kind &&
					string(f.Namespace) == r.Key.Namespace
			}) &&
			slices.ContainsFunc(g.Spec.To, func(t gateway.ReferenceGrantTo) bool {
				return t.Group == or(b.Group, "") && t.Kind == or(b.Kind, serviceKind) &&
					or(t.Name, b.Name) == b.Name
			})
	})
}
