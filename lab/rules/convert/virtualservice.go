package convert

import (
	"cmp"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
)

const (
	networkingV1 = "networking.istio.io/v1"
	defaultRoute = "default-route"
)

// ruling are the keys of the rules that made routes, each once.
func (h host) ruling() []string {
	var keys []string
	for _, clients := range h.routes {
		for _, r := range clients.has {
			if r.From != defaultRoute && !slices.Contains(keys, r.From) {
				keys = append(keys, r.From)
			}
		}
	}
	return keys
}

// virtualService has the routes of single clients first.
func (c *converter) virtualService(h host) {
	from := h.ruling()
	if len(from) == 0 {
		return
	}
	spec := &networking.VirtualService{Hosts: []string{h.service.Name.Name}}
	notes := noteList{turnNote: true}
	for i, clients := range h.routes {
		several := []chosen{{}}
		if i < len(h.routes)-1 {
			notes.add("Which client has which route is told by the labels of its pods.")
			several = c.choose(clients.workloads, from)
		}
		for _, s := range several {
			for _, r := range clients.has {
				spec.Http = append(spec.Http, c.httpRoute(h, r, s, notes))
			}
		}
	}
	c.add(kind{networkingV1, "VirtualService"}, h.service.Name, spec, from, notes.sorted()...)
}

func (c *converter) httpRoute(
	h host, r mesh.Route, clients chosen, notes noteList,
) *networking.HTTPRoute {
	route := &networking.HTTPRoute{Headers: added(r), CorsPolicy: corsPolicy(r.Cors), Rewrite: c.rewrite(r)}
	if r.Redirect != nil {
		route.Redirect = &networking.HTTPRedirect{Uri: r.Redirect.Path, Authority: r.Redirect.Host}
	} else {
		route.Route, route.Timeout = destinations(h, r), duration(r.Timeout)
		route.Retries, route.Fault = retries(r, notes), c.fault(r)
	}
	notes.websocket(r)
	if match := c.match(r, clients, notes); proto.Size(match) > 0 {
		route.Match = []*networking.HTTPMatchRequest{match}
	}
	for _, m := range mirrorsOf(r) {
		route.Mirrors = append(route.Mirrors, &networking.HTTPMirrorPolicy{
			Destination: destination(h, m.Cluster), Percentage: percent(m.Percent),
		})
		notes.add(mirrorNote)
	}
	return route
}

func percent(p float64) *networking.Percent { return &networking.Percent{Value: p} }

// chances are the destinations that are ever picked; of a single one the weight says nothing.
func chances(r mesh.Route) []mesh.Destination {
	list := slices.DeleteFunc(slices.Clone(r.Destinations), func(d mesh.Destination) bool {
		return d.Weight == 0
	})
	if len(list) == 1 {
		list[0].Weight = 0
	}
	return list
}

func destinations(h host, r mesh.Route) []*networking.HTTPRouteDestination {
	var list []*networking.HTTPRouteDestination
	for _, d := range chances(r) {
		list = append(list, &networking.HTTPRouteDestination{
			Destination: destination(h, d.Cluster), Weight: int32(d.Weight),
		})
	}
	return list
}

func destination(h host, c mesh.Cluster) *networking.Destination {
	d := &networking.Destination{Host: c.Host}
	if c.Host == h.service.Host() {
		d.Host = h.service.Name.Name
	}
	if len(c.Labels) > 0 {
		d.Subset = subsetName(c.Labels)
	}
	return d
}

// match is one match with all conditions.
func (c *converter) match(
	r mesh.Route, clients chosen, notes noteList,
) *networking.HTTPMatchRequest {
	m := &networking.HTTPMatchRequest{SourceLabels: clients.labels}
	if len(clients.labels) > 0 && c.isElsewhere(clients) {
		m.SourceNamespace = clients.workloads[0].Namespace
	}
	headers := map[string]*networking.StringMatch{}
	for _, condition := range r.Match {
		expression(condition, notes)
		text := stringMatch(condition)
		attribute := map[mesh.Attribute]**networking.StringMatch{
			mesh.Path: &m.Uri, mesh.Method: &m.Method, mesh.Authority: &m.Authority, mesh.Scheme: &m.Scheme,
		}[condition.Attribute]
		switch {
		case attribute == nil:
			headers[condition.Header] = text
		case text.MatchType == nil:
			c.refuse(r.From, "mere presence of %s cannot be asked", attributeOf(condition))
		default:
			*attribute = text
		}
	}
	m.Headers = headers
	return m
}

// expression says what became of regular expressions.
func expression(condition mesh.Condition, notes noteList) {
	if condition.Compare != mesh.Regex {
		return
	}
	notes.add("Regular expressions are RE2's, no longer ECMAScript's; as in 2018, they must match " +
		"the whole value.")
}

// stringMatch takes an empty prefix, which every value has, for mere presence.
func stringMatch(c mesh.Condition) *networking.StringMatch {
	m := &networking.StringMatch{}
	switch {
	case c.Compare == mesh.Exact:
		m.MatchType = &networking.StringMatch_Exact{Exact: c.Value}
	case c.Compare == mesh.Regex:
		m.MatchType = &networking.StringMatch_Regex{Regex: c.Value}
	case c.Compare == mesh.Prefix && c.Value != "":
		m.MatchType = &networking.StringMatch_Prefix{Prefix: c.Value}
	}
	return m
}

func attributeOf(c mesh.Condition) string {
	return cmp.Or(map[mesh.Attribute]string{
		mesh.Path: "the path", mesh.Method: "the method", mesh.Authority: "the authority",
		mesh.Scheme: "the scheme",
	}[c.Attribute], "header "+c.Header)
}

// fault is one for all destinations, or it cannot be said.
func (c *converter) fault(r mesh.Route) *networking.HTTPFaultInjection {
	list := chances(r)
	hit := list[0].Faults
	for _, d := range list[1:] {
		if !reflect.DeepEqual(d.Faults, hit) {
			c.refuse(r.From, "a fault on some of its destinations cannot be said")
			return nil
		}
	}
	switch {
	case len(hit) == 0:
		return nil
	case len(hit) > 1 || len(hit[0].When) > 0:
		c.refuse(hit[0].From, "it injects into route %s too, which cannot be said", c.name(r.From))
	}
	fault := &networking.HTTPFaultInjection{}
	if d := hit[0].Delay; d != nil {
		fault.Delay = &networking.HTTPFaultInjection_Delay{
			HttpDelayType: &networking.HTTPFaultInjection_Delay_FixedDelay{
				FixedDelay: duration(d.Time),
			},
			Percentage: percent(d.Percent),
		}
	}
	if a := hit[0].Abort; a != nil {
		fault.Abort = &networking.HTTPFaultInjection_Abort{
			ErrorType: &networking.HTTPFaultInjection_Abort_HttpStatus{
				HttpStatus: int32(a.Status),
			},
			Percentage: percent(a.Percent),
		}
	}
	return fault
}

func retries(r mesh.Route, notes noteList) *networking.HTTPRetry {
	if r.Retry == nil {
		notes.add("Today's sidecars retry twice, on another pod, what no pod has seen; " +
			"retries: {attempts: 0} would keep them from it.")
		return nil
	}
	notes.add("What 2018 retried unasked, retryOn must name; and a pod that has failed is not " +
		"the first to be asked again.")
	notes.perTry(r)
	return &networking.HTTPRetry{
		Attempts: int32(r.Retry.Attempts), PerTryTimeout: duration(r.Retry.PerTry), RetryOn: "5xx",
	}
}
