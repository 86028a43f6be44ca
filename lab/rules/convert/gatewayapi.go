package convert

import (
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/classic"
)

const gateway = "gateway.networking.k8s.io/v1"

// GatewayAPI is rules as HTTPRoutes, with a Service for each version that they route to, for a
// topology that has the services and the workloads that the rules speak of. The error names each
// rule that the Gateway API cannot say: it knows neither faults nor policies nor who calls.
func GatewayAPI(s classic.Set, t mesh.Topology) ([]byte, error) {
	c := newConverter(s, t)
	for _, r := range s.Rules() {
		if r.Key.Type != "route-rule" {
			c.refuse(r.Key.String(), "the Gateway API has no word for it")
		}
	}
	for _, h := range c.hosts {
		if h.ruled() {
			c.versionServices(h)
			c.route(h)
		}
	}
	return c.output()
}

// versionServices are one for each subset: the Gateway API knows none.
func (c *converter) versionServices(h host) {
	for _, labels := range subsetsOf(h) {
		if h.service.Selector.Has(labels) {
			continue // all of them
		}
		selector := mesh.Labels{}
		for _, from := range []mesh.Labels{h.service.Selector, labels} {
			for key, value := range from {
				selector[key] = value
			}
		}
		var ports []any
		for _, p := range h.service.Ports {
			ports = append(ports, without(map[string]any{
				"name": p.Name, "port": p.Number, "targetPort": target(p.Target),
			}))
		}
		name := mesh.Name{Namespace: h.service.Namespace, Name: versionName(h, labels)}
		c.add(kind{"v1", "Service"}, name, map[string]any{"selector": selector, "ports": ports})
	}
}

func target(t string) any {
	if t == "" {
		return nil
	}
	return t
}

// versionName is recommendation-v2 for version: v2 of recommendation.
func versionName(h host, labels mesh.Labels) string {
	name := h.service.Name.Name
	if len(labels) == 0 || h.service.Selector.Has(labels) {
		return name
	}
	for pair := range strings.SplitSeq(labels.String(), ",") {
		_, value, _ := strings.Cut(pair, "=")
		name += "-" + strings.ToLower(value)
	}
	return name
}

func (c *converter) route(h host) {
	routes := h.clients[0].routes
	if !h.uniform() {
		c.refuse(firstRule(h), "the Gateway API does not know who calls")
		return
	}
	notes := noteList{}
	var rules []any
	for _, r := range routes {
		rules = append(rules, c.routeRule(h, r, notes))
	}
	c.add(kind{gateway, "HTTPRoute"}, h.service.Name, map[string]any{
		"parentRefs": []any{map[string]any{
			"group": "", "kind": "Service", "name": h.service.Name.Name, "port": h.port,
		}},
		"rules": rules,
	}, notes.sorted()...)
}

func firstRule(h host) string {
	for _, client := range h.clients {
		for _, r := range client.routes {
			if r.From != defaultRoute {
				return r.From
			}
		}
	}
	return defaultRoute
}

func (c *converter) routeRule(h host, r mesh.Route, notes noteList) map[string]any {
	rule := map[string]any{"backendRefs": backends(h, r)}
	for _, d := range r.Destinations {
		for _, f := range d.Faults {
			c.refuse(f.From, "the Gateway API knows no faults")
		}
	}
	if match := c.gatewayMatch(r); len(match) > 0 {
		rule["matches"] = []any{match}
	}
	var filters []any
	for _, m := range r.Mirrors {
		filters = append(filters, map[string]any{"type": "RequestMirror", "requestMirror": map[string]any{
			"backendRef": backend(h, m.Cluster),
		}})
	}
	if filters != nil {
		rule["filters"] = filters
	}
	timeouts := map[string]any{}
	if r.Timeout > 0 {
		timeouts["request"] = short(r.Timeout.String())
	}
	if r.Retry != nil {
		notes.add("Retries are of the Gateway API's experimental channel alone.")
		rule["retry"] = map[string]any{
			"attempts": r.Retry.Attempts, "codes": []int{500, 502, 503, 504},
		}
		if r.Retry.PerTry > 0 {
			timeouts["backendRequest"] = short(r.Retry.PerTry.String())
		}
	}
	if len(timeouts) > 0 {
		rule["timeouts"] = timeouts
	}
	return rule
}

// short is a duration without the parts that are 0: 1m0s is 1m.
func short(d string) string {
	if strings.HasSuffix(d, "m0s") {
		d = strings.TrimSuffix(d, "0s")
	}
	if strings.HasSuffix(d, "h0m") {
		d = strings.TrimSuffix(d, "0m")
	}
	return d
}

func backend(h host, c mesh.Cluster) map[string]any {
	name, namespace := versionName(h, c.Labels), h.service.Namespace
	if c.Host != h.service.Host() {
		parts := strings.SplitN(c.Host, ".", 3)
		name, namespace = parts[0], parts[1]
	}
	ref := map[string]any{"name": name, "port": c.Port}
	if namespace != h.service.Namespace {
		ref["namespace"] = namespace
	}
	return ref
}

func backends(h host, r mesh.Route) []any {
	var list []any
	for _, d := range r.Destinations {
		if d.Weight == 0 {
			continue
		}
		ref := backend(h, d.Cluster)
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
func (c *converter) gatewayMatch(r mesh.Route) map[string]any {
	match := map[string]any{}
	var headers []any
	for _, condition := range r.Match {
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
