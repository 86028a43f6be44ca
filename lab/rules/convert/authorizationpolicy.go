package convert

import (
	"fmt"
	"slices"
	"strconv"

	security "istio.io/api/security/v1beta1"
	selector "istio.io/api/type/v1beta1"

	"istio-tutorial/lab/mesh"
)

const (
	notFound   = 404 // what Mixer's lists answer
	securityV1 = "security.istio.io/v1"
	// ingressPrincipal is who calls through Istio's own ingress gateway.
	ingressPrincipal = mesh.Domain + "/ns/istio-system/sa/istio-ingressgateway-service-account"
)

// verdict is whom a server refuses, for one reason: not on a list, or on one.
type verdict struct {
	allow   bool // the policy names those who may call, not those who may not
	refused mesh.Callers
	from    []string // the rules' keys
	// when are cases, of which one is enough; nil: whatever they ask for.
	when [][]mesh.Condition
}

// access tells callers by their identity: a list of who may pass is ALLOW, all others are DENY.
func (c *converter) access() {
	for _, same := range servers(c, verdicts) {
		if list := same.has; len(list) > 0 {
			for _, s := range c.choose(same.workloads, list[0].from) {
				c.policies(s, list)
			}
		}
	}
}

func verdicts(in mesh.Inbound) []verdict {
	var list []verdict
	for _, d := range in.Denials {
		if len(d.When) > 0 {
			list = withCase(list, d)
			continue
		}
		allow := d.Answer.Status == notFound
		i := slices.IndexFunc(list, func(v verdict) bool { return v.allow == allow && v.when == nil })
		if i < 0 {
			i = len(list)
			list = append(list, verdict{allow: allow, from: d.From})
		}
		v := &list[i].refused
		v.Workloads = append(v.Workloads, d.Callers.Workloads...)
		v.Others = v.Others || d.Callers.Others
	}
	return list
}

func (c *converter) policies(server chosen, list []verdict) {
	name := server.named("calls-to-" + server.shared())
	c.add(kind{securityV1, "PeerAuthentication"}, name, &security.PeerAuthentication{
		Selector: &selector.WorkloadSelector{MatchLabels: server.labels},
		Mtls: &security.PeerAuthentication_MutualTLS{
			Mode: security.PeerAuthentication_MutualTLS_STRICT,
		},
	}, list[0].from, "A caller in plain text has no identity.")
	denials := 0
	for _, v := range list {
		named := name
		if len(list) > 1 {
			named.Name += map[bool]string{true: "-allow", false: "-deny"}[v.allow]
		}
		if !v.allow {
			denials++
		}
		if !v.allow && denials > 1 {
			named.Name += "-" + strconv.Itoa(denials)
		}
		c.authorizationPolicy(named, server, v)
	}
}

func (c *converter) authorizationPolicy(name mesh.Name, server chosen, v verdict) {
	passing, refused := c.principals(v)
	spec := &security.AuthorizationPolicy{
		Selector: &selector.WorkloadSelector{MatchLabels: server.labels},
		Action:   security.AuthorizationPolicy_DENY,
	}
	notes := []string{
		"Callers are told by their ServiceAccount, no longer by a label; who is refused reads " +
			"403 RBAC: access denied.",
	}
	source := &security.Source{Principals: refused}
	switch {
	case v.allow:
		spec.Action = security.AuthorizationPolicy_ALLOW
		if !v.refused.Others && c.isEntered(server) {
			passing = append(passing, ingressPrincipal)
		} else if !v.refused.Others {
			notes = append(notes, "Whoever is no pod of the mesh is refused; 2018 let it pass.")
		}
		source.Principals = passing
	case v.refused.Others:
		source = &security.Source{NotPrincipals: passing}
	}
	switch {
	case len(v.when) > 0:
		var more []string
		spec.Rules, more = c.cases(v, source)
		notes = append(notes, more...)
	case len(source.Principals)+len(source.NotPrincipals) > 0:
		spec.Rules = []*security.Rule{{From: []*security.Rule_From{{Source: source}}}}
	case !v.allow: // everyone
		spec.Rules = []*security.Rule{{}}
	}
	c.add(kind{securityV1, "AuthorizationPolicy"}, name, spec, v.from, notes...)
}

// principals are the identities of those who pass and of those who do not; nobody has both.
func (c *converter) principals(v verdict) (passing, refused []string) {
	for _, w := range c.topology.Workloads {
		list := &passing
		if slices.Contains(v.refused.Workloads, w.Name) {
			list = &refused
		}
		p := fmt.Sprintf("%s/ns/%s/sa/%s", mesh.Domain, w.Namespace, w.ServiceAccount)
		if !slices.Contains(*list, p) {
			*list = append(*list, p)
		}
	}
	for _, p := range passing {
		if slices.Contains(refused, p) {
			c.refuse(v.from[0], "callers that it refuses and others have one identity, %s", p)
		}
	}
	return passing, refused
}

// isEntered reports whether the ingress leads to a server.
func (c *converter) isEntered(server chosen) bool {
	return slices.ContainsFunc(c.topology.Ingresses, func(i mesh.Ingress) bool {
		return slices.ContainsFunc(c.topology.ServicesOf(server.workloads[0]), func(s mesh.Service) bool {
			return s.Name == i.Service
		})
	})
}
