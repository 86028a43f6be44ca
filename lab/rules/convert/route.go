package convert

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
)

const (
	networking   = "networking.istio.io/v1"
	defaultRoute = "default-route"
)

// uniform tells whether all clients have the same routes.
func (h host) uniform() bool {
	return !slices.ContainsFunc(h.clients, func(c clientRoutes) bool {
		return !reflect.DeepEqual(c.routes, h.clients[0].routes)
	})
}

// ruled tells whether a rule made any of the routes.
func (h host) ruled() bool {
	return slices.ContainsFunc(h.clients, func(c clientRoutes) bool {
		return slices.ContainsFunc(c.routes, func(r mesh.Route) bool { return r.From != defaultRoute })
	})
}

func (c *converter) virtualService(h host) {
	if !h.ruled() {
		return
	}
	var http []any
	notes := noteList{}
	if h.uniform() {
		for _, r := range h.clients[0].routes {
			http = append(http, c.httpRoute(h, r, nil, notes))
		}
	} else {
		notes.add("Which client has which route is told by the labels of its pods.")
		for _, client := range h.clients {
			for _, r := range client.routes {
				http = append(http, c.httpRoute(h, r, client.client.Labels, notes))
			}
		}
	}
	c.add(kind{networking, "VirtualService"}, h.service.Name,
		map[string]any{"hosts": []string{h.service.Name.Name}, "http": http}, notes.sorted()...)
}

// noteList is comments, each once.
type noteList map[string]bool

func (n noteList) add(text string) { n[text] = true }

func (n noteList) sorted() []string { return slices.Sorted(maps.Keys(n)) }

func (c *converter) httpRoute(h host, r mesh.Route, source mesh.Labels, notes noteList) map[string]any {
	route := map[string]any{"route": destinations(h, r)}
	match := c.match(r)
	if source != nil {
		match["sourceLabels"] = source
	}
	if len(match) > 0 {
		route["match"] = []any{match}
	}
	c.fault(r, route)
	if r.Timeout > 0 {
		route["timeout"] = r.Timeout.String()
	}
	retries(r, route, notes)
	var mirrors []any
	for _, m := range r.Mirrors {
		mirrors = append(mirrors, map[string]any{
			"destination": destination(h, m.Cluster), "percentage": value(m.Percent),
		})
	}
	if mirrors != nil {
		route["mirrors"] = mirrors
	}
	return route
}

func value(percent float64) map[string]any { return map[string]any{"value": percent} }

// destinations leave out weights of 0.
func destinations(h host, r mesh.Route) []any {
	var list []any
	for _, d := range r.Destinations {
		entry := map[string]any{"destination": destination(h, d.Cluster)}
		if len(r.Destinations) > 1 {
			entry["weight"] = d.Weight
		}
		if d.Weight > 0 {
			list = append(list, entry)
		}
	}
	if len(list) == 1 {
		delete(list[0].(map[string]any), "weight")
	}
	return list
}

func destination(h host, c mesh.Cluster) map[string]any {
	d := map[string]any{"host": c.Host}
	if c.Host == h.service.Host() {
		d["host"] = h.service.Name.Name
	}
	if len(c.Labels) > 0 {
		d["subset"] = subsetName(c.Labels)
	}
	return d
}

// subsetName is version-v2 for version: v2.
func subsetName(labels mesh.Labels) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, labels.String())
}

// match is one match with all conditions.
func (c *converter) match(r mesh.Route) map[string]any {
	match, headers := map[string]any{}, map[string]any{}
	for _, condition := range r.Match {
		text := stringMatch(condition)
		switch condition.Attribute {
		case mesh.Path:
			match["uri"] = text
		case mesh.Method:
			match["method"] = text
		case mesh.Authority:
			match["authority"] = text
		case mesh.Scheme:
			match["scheme"] = text
		default:
			headers[condition.Header] = text
		}
		if condition.Attribute != mesh.Header && condition.Compare == mesh.Present {
			c.refuse(r.From, "mere presence of %s cannot be asked", attributeOf(condition))
		}
	}
	if len(headers) > 0 {
		match["headers"] = headers
	}
	return match
}

func stringMatch(c mesh.Condition) map[string]any {
	switch c.Compare {
	case mesh.Exact:
		return map[string]any{"exact": c.Value}
	case mesh.Prefix:
		return map[string]any{"prefix": c.Value}
	case mesh.Regex:
		return map[string]any{"regex": c.Value}
	default:
		return map[string]any{}
	}
}

// fault is one for all destinations, or it cannot be said.
func (c *converter) fault(r mesh.Route, route map[string]any) {
	var hit []mesh.Fault
	first := true
	for _, d := range r.Destinations {
		if d.Weight == 0 {
			continue
		}
		if !first && !reflect.DeepEqual(d.Faults, hit) {
			c.refuse(r.From, "a fault on some of its destinations cannot be said")
			return
		}
		hit, first = d.Faults, false
	}
	if len(hit) == 0 {
		return
	}
	if len(hit) > 1 || len(hit[0].When) > 0 {
		c.refuse(hit[0].From, "it injects into route %s too, which cannot be said", r.From)
		return
	}
	fault := map[string]any{}
	if d := hit[0].Delay; d != nil {
		fault["delay"] = map[string]any{
			"fixedDelay": d.Time.String(), "percentage": value(d.Percent),
		}
	}
	if a := hit[0].Abort; a != nil {
		fault["abort"] = map[string]any{"httpStatus": a.Status, "percentage": value(a.Percent)}
	}
	route["fault"] = fault
}

func retries(r mesh.Route, route map[string]any, notes noteList) {
	if r.Retry == nil {
		notes.add("Today's sidecars retry twice, on another pod, what no pod has seen; " +
			"retries: {attempts: 0} would keep them from it.")
		return
	}
	retry := map[string]any{"attempts": r.Retry.Attempts, "retryOn": "5xx"}
	notes.add("What 2018 retried unasked, retryOn must name; and a pod that has failed is not " +
		"the first to be asked again.")
	if r.Retry.PerTry > 0 {
		retry["perTryTimeout"] = r.Retry.PerTry.String()
		if r.Timeout == 0 {
			notes.add("Istio 0.7.1 ignored perTryTimeout without httpReqTimeout; today it acts.")
		}
	}
	route["retries"] = retry
}

func seconds(d *time.Duration) any {
	if d == nil {
		return nil
	}
	return d.String()
}
