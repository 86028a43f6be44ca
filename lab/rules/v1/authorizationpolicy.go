package v1

import (
	"fmt"
	"strings"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// caller is who calls; workload is nil for calls through the ingress, which has an identity too.
type caller struct {
	workload *mesh.Workload
	mesh.Identity
}

func (r *resolver) callers() []caller {
	list := make([]caller, 0, len(r.topology.Workloads)+1)
	for _, w := range r.topology.Workloads {
		list = append(list, caller{&w, w.Identity()})
	}
	return append(list, caller{nil, mesh.IngressIdentity()})
}

func (r *resolver) inbound(server mesh.Workload) mesh.Inbound {
	doors, pool := r.doors(server)
	return mesh.Inbound{
		Authentication: r.authentication(server),

		Tokens:   r.tokenRules(server),
		Access:   r.accessTo(server),
		Limits:   r.limits(server),
		Counters: r.counters(server),

		Unlimited: true, Doors: doors, Pool: pool,

		ProxyDefaults: inboundDefaults(),
	}
}

// selects reports whether a rule of a namespace is for a workload: it selects it, or selects
// nothing, from its namespace or from the root's.
func selects(r *rules.Rule, labels map[string]string, w mesh.Workload) bool {
	return (r.Key.Namespace == w.Namespace || r.Key.Namespace == rootNamespace) &&
		w.Labels.Has(labels)
}

// accessTo is the rules of all policies that are for a workload.
func (r *resolver) accessTo(server mesh.Workload) []mesh.AccessRule {
	var list []mesh.AccessRule
	for _, p := range r.access {
		if len(targets(p.Spec)) == 0 && selects(p.Rule, p.Spec.GetSelector().GetMatchLabels(), server) {
			list = append(list, r.accessRules(p)...)
		}
	}
	return list
}

// accessRules are those of a policy; one without rules is about no request.
func (r *resolver) accessRules(p authorizationPolicy) []mesh.AccessRule {
	list := make([]mesh.AccessRule, max(1, len(p.Spec.Rules)))
	for i := range list {
		list[i] = mesh.AccessRule{
			From:   p.Key.Path(),
			Name:   fmt.Sprintf("ns[%s]-policy[%s]-rule[%d]", p.Key.Namespace, p.Key.Name, i),
			Action: accessAction(p.Spec.Action),
			DryRun: p.DryRun,
		}
	}
	for i, rule := range p.Spec.Rules {
		list[i].Field = rules.At("spec.rules", i)
		list[i].Sources = r.sources(rule, p.Key.Namespace)
		list[i].Operations = operations(rule)
	}
	return list
}

func accessAction(a security.AuthorizationPolicy_Action) mesh.AccessAction {
	switch a {
	case security.AuthorizationPolicy_DENY:
		return mesh.Deny
	case security.AuthorizationPolicy_AUDIT:
		return mesh.Audit
	default:
		return mesh.Allow
	}
}

// sources are who may have sent a request, each with what a rule wants of the request's headers.
func (r *resolver) sources(rule *security.Rule, namespace string) []mesh.AccessTerms {
	from := []*security.Source{nil}
	if len(rule.From) > 0 {
		from = nil
		for _, f := range rule.From {
			from = append(from, f.Source)
		}
	}
	var list []mesh.AccessTerms
	for _, s := range from {
		terms := peerTerms(nil, s, namespace)
		terms = addTerms(terms, bearerTerm, s.GetRequestPrincipals(), s.GetNotRequestPrincipals())
		for _, when := range rule.When {
			if about := sourceOf(when); about != nil {
				terms = peerTerms(terms, about, namespace)
			}
			if name, ok := headerOf(when.Key); ok {
				header := mesh.Condition{Attribute: mesh.Header, Header: name}
				terms = addTerms(terms, textTerm(header), when.Values, when.NotValues)
			}
			if term := tokenTerm(when.Key); term != nil {
				terms = addTerms(terms, term, when.Values, when.NotValues)
			}
		}
		list = append(list, terms)
	}
	return list
}

// sourceOf is a condition about the caller as a source has it; nil for other conditions.
func sourceOf(w *security.Condition) *security.Source {
	switch w.Key {
	case "source.principal":
		return &security.Source{Principals: w.Values, NotPrincipals: w.NotValues}
	case sourceIP:
		return &security.Source{IpBlocks: w.Values, NotIpBlocks: w.NotValues}
	case remoteIP:
		return &security.Source{RemoteIpBlocks: w.Values, NotRemoteIpBlocks: w.NotValues}
	case "source.namespace":
		return &security.Source{Namespaces: w.Values, NotNamespaces: w.NotValues}
	case "source.serviceAccount":
		return &security.Source{ServiceAccounts: w.Values, NotServiceAccounts: w.NotValues}
	case "source.trustDomain":
		return &security.Source{TrustDomains: w.Values, NotTrustDomains: w.NotValues}
	}
	return nil
}

// fits knows * alone, at the beginning and at the end.
func fits(pattern, text string) bool {
	if end, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(text, end)
	}
	if begin, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(text, begin)
	}
	return pattern == text
}
