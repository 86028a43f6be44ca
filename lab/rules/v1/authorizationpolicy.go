package v1

import (
	"cmp"
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
		Denials:  r.denials(server),
		Limits:   r.limits(server),
		Counters: r.counters(server),

		Unlimited: true, Doors: doors, Pool: pool,
	}
}

func denied() mesh.Response { return mesh.Response{Status: 403, Body: "RBAC: access denied"} }

// selects reports whether a rule of a namespace is for a workload: it selects it, or selects
// nothing, from its namespace or from the root's.
func selects(r rules.Rule, labels map[string]string, w mesh.Workload) bool {
	return (r.Key.Namespace == w.Namespace || r.Key.Namespace == rootNamespace) &&
		w.Labels.Has(labels)
}

// denials asks the policies that deny first, then those that allow.
func (r *resolver) denials(server mesh.Workload) []mesh.Denial {
	var deny, allow []authorizationPolicy
	for _, p := range r.access {
		switch {
		case !selects(p.Rule, p.Spec.GetSelector().GetMatchLabels(), server):
		case p.Spec.Action == security.AuthorizationPolicy_DENY:
			deny = append(deny, p)
		default:
			allow = append(allow, p)
		}
	}
	var list []mesh.Denial
	for _, c := range r.callers() {
		if from := refusal(deny, allow, c); len(from) > 0 {
			one := mesh.Denial{From: from, Answer: denied()}
			mesh.Meet(&list, c.workload, one, func(d *mesh.Denial) *mesh.Callers { return &d.Callers })
		}
	}
	if one, ok := r.anonymousDenial(server, deny, allow); ok {
		list = append(list, one)
	}
	return list
}

// refusal is the names of the policies that refuse a caller.
func refusal(deny, allow []authorizationPolicy, c caller) []string {
	for _, p := range deny {
		if matches(p.Spec, c, p.Key.Namespace) {
			return []string{p.Key.Path()}
		}
	}
	var from []string
	for _, p := range allow {
		if matches(p.Spec, c, p.Key.Namespace) {
			return nil
		}
		from = append(from, p.Key.Path())
	}
	return from
}

// matches is true where one rule has the caller among its sources; a rule without sources has
// everyone, a policy without rules nobody.
func matches(p *security.AuthorizationPolicy, c caller, namespace string) bool {
	return slices.ContainsFunc(p.Rules, func(rule *security.Rule) bool {
		return len(rule.From) == 0 || slices.ContainsFunc(rule.From, func(f *security.Rule_From) bool {
			return isSource(f.Source, c, namespace)
		})
	})
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
		return len(s.GetPrincipals())+len(s.GetNamespaces())+len(s.GetServiceAccounts()) == 0
	}
	account := c.namespace + "/" + c.account
	return listed(s.GetPrincipals(), c.principal(), true) &&
		listed(s.GetNamespaces(), c.namespace, true) &&
		listed(accounts(s.GetServiceAccounts()), account, true) &&
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
