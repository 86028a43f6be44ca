package v1

import (
	"fmt"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

func (v *validator) peerAuthentication(p *security.PeerAuthentication) {
	v.selector(p.Selector)
	if p.GetMtls().GetMode() == security.PeerAuthentication_MutualTLS_DISABLE {
		v.Fail("spec.mtls.mode", "DISABLE: not supported by the lab")
	}
}

func (i inspector) peerAuthenticationNotes(p peerAuthentication) []rules.Finding {
	return i.nobody(p.Rule, "spec.selector", p.Spec.GetSelector().GetMatchLabels())
}

func (v *validator) authorizationPolicy(p *security.AuthorizationPolicy) {
	v.selector(p.Selector)
	switch p.Action {
	case security.AuthorizationPolicy_ALLOW, security.AuthorizationPolicy_DENY:
	default:
		v.Fail("spec.action", "%s: not supported by the lab", p.Action)
	}
	if p.Action == security.AuthorizationPolicy_DENY && len(p.Rules) == 0 {
		v.Warn("spec.rules", rules.SchemaWarning, "Schema validation warning: DENY action "+
			"without `rules` is meaningless as it will never be triggered, add an empty rule `{}` if you "+
			"want it be triggered for every request")
	}
	for i, rule := range p.Rules {
		for j, from := range rule.From {
			v.Required(rules.At(rules.At("spec.rules", i)+".from", j)+".source", from.GetSource())
			v.source(rules.At(rules.At("spec.rules", i)+".from", j)+".source", from.Source)
		}
	}
}

func (v *validator) source(path string, s *security.Source) {
	lists := map[string][]string{
		"principals": s.GetPrincipals(), "notPrincipals": s.GetNotPrincipals(),
		"namespaces": s.GetNamespaces(), "notNamespaces": s.GetNotNamespaces(),
		"serviceAccounts": s.GetServiceAccounts(), "notServiceAccounts": s.GetNotServiceAccounts(),
	}
	empty := true
	for _, name := range sortedKeys(lists) {
		empty = empty && len(lists[name]) == 0
		for i, text := range lists[name] {
			v.sourceText(rules.At(path+"."+name, i), name, text)
		}
	}
	accounts := len(s.GetServiceAccounts()) + len(s.GetNotServiceAccounts())
	others := len(s.GetPrincipals()) + len(s.GetNotPrincipals()) + len(s.GetNamespaces()) +
		len(s.GetNotNamespaces())
	switch {
	case s != nil && empty:
		v.Fail(path, "must not be empty")
	case accounts > 0 && others > 0:
		v.Fail(path, "serviceAccounts exclude principals and namespaces")
	}
}

func (v *validator) sourceText(path, list, text string) {
	v.NotEmpty(path, text)
	if strings.HasSuffix(strings.ToLower(list), "serviceaccounts") &&
		(strings.Count(text, "/") > 1 || strings.Contains(text, "*")) {
		v.Fail(path, "want ACCOUNT or NAMESPACE/ACCOUNT, not %q", text)
	}
}

func (i inspector) accessNotes(r authorizationPolicy) []rules.Finding {
	labels := r.Spec.GetSelector().GetMatchLabels()
	notes := slices.Concat(i.principals(r.Spec), i.namespaces(r.Spec))
	if (len(labels) > 0 || r.Key.Namespace != rootNamespace) && len(i.chosen(r.Rule, labels)) == 0 {
		notes = append(notes, rules.Warn("spec.selector", rules.NoWorkloads,
			"No matching workloads for this resource with the following labels: %s", mesh.Labels(labels)))
	}
	return notes
}

// namespaces are those that a policy names, and that are not there.
func (i inspector) namespaces(p *security.AuthorizationPolicy) []rules.Finding {
	var list []rules.Finding
	look := func(path string, patterns []string) {
		for n, pattern := range patterns {
			if !slices.ContainsFunc(i.topology.NamespaceNames(), func(name string) bool { return fits(pattern, name) }) {
				list = append(list, failed(rules.At(path, n), rules.NotFound, "Referenced namespace not found: %q", pattern))
			}
		}
	}
	for n, rule := range p.Rules {
		for m, from := range rule.From {
			path := fmt.Sprintf("spec.rules[%d].from[%d].source", n, m)
			look(path+".namespaces", from.GetSource().GetNamespaces())
			look(path+".notNamespaces", from.GetSource().GetNotNamespaces())
		}
	}
	return list
}

// principals warns of identities that nobody has, as they are easy to misspell.
func (i inspector) principals(p *security.AuthorizationPolicy) []rules.Finding {
	var list []rules.Finding
	known := func(principal string) bool {
		return slices.ContainsFunc(i.callers(), func(c caller) bool {
			return fits(principal, c.principal())
		})
	}
	for n, rule := range p.Rules {
		for m, from := range rule.From {
			for k, principal := range from.GetSource().GetPrincipals() {
				path := fmt.Sprintf("spec.rules[%d].from[%d].source.principals[%d]", n, m, k)
				if !known(principal) {
					list = append(list, rules.Warn(path, "", "nobody has the principal %s", principal))
				}
			}
		}
	}
	return list
}
