package convert

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

const gatewayV1 = "gateway.networking.k8s.io/v1"

// GatewayAPI is rules as HTTPRoutes, with a Service for each version that they route to, for a
// topology that has the services and the workloads that the rules speak of. The error names each
// rule that the Gateway API cannot say: it knows neither faults nor policies nor who calls.
func GatewayAPI(s rules.Set, t mesh.Topology) ([]byte, error) {
	c := newConverter(s, t)
	for _, r := range s.Rules() {
		if r.Kind.Kind != routeRule {
			c.refuse(r.Key.String(), "the Gateway API has no word for it")
		}
	}
	for _, h := range c.hosts {
		c.versionServices(h)
		c.route(h)
	}
	return c.output()
}

// versionServices are one for each subset: the Gateway API knows none.
func (c *converter) versionServices(h host) {
	said := map[string]mesh.Labels{}
	for _, s := range c.topology.Services {
		if s.Namespace == h.service.Namespace {
			said[s.Name.Name] = s.Selector
		}
	}
	for _, s := range c.subsetsOf(h) {
		name := mesh.Name{Namespace: h.service.Namespace, Name: versionName(h, s.labels)}
		selector := maps.Clone(h.service.Selector)
		maps.Copy(selector, s.labels)
		if !c.once(name.Name, s, selector, said) {
			continue
		}
		spec := core.ServiceSpec{Selector: selector}
		for _, p := range h.service.Ports {
			port := core.ServicePort{Name: p.Name, Port: int32(p.Number)}
			if port.TargetPort = intstr.FromInt32(port.Port); p.Target != "" {
				port.TargetPort = intstr.Parse(p.Target)
			}
			spec.Ports = append(spec.Ports, port)
		}
		c.add(kind{"v1", "Service"}, name, spec, s.from)
	}
}

// versionName is recommendation-v2 for version: v2 of recommendation; labels that all of it have
// say nothing.
func versionName(h host, labels mesh.Labels) string {
	words := []string{h.service.Name.Name}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if h.service.Selector[key] != labels[key] {
			words = append(words, labels[key])
		}
	}
	return strings.ToLower(plain(strings.Join(words, "-")))
}

func (c *converter) route(h host) {
	from := h.ruling()
	if len(from) == 0 {
		return
	}
	if len(h.routes) > 1 {
		c.refuse(from[0], "the Gateway API does not know who calls")
		return
	}
	routes := h.routes[0].has
	c.keepOrder(routes)
	spec := gateway.HTTPRouteSpec{CommonRouteSpec: gateway.CommonRouteSpec{
		ParentRefs: []gateway.ParentReference{{
			Group: new(gateway.Group("")), Kind: new(gateway.Kind("Service")),
			Name: gateway.ObjectName(h.service.Name.Name), Port: new(gateway.PortNumber(h.port)),
		}},
	}}
	notes := noteList{turnNote: true}
	for _, r := range routes {
		spec.Rules = append(spec.Rules, c.routeRule(h, r, notes))
	}
	c.add(kind{gatewayV1, "HTTPRoute"}, h.service.Name, spec, from, notes.sorted()...)
}

