package gatewayapi

import (
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

// Standard holds a document of this group to the CRDs of the standard channel, which have fewer
// fields than the experimental ones, of which Parse is; the error is a document.Errors. Of a
// document that Parse refuses it says nothing.
func Standard(doc document.Document) error {
	rule, errs := parse(doc, "")
	if len(errs) > 0 {
		return nil
	}
	v := &validator{rules.Validator{Doc: doc}}
	switch spec := rule.Spec.(type) {
	case *gateway.HTTPRouteSpec:
		v.standardRoute(spec)
	case *gateway.GatewaySpec:
		v.unknown("spec.defaultScope", spec.DefaultScope != "")
	}
	return v.Errs.OrNil()
}

func (v *validator) unknown(path string, isThere bool) {
	if isThere {
		v.Fail(path, "unknown field in the standard channel, only in the experimental one")
	}
}

// standardRoute knows references to one parent by their section alone.
func (v *validator) standardRoute(r *gateway.HTTPRouteSpec) {
	v.unknown("spec.useDefaultGateways", r.UseDefaultGateways != "")
	for i, p := range r.ParentRefs {
		for _, q := range r.ParentRefs[:i] {
			if sameParent(p, q) && or(p.SectionName, "") == or(q.SectionName, "") {
				v.Fail(rules.At("spec.parentRefs", i), "the same parent twice: in the standard channel, "+
					"each needs a sectionName of its own")
			}
		}
	}
	for i, rule := range r.Rules {
		path := rules.At("spec.rules", i)
		v.unknown(path+".retry", rule.Retry != nil)
		v.unknown(path+".sessionPersistence", rule.SessionPersistence != nil)
	}
}
