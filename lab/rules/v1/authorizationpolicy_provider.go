package v1

import (
	"strings"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/rules"
)

// provider holds policies that ask another program, which the lab does not do.
func (v *validator) provider(p *security.AuthorizationPolicy) {
	if p.Action != security.AuthorizationPolicy_CUSTOM {
		if p.GetProvider() != nil {
			v.Fail("spec.provider", "only the action CUSTOM can have it")
		}
		return
	}
	v.Fail("spec.action", "%s: %w", p.Action, rules.ErrUnsupported)
	if p.Rules == nil {
		v.Fail("spec.rules", "CUSTOM without a rule asks about no request; an empty one, {}, is about all")
		return
	}
	v.NotEmpty("spec.provider.name", p.GetProvider().GetName())
	for i, rule := range p.Rules {
		v.askedOfOthers(rules.At("spec.rules", i), rule)
	}
}

// askedOfOthers are the parts of a rule that a policy cannot have when another program decides: they
// are about who calls, which Envoy does not know yet.
func (v *validator) askedOfOthers(path string, rule *security.Rule) {
	for i, from := range rule.From {
		s := from.GetSource()
		for _, l := range []list{
			{"namespaces", s.GetNamespaces()}, {"notNamespaces", s.GetNotNamespaces()},
			{"serviceAccounts", s.GetServiceAccounts()}, {"notServiceAccounts", s.GetNotServiceAccounts()},
			{"trustDomains", s.GetTrustDomains()}, {"notTrustDomains", s.GetNotTrustDomains()},
			{"principals", s.GetPrincipals()}, {"notPrincipals", s.GetNotPrincipals()},
			{"requestPrincipals", s.GetRequestPrincipals()}, {"notRequestPrincipals", s.GetNotRequestPrincipals()},
		} {
			if len(l.texts) > 0 {
				v.Fail(rules.At(path+".from", i)+".source."+l.field, "the action CUSTOM cannot have it")
			}
		}
	}
	for i, when := range rule.When {
		ofAddress := when.GetKey() == sourceIP || when.GetKey() == remoteIP
		if !ofAddress && sourceOf(when) != nil || strings.HasPrefix(when.GetKey(), "request.auth.") {
			v.Fail(rules.At(path+".when", i)+".key", "the action CUSTOM cannot have %s", when.GetKey())
		}
	}
}
