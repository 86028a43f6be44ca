package convert

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
)

const (
	networking   = "networking.istio.io/v1"
	defaultRoute = "default-route"
)

// ruled tells whether a rule made any of the routes.
func (h host) ruled() bool {
	return slices.ContainsFunc(h.routes.all(), func(routes []mesh.Route) bool {
		return slices.ContainsFunc(routes, func(r mesh.Route) bool { return r.From != defaultRoute })
	})
}

// virtualService has the routes of single clients first.
func (c *converter) virtualService(h host) {
	if !h.ruled() {
		return
	}
	var http []any
	notes := noteList{turnNote: true}
	for _, own := range h.routes.own {
		notes.add("Which client has which route is told by the labels of its pods.")
		for _, s := range c.choose(own.clients) {
			source := map[string]any{"sourceLabels": s.labels}
			if namespace := own.clients[0].Namespace; c.elsewhere(s.labels, namespace) {
				source["sourceNamespace"] = namespace
			}
			for _, r := range own.has {
				http = append(http, c.httpRoute(h, r, source, notes))
			}
		}
	}
	for _, r := range h.routes.common {
		http = append(http, c.httpRoute(h, r, nil, notes))
	}
	c.add(kind{networking, "VirtualService"}, h.service.Name,
		map[string]any{"hosts": []string{h.service.Name.Name}, "http": http}, notes.sorted()...)
}

// noteList is comments, each once.
type noteList map[string]bool

func (n noteList) add(text string) { n[text] = true }

func (n noteList) sorted() []string { return slices.Sorted(maps.Keys(n)) }

func (c *converter) httpRoute(
	h host, r mesh.Route, source map[string]any, notes noteList,
) map[string]any {
	route := map[string]any{"route": destinations(h, r)}
	match := c.match(r, notes)
	maps.Copy(match, source)
	if len(match) > 0 {
		route["match"] = []any{match}
	}
	c.fault(r, route)
	if r.Timeout > 0 {
		route["timeout"] = short(r.Timeout)
	}
	retries(r, route, notes)
	var mirrors []any
	for _, m := range r.Mirrors {
		mirrors = append(mirrors, map[string]any{
			"destination": destination(h, m.Cluster), "percentage": value(m.Percent),
		})
		notes.add("A mirrored request keeps its host; in 2018 it was HOST-shadow.")
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
func (c *converter) match(r mesh.Route, notes noteList) map[string]any {
	match, headers := map[string]any{}, map[string]any{}
	for _, condition := range r.Match {
		c.expression(r, condition, notes)
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

// expression refuses what today's proxies cannot read.
func (c *converter) expression(r mesh.Route, condition mesh.Condition, notes noteList) {
	if condition.Compare != mesh.Regex {
		return
	}
	notes.add("Regular expressions are RE2's, no longer ECMAScript's; as in 2018, they must match " +
		"the whole value.")
	if _, err := regexp.Compile(condition.Value); err != nil {
		c.refuse(r.From, "%s is no expression of RE2: %v", condition.Value, err)
	}
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
			"fixedDelay": short(d.Time), "percentage": value(d.Percent),
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
		retry["perTryTimeout"] = short(r.Retry.PerTry)
		if r.Timeout == 0 {
			notes.add("Istio 0.7.1 ignored perTryTimeout without httpReqTimeout; today it acts.")
		}
	}
	route["retries"] = retry
}

// short is a duration without the parts that are 0: 1m0s is 1m.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func seconds(d *time.Duration) any {
	if d == nil {
		return nil
	}
	return short(*d)
}
