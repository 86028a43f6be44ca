package convert

import (
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// destinationRules are one for all clients, with the subsets, and one for those clients that have
// policies of their own: a rule that selects a client replaces the others for it.
func (c *converter) destinationRules(h host) {
	subsets := c.subsetsOf(h)
	c.destinationRule(h, wanted{name: h.service.Name, clusters: h.policies.common}, subsets)
	for _, own := range h.policies.own {
		for _, s := range c.choose(own.clients) {
			name := mesh.Name{
				Namespace: own.clients[0].Namespace,
				Name:      h.service.Name.Name + "-from-" + s.shared(),
			}
			c.destinationRule(h, wanted{name, s.labels, own.has}, subsets)
		}
	}
}

// subsetsOf are all labels of a service that routes and policies name, each once.
func (c *converter) subsetsOf(h host) []mesh.Labels {
	var list []mesh.Labels
	add := func(to mesh.Cluster) {
		if to.Host == h.service.Host() && len(to.Labels) > 0 &&
			!slices.ContainsFunc(list, func(l mesh.Labels) bool {
				return l.String() == to.Labels.String()
			}) {
			list = append(list, to.Labels)
		}
	}
	for _, other := range c.hosts { // routes of another service may lead here too
		for _, routes := range other.routes.all() {
			eachCluster(routes, add)
		}
	}
	for _, clusters := range h.policies.all() {
		for _, u := range clusters {
			add(u.Cluster)
		}
	}
	slices.SortFunc(list, func(a, b mesh.Labels) int {
		return strings.Compare(a.String(), b.String())
	})
	return list
}

func eachCluster(routes []mesh.Route, do func(mesh.Cluster)) {
	for _, r := range routes {
		for _, d := range r.Destinations {
			if d.Weight > 0 {
				do(d.Cluster)
			}
		}
		for _, m := range r.Mirrors {
			do(m.Cluster)
		}
	}
}

// wanted is one DestinationRule.
type wanted struct {
	name     mesh.Name
	client   mesh.Labels     // none: all clients
	clusters []mesh.Upstream // with their policies
}

func (c *converter) destinationRule(h host, w wanted, labels []mesh.Labels) {
	spec := map[string]any{"host": h.service.Name.Name}
	if w.name.Namespace != h.service.Namespace {
		spec["host"] = h.service.Host()
	}
	notes := noteList{}
	if len(w.client) > 0 {
		spec["workloadSelector"] = map[string]any{"matchLabels": w.client}
		notes.add("While a rule selects a client, it replaces that client's other rules for the " +
			"host: every subset that a route names must be in it too.")
	}
	top, ruled := policyOf(w.clusters, nil)
	if ruled {
		spec["trafficPolicy"] = trafficPolicy(top, notes)
	}
	var subsets []any
	for _, l := range labels {
		subset := map[string]any{"name": subsetName(l), "labels": l}
		own := map[string]any{}
		if p, ok := policyOf(w.clusters, l); ok {
			own = trafficPolicy(p, notes)
		}
		if ruled {
			c.apart(top, spec["trafficPolicy"].(map[string]any), own, notes)
		}
		if len(own) > 0 {
			subset["trafficPolicy"] = own
		}
		subsets = append(subsets, subset)
	}
	if subsets != nil {
		spec["subsets"] = subsets
	}
	if len(spec) > 1 {
		c.add(kind{networking, "DestinationRule"}, w.name, spec, notes.sorted()...)
	}
}

// policyOf is what rules say of the instances with some labels.
func policyOf(clusters []mesh.Upstream, labels mesh.Labels) (mesh.Policy, bool) {
	for _, u := range clusters {
		if u.Cluster.Labels.String() == labels.String() {
			return u.Policy, true
		}
	}
	return mesh.Policy{}, false
}

// apart keeps the policy of all instances from a subset, which would inherit it today.
func (c *converter) apart(top mesh.Policy, all, own map[string]any, notes noteList) {
	for key := range all {
		if _, ok := own[key]; ok {
			continue
		}
		notes.add("Today a subset has the policy of the whole where it has none of its own; in " +
			"2018 it had not.")
		switch key {
		case "loadBalancer":
			own[key] = map[string]any{"simple": "ROUND_ROBIN"}
		case "connectionPool":
			own[key] = map[string]any{"tcp": map[string]any{}}
		default:
			c.refuse(top.From, "it ejects pods of a subset too, which cannot be kept apart")
		}
	}
}

const turnNote = "Today's default is the less busy of two pods; 2018 took them in turn, which " +
	"loadBalancer: {simple: ROUND_ROBIN} of a DestinationRule does."

func trafficPolicy(p mesh.Policy, notes noteList) map[string]any {
	policy := map[string]any{}
	switch p.Balance {
	case mesh.Random:
		policy["loadBalancer"] = map[string]any{"simple": "RANDOM"}
	case mesh.LeastRequest:
		policy["loadBalancer"] = map[string]any{"simple": "LEAST_REQUEST"}
	default:
		notes.add(turnNote)
	}
	l := p.Limits
	pool := without(map[string]any{
		"tcp": without(map[string]any{"maxConnections": number(l.Connections)}),
		"http": without(map[string]any{
			"http1MaxPendingRequests":  number(l.Pending),
			"http2MaxRequests":         number(l.Requests),
			"maxRetries":               number(l.Retries),
			"maxRequestsPerConnection": number(l.RequestsPerConnection),
		}),
	})
	if len(pool) > 0 {
		policy["connectionPool"] = pool
	}
	if o := p.Outlier; o != nil {
		policy["outlierDetection"] = without(map[string]any{
			"consecutive5xxErrors": number(o.Errors),
			"interval":             seconds(o.Interval),
			"baseEjectionTime":     seconds(o.BaseEjection),
			"maxEjectionPercent":   number(o.MaxPercent),
		})
		notes.add("Today no pod is ejected because it is far worse than the others, the last ones " +
			"may go too, and with all of them gone the answer is 503 no healthy upstream.")
	}
	if len(policy) == 0 {
		policy["loadBalancer"] = map[string]any{"simple": "ROUND_ROBIN"}
	}
	return policy
}

func number(n *int) any {
	if n == nil {
		return nil
	}
	return *n
}

// without leaves out what is nothing.
func without(m map[string]any) map[string]any {
	for key, v := range m {
		if inner, ok := v.(map[string]any); v == nil || ok && len(inner) == 0 {
			delete(m, key)
		}
	}
	return m
}