// keepOrder refuses routes that the Gateway API would try in another order: the more specific
// match comes first there, whatever the rules' own order.
func (c *converter) keepOrder(routes []mesh.Route) {
	for i, r := range routes {
		for _, later := range routes[i+1:] {
			if slices.Compare(specificity(later), specificity(r)) > 0 {
				c.refuse(later.From, "the Gateway API would try it before %s, as it says more of "+
					"a request", c.name(r.From))
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

func (c *converter) routeRule(h host, r mesh.Route, notes noteList) gateway.HTTPRouteRule {
	rule := gateway.HTTPRouteRule{Matches: c.gatewayMatches(r, notes)}
	for _, d := range chances(r) {
		backend := gateway.HTTPBackendRef{BackendRef: gateway.BackendRef{
			BackendObjectReference: c.backend(h, r, d.Cluster),
		}}
		if d.Weight > 0 {
			backend.Weight = new(int32(d.Weight))
		}
		rule.BackendRefs = append(rule.BackendRefs, backend)
		for _, f := range d.Faults {
			c.refuse(f.From, "the Gateway API knows no faults")
		}
	}
	c.reshape(&rule, r, notes)
	for _, m := range mirrorsOf(r) {
		rule.Filters = append(rule.Filters, gateway.HTTPRouteFilter{
			Type:          gateway.HTTPRouteFilterRequestMirror,
			RequestMirror: &gateway.HTTPRequestMirrorFilter{BackendRef: c.backend(h, r, m.Cluster)},
		})
		notes.add(mirrorNote)
	}
	if r.Redirect == nil {
		tries(&rule, r, notes)
	}
	return rule
}

// tries are the times, and the retries.
func tries(rule *gateway.HTTPRouteRule, r mesh.Route, notes noteList) {
	times := gateway.HTTPRouteTimeouts{Request: short(r.Timeout)}
	if r.Retry == nil {
		notes.add("Today's sidecars retry twice, on another pod, what no pod has seen.")
	} else {
		notes.add("Retries are of the Gateway API's experimental channel alone: kubectl refuses them " +
			"where the standard CRDs are installed.")
		rule.Retry = &gateway.HTTPRouteRetry{
			Codes:    []gateway.HTTPRouteRetryStatusCode{500, 502, 503, 504},
			Attempts: &r.Retry.Attempts,
		}
		notes.perTry(r)
		if r.Timeout == 0 || r.Retry.PerTry <= r.Timeout {
			times.BackendRequest = short(r.Retry.PerTry)
		} else {
			notes.add("A perTryTimeout beyond httpReqTimeout never came; the Gateway API refuses it.")
		}
	}
	if times != (gateway.HTTPRouteTimeouts{}) {
		rule.Timeouts = &times
	}
}

// short is a duration without the parts that are 0, as 1m30s; nil for none.
func short(d time.Duration) *gateway.Duration {
	if d == 0 {
		return nil
	}
	var text string
	names := []string{"h", "m", "s", "ms"}
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second, time.Millisecond} {
		if n := d / unit; n > 0 {
			text += strconv.Itoa(int(n)) + names[i]
		}
		d %= unit
	}
	return new(gateway.Duration(text))
}

// backend is a cluster as a Service of its own.
func (c *converter) backend(
	h host, r mesh.Route, to mesh.Cluster,
) (ref gateway.BackendObjectReference) {
	i := slices.IndexFunc(c.hosts, func(other host) bool { return other.service.Host() == to.Host })
	if i < 0 {
		c.refuse(r.From, "it leads to %s, which is not a service", to.Host)
		return ref
	}
	other := c.hosts[i]
	ref.Name = gateway.ObjectName(versionName(other, to.Labels))
	ref.Port = new(gateway.PortNumber(to.Port))
	if namespace := other.service.Namespace; namespace != h.service.Namespace {
		ref.Namespace = new(gateway.Namespace(namespace))
	}
	return ref
}

// gatewayMatches are one, or none; it knows no prefix of a header, and of a path whole segments
// alone.
func (c *converter) gatewayMatches(r mesh.Route, notes noteList) []gateway.HTTPRouteMatch {
	if len(r.Match) == 0 {
		return nil
	}
	var match gateway.HTTPRouteMatch
	for _, condition := range r.Match {
		expression(condition, notes)
		how := map[mesh.Comparison]string{
			mesh.Exact: "Exact", mesh.Regex: "RegularExpression",
		}[condition.Compare]
		switch known := how != ""; {
		case known && condition.Attribute == mesh.Header:
			match.Headers = append(match.Headers, gateway.HTTPHeaderMatch{
				Type: new(gateway.HeaderMatchType(how)), Name: gateway.HTTPHeaderName(condition.Header),
				Value: condition.Value,
			})
		case known && condition.Attribute == mesh.Path:
			match.Path = &gateway.HTTPPathMatch{
				Type: new(gateway.PathMatchType(how)), Value: &condition.Value,
			}
		case condition.Compare == mesh.Exact && condition.Attribute == mesh.Method:
			match.Method = new(gateway.HTTPMethod(condition.Value))
		default:
			c.refuse(r.From, "the Gateway API cannot match %s so", attributeOf(condition))
		}
	}
	return []gateway.HTTPRouteMatch{match}
}
