package convert

import (
	"fmt"
	"slices"

	"istio-tutorial/lab/mesh"
)

const (
	notFound = 404 // what Mixer's lists answer
	security = "security.istio.io/v1"
	// ingressPrincipal is who calls through Istio's own ingress gateway.
	ingressPrincipal = mesh.Domain + "/ns/istio-system/sa/istio-ingressgateway-service-account"
)

// verdict is whom a server refuses, for one reason: not on a list, or on one.
type verdict struct {
	allow   bool // the policy names those who may call, not those who may not
	refused mesh.Callers
	from    string // a rule's name
}

// access tells callers by their identity: a list of who may pass is ALLOW, all others are DENY.
func (c *converter) access() {
	for _, same := range c.servers(func(in mesh.Inbound) any { return verdicts(in) }) {
		list := verdicts(same.in)
		for _, s := range c.choose(same.servers) {
			c.policies(s, list)
		}
	}
}

func verdicts(in mesh.Inbound) []verdict {
	var list []verdict
	for _, d := range in.Denials {
		allow := d.Answer.Status == notFound
		i := slices.IndexFunc(list, func(v verdict) bool { return v.allow == allow })
		if i < 0 {
			i = len(list)
			list = append(list, verdict{allow: allow, from: d.From[0]})
		}
		v := &list[i].refused
		v.Workloads = append(v.Workloads, d.Callers.Workloads...)
		v.Others = v.Others || d.Callers.Others
	}
	return list
}

func (c *converter) policies(server chosen, list []verdict) {
	if len(list) == 0 {
		return
	}
	selector := map[string]any{"matchLabels": server.labels}
	name := mesh.Name{
		Namespace: server.workloads[0].Namespace, Name: "calls-to-" + server.shared(),
	}
	c.add(kind{security, "PeerAuthentication"}, name, map[string]any{
		"selector": selector, "mtls": map[string]any{"mode": "STRICT"},
	}, "A caller in plain text has no identity.")
	for _, v := range list {
		named := name
		if len(list) > 1 {
			named.Name += map[bool]string{true: "-allow", false: "-deny"}[v.allow]
		}
		c.authorizationPolicy(named, selector, server, v)
	}
}

func (c *converter) authorizationPolicy(
	name mesh.Name, selector map[string]any, server chosen, v verdict,
) {
	passing, refused := c.principals(v)
	notes := []string{
		"Callers are told by their ServiceAccount, no longer by a label; who is refused reads " +
			"403 RBAC: access denied.",
	}
	source := map[string]any{"principals": refused}
	switch {
	case v.allow:
		if !v.refused.Others && c.isEntered(server) {
			passing = append(passing, ingressPrincipal)
		} else if !v.refused.Others {
			notes = append(notes, "Whoever is no pod of the mesh is refused; 2018 let it pass.")
		}
		source = map[string]any{"principals": passing}
	case v.refused.Others && len(passing) > 0:
		source = map[string]any{"notPrincipals": passing}
	case v.refused.Others:
		source = nil
	}
	rule := map[string]any{}
	if source != nil {
		rule["from"] = []any{map[string]any{"source": source}}
	}
	rules := []any{rule}
	if v.allow && len(passing) == 0 {
		rules = nil
	}
	c.add(kind{security, "AuthorizationPolicy"}, name, map[string]any{
		"selector": selector, "action": map[bool]string{true: "ALLOW", false: "DENY"}[v.allow],
		"rules": rules,
	}, notes...)
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
			c.refuse(v.from, "callers that it refuses and others have one identity, %s", p)
		}
	}
	return passing, refused
}

// isEntered tells whether the ingress leads to a server.
func (c *converter) isEntered(server chosen) bool {
	return slices.ContainsFunc(c.topology.Ingresses, func(i mesh.Ingress) bool {
		return slices.ContainsFunc(c.topology.ServicesOf(server.workloads[0]), func(s mesh.Service) bool {
			return s.Name == i.Service
		})
	})
}
