package convert

import (
	"reflect"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// destinationRules are one for all clients, with the subsets, and one for each client that has
// policies of its own: a rule that selects a client replaces the others for it.
func (c *converter) destinationRules(h host) {
	subsets := subsetsOf(h)
	common := h.policies[0].clusters
	alike := !slices.ContainsFunc(h.policies, func(p clientPolicies) bool {
		return !reflect.DeepEqual(p.clusters, common)
	})
	if alike {
		c.destinationRule(h, wanted{name: h.service.Name, clusters: common}, subsets)
		return
	}
	c.destinationRule(h, wanted{name: h.service.Name}, subsets)
	for _, p := range h.policies {
		if slices.ContainsFunc(p.clusters, isRuled) {
			name := mesh.Name{
				Namespace: p.client.Namespace, Name: h.service.Name.Name + "-from-" + p.client.Name.Name,
			}
			c.destinationRule(h, wanted{name, p.client.Labels, p.clusters}, subsets)
		}
	}
}

func isRuled(u mesh.Upstream) bool { return u.Policy.From != "" }

// subsetsOf are all labels that routes and policies name, each once.
func subsetsOf(h host) []mesh.Labels {
	var list []mesh.Labels
	add := func(c mesh.Cluster) {
		if c.Host == h.service.Host() && len(c.Labels) > 0 &&
			!slices.ContainsFunc(list, func(l mesh.Labels) bool { return l.String() == c.Labels.String() }) {
			list = append(list, c.Labels)
		}
	}
	for _, client := range h.clients {
		for _, r := range client.routes {
			for _, d := range r.Destinations {
				add(d.Cluster)
			}
			for _, m := range r.Mirrors {
				add(m.Cluster)
			}
		}
	}
	for _, p := range h.policies {
		for _, u := range p.clusters {
			if isRuled(u) {
				add(u.Cluster)
			}
		}
	}
	slices.SortFunc(list, func(a, b mesh.Labels) int { return strings.Compare(a.String(), b.String()) })
	return list
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
	if len(w.client) > 0 {
		spec["workloadSelector"] = map[string]any{"matchLabels": w.client}
	}
	notes := noteList{}
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
		if u.Cluster.Labels.String() == labels.String() && isRuled(u) {
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

func trafficPolicy(p mesh.Policy, notes noteList) map[string]any {
	policy := map[string]any{}
	switch p.Balance {
	case mesh.Random:
		policy["loadBalancer"] = map[string]any{"simple": "RANDOM"}
	case mesh.LeastRequest:
		policy["loadBalancer"] = map[string]any{"simple": "LEAST_REQUEST"}
	default:
		notes.add("Today's default is the less busy of two pods; 2018 took them in turn, which " +
			"loadBalancer: {simple: ROUND_ROBIN} does.")
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
