package v1

import (
	"strings"

	selector "istio.io/api/type/v1beta1"

	"istio-tutorial/lab/rules"
)

// targeted is a rule that may name what it is for in place of selecting pods.
type targeted interface {
	GetTargetRef() *selector.PolicyTargetReference
	GetTargetRefs() []*selector.PolicyTargetReference
}

// targets hold what admission says of such names.
func (v *validator) targets(p targeted, s *selector.WorkloadSelector) {
	one, list := p.GetTargetRef(), p.GetTargetRefs()
	if one != nil {
		v.target("spec.targetRef", one)
	}
	for i, ref := range list {
		v.target(rules.At("spec.targetRefs", i), ref)
	}
	ways := 0
	for _, is := range []bool{s != nil, one != nil, v.Doc.Says("spec.targetRefs")} {
		if is {
			ways++
		}
	}
	if ways > 1 {
		v.Fail("spec", "only one of selector, targetRef and targetRefs can be set")
	}
}

func (v *validator) target(path string, ref *selector.PolicyTargetReference) {
	v.NotEmpty(path+".name", ref.GetName())
	if ref.GetNamespace() != "" {
		v.Fail(path+".namespace", "must not be set: the object is in the rule's own namespace")
	}
	switch strings.TrimPrefix(ref.GetGroup(), "core") + "/" + ref.GetKind() {
	case "/Service", "networking.istio.io/ServiceEntry",
		"gateway.networking.k8s.io/Gateway", "gateway.networking.k8s.io/GatewayClass":
	default:
		v.Fail(path+".kind", "%s of group %s is none of Service, ServiceEntry, Gateway and GatewayClass",
			rules.Quote(ref.GetKind()), rules.Quote(ref.GetGroup()))
	}
}
