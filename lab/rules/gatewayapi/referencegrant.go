package gatewayapi

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

func (v *validator) referenceGrant(g *gateway.ReferenceGrantSpec) {
	v.Required("spec.from", g.From)
	v.atMost("spec.from", len(g.From), mostOthers)
	for i, f := range g.From {
		path := rules.At("spec.from", i)
		v.kindOfGroup(path, f.Group, f.Kind)
		if v.Required(path+".namespace", f.Namespace) && !isLabel(string(f.Namespace)) {
			v.Fail(path+".namespace", "%q is not a namespace", f.Namespace)
		}
	}
	v.Required("spec.to", g.To)
	v.atMost("spec.to", len(g.To), mostOthers)
	for i, t := range g.To {
		path := rules.At("spec.to", i)
		v.kindOfGroup(path, t.Group, t.Kind)
		if t.Name != nil {
			v.NotEmpty(path+".name", string(*t.Name))
		}
	}
}

// kindOfGroup is a kind and its group, which is written out even where it is "", Kubernetes' own.
func (v *validator) kindOfGroup(path string, group gateway.Group, kind gateway.Kind) {
	if !v.Doc.Says(path + ".group") {
		v.Fail(path+".group", "missing")
	}
	v.groupName(path+".group", group)
	if v.Required(path+".kind", kind) {
		v.kindName(path+".kind", kind)
	}
}

func (v *validator) groupName(path string, group gateway.Group) {
	if group != "" {
		v.subdomain(path, string(group))
	}
}

// kindName is letters, digits and hyphens, of which the first is a letter.
func (v *validator) kindName(path string, kind gateway.Kind) {
	lower := strings.ToLower(string(kind))
	if !isLabel(lower) || lower[0] >= '0' && lower[0] <= '9' {
		v.Fail(path, "%q is not a kind", kind)
	}
}

func isLabel(name string) bool { return len(validation.IsDNS1123Label(name)) == 0 }

// grantNotes say where a grant is for what the lab has not.
func (inspector) grantNotes(g grant) []rules.Finding {
	if slices.ContainsFunc(g.Spec.From, func(f gateway.ReferenceGrantFrom) bool {
		return f.Group == Group && slices.Contains(referring(), string(f.Kind))
	}) {
		return nil
	}
	return []rules.Finding{rules.Warn("spec.from", "",
		"never acts: the lab has no references but those of %s", strings.Join(referring(), ", "))}
}

// referring are the kinds that refer to other namespaces.
func referring() []string { return []string{gatewayKind, grpcRouteKind, httpRouteKind, tlsRouteKind} }

// reference is one from a kind of this group in a namespace to an object.
type reference struct {
	kind, namespace string
	group, toKind   string
	to              mesh.Name
}

// granted reports whether a reference may be, which is one of another namespace.
func granted(set rules.Set, r reference) bool {
	if r.to.Namespace == r.namespace {
		return true
	}
	return slices.ContainsFunc(rules.ByKey[gateway.ReferenceGrantSpec](set), func(g grant) bool {
		return g.Key.Namespace == r.to.Namespace &&
			slices.ContainsFunc(g.Spec.From, func(f gateway.ReferenceGrantFrom) bool {
				return f.Group == Group && string(f.Kind) == r.kind && string(f.Namespace) == r.namespace
			}) &&
			slices.ContainsFunc(g.Spec.To, func(t gateway.ReferenceGrantTo) bool {
				return string(t.Group) == r.group && string(t.Kind) == r.toKind &&
					string(or(t.Name, gateway.ObjectName(r.to.Name))) == r.to.Name
			})
	})
}

// mayLead reports whether a route may lead to a backend.
func mayLead(set rules.Set, r httpRoute, b gateway.BackendObjectReference) bool {
	return granted(set, reference{
		r.Key.Kind, r.Key.Namespace, string(or(b.Group, "")), string(or(b.Kind, serviceKind)),
		named(r, b.Namespace, b.Name),
	})
}
