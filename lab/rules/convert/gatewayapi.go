package convert

import (
	"maps"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

const gateway = "gateway.networking.k8s.io/v1"

// GatewayAPI is rules as HTTPRoutes, with a Service for each version that they route to, for a
// topology that has the services and the workloads that the rules speak of. The error names each
// rule that the Gateway API cannot say: it knows neither faults nor policies nor who calls.
func GatewayAPI(s rules.Set, t mesh.Topology) ([]byte, error) {
	c := newConverter(s, t)
	for _, r := range s.Rules() {
		if r.Kind.Type != "route-rule" {
			c.refuse(r.Key.String(), "the Gateway API has no word for it")
		}
	}
	for _, h := range c.hosts {
		c.versionServices(h)
		if h.ruled() {
			c.route(h)
		}
	}
	return c.output()
}

// versionServices are one for each subset: the Gateway API knows none.
func (c *converter) versionServices(h host) {
	said := map[string]bool{h.service.Name.Name: true}
	for _, labels := range c.subsetsOf(h) {
		name := mesh.Name{Namespace: h.service.Namespace, Name: versionName(h, labels)}
		if said[name.Name] {
			continue
		}
		said[name.Name] = true
		selector := maps.Clone(h.service.Selector)
		maps.Copy(selector, labels)
		var ports []any
		for _, p := range h.service.Ports {
			ports = append(ports, without(map[string]any{
				"name": p.Name, "port": p.Number, "targetPort": target(p.Target),
			}))
		}
		c.add(kind{"v1", "Service"}, name, map[string]any{"selector": selector, "ports": ports})
	}
}

func target(t string) any {
	if t == "" {
		return nil
	}
	return t
}

// versionName is recommendation-v2 for version: v2 of recommendation; labels that all of it have
// say nothing.
func versionName(h host, labels mesh.Labels) string {
	name := h.service.Name.Name
	for _, key := range sortedKeys(labels) {
		if h.service.Selector[key] != labels[key] {
			name += "-" + strings.ToLower(labels[key])
		}
	}
	return name
}

func (c *converter) route(h host) {
	if len(h.routes.own) > 0 {
		c.refuse(firstRule(h), "the Gateway API does not know who calls")
		return
	}
	c.keepOrder(h.routes.common)
	notes := noteList{turnNote: true}
	var rules []any
	for _, r := range h.routes.common {
		rules = append(rules, c.routeRule(h, r, notes))
	}
	c.add(kind{gateway, "HTTPRoute"}, h.service.Name, map[string]any{
		"parentRefs": []any{map[string]any{
			"group": "", "kind": "Service", "name": h.service.Name.Name, "port": h.port,
		}},
		"rules": rules,
	}, notes.sorted()...)
}

// keepOrder refuses routes that the Gateway API would try in another order: the more specific
// match comes first there, whatever the rules' own order.
func (c *converter) keepOrder(routes []mesh.Route) {
	for i, r := range routes {
		for _, later := range routes[i+1:] {
			if slices.Compare(specificity(later), specificity(r)) > 0 {
				c.refuse(later.From, "the Gateway API would try it before %s, as it says more of "+
					"a request", r.From)
			}
		}
	}
}

// specificity is what decides the order of matches: how the path is compared, its length, a
// method, the number of headers.
func specificity(r mesh.Route) []int {
	const prefix, exact = 1, 2
	path, length, method, headers := prefix, len("/"), 0, 0
	for _, condition := range r.Match {
		switch condition.Attribute {
		case mesh.Path: // 2018 knew no expressions for it
			path, length = exact, len(condition.Value)
		case mesh.Method:
			method = 1
		default:
			headers++
		}
	}
	return []int{path, length, method, headers}
}

func firstRule(h host) string {
	for _, routes := range h.routes.all() {
		for _, r := range routes {
			if r.From != defaultRoute {
				return r.From
			}
		}
	}
	return defaultRoute
}

func (c *converter) routeRule(h host, r mesh.Route, notes noteList) map[string]any {
	rule := map[string]any{"backendRefs": c.backends(h, r)}
	for _, d := range r.Destinations {
		for _, f := range d.Faults {
			c.refuse(f.From, "the Gateway API knows no faults")
		}
	}
	if match := c.gatewayMatch(r, notes); len(match) > 0 {
		rule["matches"] = []any{match}
	}
	var filters []any
	for _, m := range r.Mirrors {
		filters = append(filters, map[string]any{"type": "RequestMirror", "requestMirror": map[string]any{
			"backendRef": c.backend(h, m.Cluster),
		}})
		notes.add("A mirrored request keeps its host; in 2018 it was HOST-shadow.")
	}
	if filters != nil {
		rule["filters"] = filters
	}
	timeouts := map[string]any{}
	if r.Timeout > 0 {
		timeouts["request"] = short(r.Timeout)
	}
	if r.Retry == nil {
		notes.add("Today's sidecars retry twice, on another pod, what no pod has seen.")
	} else {
		notes.add("Retries are of the Gateway API's experimental channel alone: kubectl refuses them " +
			"where the standard CRDs are installed.")
		if r.Retry.PerTry > 0 && r.Timeout == 0 {
			notes.add("Istio 0.7.1 ignored perTryTimeout without httpReqTimeout; today it acts.")
		}
		rule["retry"] = map[string]any{
			"attempts": r.Retry.Attempts, "codes": []int{500, 502, 503, 504},
		}
		if r.Retry.PerTry > 0 {
			timeouts["backendRequest"] = short(r.Retry.PerTry)
		}
	}
	if len(timeouts) > 0 {
		rule["timeouts"] = timeouts
	}
	return rule
}

// backend is a cluster as a Service of its own.
func (c *converter) backend(h host, to mesh.Cluster) map[string]any {
	for _, other := range c.hosts {
		if other.service.Host() != to.Host {
			continue
		}
		ref := map[string]any{"name": versionName(other, to.Labels), "port": to.Port}
		if other.service.Namespace != h.service.Namespace {
			ref["namespace"] = other.service.Namespace
		}
		return ref
	}
	c.refuse(firstRule(h), "it leads to %s, which is no service", to.Host)
	return nil
}

func (c *converter) backends(h host, r mesh.Route) []any {
	var list []any
	for _, d := range r.Destinations {
		if d.Weight == 0 {
			continue
		}
		ref := c.backend(h, d.Cluster)
		if len(r.Destinations) > 1 {
			ref["weight"] = d.Weight
		}
		list = append(list, ref)
	}
	if len(list) == 1 {
		delete(list[0].(map[string]any), "weight")
	}
	return list
}

// gatewayMatch knows no prefix of a header, and of a path whole segments alone.
func (c *converter) gatewayMatch(r mesh.Route, notes noteList) map[string]any {
	match := map[string]any{}
	var headers []any
	for _, condition := range r.Match {
		c.expression(r, condition, notes)
		how := map[mesh.Comparison]string{
			mesh.Exact: "Exact", mesh.Regex: "RegularExpression",
		}[condition.Compare]
		switch known := how != ""; {
		case known && condition.Attribute == mesh.Header:
			headers = append(headers, map[string]any{
				"name": condition.Header, "type": how, "value": condition.Value,
			})
		case known && condition.Attribute == mesh.Path:
			match["path"] = map[string]any{"type": how, "value": condition.Value}
		case condition.Compare == mesh.Exact && condition.Attribute == mesh.Method:
			match["method"] = condition.Value
		default:
			c.refuse(r.From, "the Gateway API cannot match %s so", attributeOf(condition))
		}
	}
	if headers != nil {
		match["headers"] = headers
	}
	return match
}

func attributeOf(c mesh.Condition) string {
	switch c.Attribute {
	case mesh.Path:
		return "the path"
	case mesh.Method:
		return "the method"
	case mesh.Authority:
		return "the authority"
	case mesh.Scheme:
		return "the scheme"
	default:
		return "header " + c.Header
	}
}
