package classic

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

const uriHeader = "uri"

// pseudoHeaders are the names in request.headers that stand for something else than a header.
func pseudoHeaders() map[string]mesh.Attribute {
	return map[string]mesh.Attribute{
		uriHeader: mesh.Path, "method": mesh.Method, "authority": mesh.Authority, "scheme": mesh.Scheme,
	}
}

const (
	retryOn     = "5xx,connect-failure,refused-stream"
	backoffBase = 25 * time.Millisecond
	backoffMax  = 10 * backoffBase // Envoy's default; 0.7.1's Envoy knew none
)

func source(r *routeRule) *reference {
	if r.Match == nil {
		return nil
	}
	return r.Match.Source
}

// route is what a rule makes of the requests for a host and port.
func route(rule *rules.Typed[routeRule], host string, port int) plannedRoute {
	spec := rule.Spec
	planned := plannedRoute{rule: rule, Route: mesh.Route{
		From:         rule.Key.Name,
		Match:        conditions(spec.Match),
		Destinations: destinations(rule, host, port),
	}}
	planned.Timeout = spec.timeout()
	if t := spec.Retries; t != nil && t.Simple != nil && t.Simple.Attempts > 0 {
		planned.Retry = retry(int(t.Simple.Attempts), spec.perTry())
	}
	if m := spec.Mirror; m != nil {
		cluster := mesh.Cluster{Host: m.host(rule.Key.Namespace), Port: port, Labels: m.Labels}
		planned.Mirrors = []mesh.Mirror{{Cluster: cluster, Percent: 100, Suffix: true, Traced: true}}
	}
	planned.fault = fault(rule.Key.Name, spec.Fault, planned.Match)
	reshape(&planned.Route, spec)
	return planned
}

// timeout is the time of a whole request; 0: none.
func (r *routeRule) timeout() time.Duration {
	if r.Timeout == nil || r.Timeout.Simple == nil {
		return 0
	}
	return r.Timeout.Simple.Timeout.of()
}

// askedPerTry is what the rule says of each try, whether it acts or not.
func (r *routeRule) askedPerTry() time.Duration {
	if r.Retries == nil || r.Retries.Simple == nil {
		return 0
	}
	return r.Retries.Simple.PerTryTimeout.of()
}

// perTry is the time of each try that acts. The Envoy of 0.7.1 dropped one that is not below the
// time of the whole request, and where there was none, it compared with 0.
func (r *routeRule) perTry() time.Duration {
	if asked := r.askedPerTry(); asked < r.timeout() {
		return asked
	}
	return 0
}

func retry(attempts int, perTry time.Duration) *mesh.Retry {
	return &mesh.Retry{
		Attempts:    attempts,
		On:          strings.Split(retryOn, ","),
		PerTry:      perTry,
		BackoffBase: backoffBase,
		BackoffMax:  backoffMax,
	}
}

// destinations are a rule's clusters; without any, all instances of the host.
func destinations(rule *rules.Typed[routeRule], host string, port int) []mesh.Destination {
	all := mesh.Cluster{Host: host, Port: port}
	switch len(rule.Spec.Route) {
	case 0:
		return []mesh.Destination{{Cluster: all, Weight: 100}}
	case 1: // its weight may be missing
		return []mesh.Destination{{Cluster: cluster(rule, rule.Spec.Route[0], all), Weight: 100}}
	}
	list := make([]mesh.Destination, len(rule.Spec.Route))
	for i, w := range rule.Spec.Route {
		list[i] = mesh.Destination{Cluster: cluster(rule, w, all), Weight: int(w.Weight)}
	}
	return list
}

func cluster(rule *rules.Typed[routeRule], w weighted, all mesh.Cluster) mesh.Cluster {
	c := all
	if w.Destination != nil {
		c.Host = w.Destination.host(rule.Key.Namespace)
	}
	if len(w.Labels) > 0 {
		c.Labels = w.Labels
	}
	return c
}

// conditions are sorted as 0.7.1 sorts them: the path, pseudo headers, headers by name.
func conditions(m *match) []mesh.Condition {
	if m == nil || m.Request == nil {
		return nil
	}
	var list []mesh.Condition
	for _, name := range sortedKeys(m.Request.Headers) {
		if c := condition(name, m.Request.Headers[name]); c != everyPath() {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b mesh.Condition) int {
		return cmp.Compare(headerName(a), headerName(b))
	})
	return list
}

// headerName is the attribute as a header of HTTP/2; "" for the path.
func headerName(c mesh.Condition) string {
	if c.Attribute == mesh.Path {
		return ""
	}
	return c.HeaderName()
}

// everyPath is not a condition, so a rule that has only this one is a catch-all.
func everyPath() mesh.Condition {
	return mesh.Condition{Attribute: mesh.Path, Compare: mesh.Prefix, Value: "/"}
}

func condition(name string, m *stringMatch) mesh.Condition {
	kind, value := m.of()
	c := mesh.Condition{Value: value, Compare: map[string]mesh.Comparison{
		"exact": mesh.Exact, "prefix": mesh.Prefix, "regex": mesh.Regex,
	}[kind]}
	attribute, ok := pseudoHeaders()[name]
	if c.Attribute = attribute; !ok || name == uriHeader && kind == "regex" { // not the path then
		c.Attribute, c.Header = mesh.Header, name
	}
	if c.Attribute != mesh.Path && c.Compare == mesh.Exact && value == "" {
		c.Compare = mesh.Present
	}
	return c
}
