package v1

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// caller is who calls; workload is nil for calls through the ingress, which has an identity too.
type caller struct {
	workload  *mesh.Workload
	namespace string
	account   string
	// isAnonymous: there is no identity, so that no list of them has it.
	isAnonymous bool
}

const ingressAccount = "istio-ingressgateway-service-account"

func (r *resolver) callers() []caller {
	list := make([]caller, 0, len(r.topology.Workloads)+1)
	for _, w := range r.topology.Workloads {
		account := cmp.Or(w.ServiceAccount, "default")
		list = append(list, caller{workload: &w, namespace: w.Namespace, account: account})
	}
	return append(list, caller{namespace: rootNamespace, account: ingressAccount})
}

func (c caller) principal() string {
	return mesh.Domain + "/ns/" + c.namespace + "/sa/" + c.account
}

func (r *resolver) inbound(server mesh.Workload) mesh.Inbound {
	doors, pool := r.doors(server)
	return mesh.Inbound{
		Denials:  r.anonymousDenials(server),
		Tokens:   r.tokenRules(server),
		Access:   r.accessTo(server),
		Limits:   r.limits(server),
		Counters: r.counters(server),

		Unlimited: true, Doors: doors, Pool: pool,
	}
}

// selects reports whether a rule of a namespace is for a workload: it selects it, or selects
// nothing, from its namespace or from the root's.
func selects(r rules.Rule, labels map[string]string, w mesh.Workload) bool {
	return (r.Key.Namespace == w.Namespace || r.Key.Namespace == rootNamespace) &&
		w.Labels.Has(labels)
}

// accessTo is the rules of all policies that are for a workload.
func (r *resolver) accessTo(server mesh.Workload) []mesh.AccessRule {
	var list []mesh.AccessRule
	for _, p := range r.access {
		if selects(p.Rule, p.Spec.GetSelector().GetMatchLabels(), server) {
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
		var terms mesh.AccessTerms
		if s != nil || asksForCaller(rule.When) {
			terms = append(terms, mesh.AccessTerm{Callers: r.callersOf(s, rule.When, namespace)})
		}
		terms = addTerms(terms, bearerTerm, s.GetRequestPrincipals(), s.GetNotRequestPrincipals())
		for _, when := range rule.When {
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

// callersOf are the callers of whom a source and the conditions about callers hold.
func (r *resolver) callersOf(s *security.Source, when []*security.Condition, namespace string) *mesh.Callers {
	callers := &mesh.Callers{}
	for _, c := range append(r.callers(), caller{isAnonymous: true}) {
		if isSource(s, c, namespace) && !slices.ContainsFunc(when, func(w *security.Condition) bool {
			about := sourceOf(w)
			return about != nil && !isSource(about, c, namespace)
		}) {
			c.addTo(callers)
		}
	}
	return callers
}

func (c caller) addTo(callers *mesh.Callers) {
	if c.isAnonymous {
		callers.Anonymous = true
		return
	}
	callers.Add(c.workload)
}

func asksForCaller(when []*security.Condition) bool {
	return slices.ContainsFunc(when, func(w *security.Condition) bool { return sourceOf(w) != nil })
}

// sourceOf is a condition about the caller as a source has it; nil for other conditions.
func sourceOf(w *security.Condition) *security.Source {
	switch w.Key {
	case "source.principal":
		return &security.Source{Principals: w.Values, NotPrincipals: w.NotValues}
	case "source.namespace":
		return &security.Source{Namespaces: w.Values, NotNamespaces: w.NotValues}
	case "source.serviceAccount":
		return &security.Source{ServiceAccounts: w.Values, NotServiceAccounts: w.NotValues}
	case "source.trustDomain":
		return &security.Source{TrustDomains: w.Values, NotTrustDomains: w.NotValues}
	}
	return nil
}

// isSource holds where every list of a source does.
func isSource(s *security.Source, c caller, namespace string) bool {
	accounts := func(list []string) []string {
		full := make([]string, len(list))
		for i, name := range list {
			if full[i] = name; !strings.Contains(name, "/") {
				full[i] = namespace + "/" + name
			}
		}
		return full
	}
	if c.isAnonymous {
		return len(s.GetPrincipals())+len(s.GetNamespaces())+len(s.GetServiceAccounts())+
			len(s.GetTrustDomains()) == 0
	}
	account := c.namespace + "/" + c.account
	return listed(s.GetPrincipals(), c.principal(), true) &&
		listed(s.GetNamespaces(), c.namespace, true) &&
		listed(accounts(s.GetServiceAccounts()), account, true) &&
		listed(s.GetTrustDomains(), mesh.Domain, true) &&
		listed(s.GetNotTrustDomains(), mesh.Domain, false) &&
		listed(s.GetNotPrincipals(), c.principal(), false) &&
		listed(s.GetNotNamespaces(), c.namespace, false) &&
		listed(accounts(s.GetNotServiceAccounts()), account, false)
}

// listed reports whether a list wants a text or, where want is false, whether it does not name it.
func listed(list []string, text string, want bool) bool {
	return len(list) == 0 || want == slices.ContainsFunc(list, func(pattern string) bool {
		return fits(pattern, text)
	})
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
