package gatewayapi

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	v1 "istio-tutorial/lab/rules/v1"
)

// ranked is a route with what decides its place.
type ranked struct {
	route v1.Route
	match gateway.HTTPRouteMatch
}

// sorted puts the more specific match first, and cuts off what comes after a match of everything.
func (s scope) sorted(attached []httpRoute) []v1.Route {
	var list []ranked
	for _, r := range attached {
		for i, spec := range orOne(r.Spec.Rules) {
			for _, m := range orOne(spec.Matches) {
				list = append(list, ranked{s.route(r, i, spec, m), m})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int {
		return slices.Compare(weight(b.match), weight(a.match))
	})
	var routes []v1.Route
	for _, r := range list {
		routes = append(routes, r.route)
		if len(r.route.Match) == 0 {
			break
		}
	}
	return routes
}

// weight is Istio's order of matches: exact paths, prefixes, expressions; longer before shorter;
// then who has a method, more headers, more queries.
func weight(m gateway.HTTPRouteMatch) []int {
	how, path := pathOf(m)
	rank := map[gateway.PathMatchType]int{
		gateway.PathMatchExact: 3, gateway.PathMatchPathPrefix: 2,
		methodsOf: 2, gateway.PathMatchRegularExpression: 1, anyMethod: -1, withoutMatch: -2,
	}[how]
	method := 0
	if m.Method != nil {
		method = 1
	}
	return []int{rank, len(path), method, len(m.Headers), len(m.QueryParams)}
}

// pathOf is every path where a match has none, as the API server writes it.
func pathOf(m gateway.HTTPRouteMatch) (gateway.PathMatchType, string) {
	path := or(m.Path, gateway.HTTPPathMatch{})
	how, value := or(path.Type, gateway.PathMatchPathPrefix), or(path.Value, "/")
	if how == anyMethod || how == withoutMatch {
		return how, ""
	}
	if how == gateway.PathMatchPathPrefix {
		value = cmp.Or(strings.TrimSuffix(value, "/"), "/")
	}
	return how, value
}

func conditions(m gateway.HTTPRouteMatch) []mesh.Condition {
	var list []mesh.Condition
	switch how, path := pathOf(m); {
	case how == gateway.PathMatchExact:
		list = append(list, mesh.Condition{Compare: mesh.Exact, Value: path})
	case how == methodsOf:
		list = append(list, mesh.Condition{Compare: mesh.Prefix, Value: path})
	case how == gateway.PathMatchRegularExpression:
		list = append(list, mesh.Condition{Compare: mesh.Regex, Value: path})
	case how == gateway.PathMatchPathPrefix && path != "/":
		list = append(list, mesh.Condition{Compare: mesh.Segments, Value: path})
	}
	for _, h := range m.Headers {
		c := mesh.Condition{Attribute: mesh.Header, Header: strings.ToLower(string(h.Name))}
		list = append(list, compare(c, string(or(h.Type, "")), h.Value))
	}
	slices.SortStableFunc(list, func(a, b mesh.Condition) int {
		return cmp.Compare(a.Header, b.Header)
	})
	if m.Method != nil {
		c := mesh.Condition{Attribute: mesh.Method, Compare: mesh.Exact, Value: string(*m.Method)}
		list = append(list, c)
	}
	for _, q := range m.QueryParams {
		c := mesh.Condition{Attribute: mesh.Query, Header: string(q.Name)}
		list = append(list, compare(c, string(or(q.Type, "")), q.Value))
	}
	return list
}

func compare(c mesh.Condition, how, value string) mesh.Condition {
	c.Compare, c.Value = mesh.Exact, value
	if how == string(gateway.HeaderMatchRegularExpression) {
		c.Compare = mesh.Regex
	}
	return c
}

func (s scope) route(
	r httpRoute, i int, spec gateway.HTTPRouteRule, m gateway.HTTPRouteMatch,
) v1.Route {
	route := v1.Route{Source: v1.Source{
		Kind: r.Key.Kind, Name: string(or(spec.Name, "")), Rule: i,
		Backoff: spec.Retry != nil && spec.Retry.Backoff != nil,
	}}
	route.From, route.Part = r.Key.Path(), rules.At("spec.rules", i)
	route.Match = conditions(m)
	route.Destinations = s.destinations(r, spec.BackendRefs)
	if reshape(&route, spec.Filters, s.call.Port); route.Redirect != nil {
		return route
	}
	if len(route.Destinations) == 0 {
		route.Direct = &mesh.Response{Status: http.StatusInternalServerError}
		return route
	}
	route.Missing = http.StatusInternalServerError
	route.Mirrors = s.mirrors(r, spec.Filters)
	route.Timeout, route.Retry = tries(spec)
	return route
}

// destinations leave out those of weight 0.
func (s scope) destinations(r httpRoute, backends []gateway.HTTPBackendRef) []mesh.Destination {
	var list []mesh.Destination
	for _, b := range backends {
		if weight := int(or(b.Weight, 1)); weight > 0 {
			list = append(list, mesh.Destination{
				Cluster: s.cluster(r, b.BackendObjectReference), Weight: weight, Headers: headers(b.Filters),
			})
		}
	}
	if len(list) == 1 {
		list[0].Weight = 100
	}
	return list
}

// mirrors leave out what is not there.
func (s scope) mirrors(r httpRoute, filters []gateway.HTTPRouteFilter) []mesh.Mirror {
	var list []mesh.Mirror
	for _, f := range filters {
		m := f.RequestMirror
		if m == nil {
			continue
		}
		percent := float64(or(m.Percent, 100))
		if m.Fraction != nil {
			percent = float64(m.Fraction.Numerator) * 100 / float64(or(m.Fraction.Denominator, 100))
		}
		if c := s.cluster(r, m.BackendRef); percent > 0 && s.call.Known(c) {
			list = append(list, mesh.Mirror{Cluster: c, Percent: percent})
		}
	}
	return list
}

// alwaysRetried is what Istio adds to the codes of a rule.
const alwaysRetried = "connect-failure,refused-stream,unavailable,cancelled"

// tries are the time for all and the retries; backendRequest is each try's where there are any,
// else the time for all.
func tries(spec gateway.HTTPRouteRule) (time.Duration, *mesh.Retry) {
	timeouts := or(spec.Timeouts, gateway.HTTPRouteTimeouts{})
	request, backend := parsed(timeouts.Request), parsed(timeouts.BackendRequest)
	r := spec.Retry
	if r == nil {
		return cmp.Or(backend, request), v1.NewRetry(nil)
	}
	retry := &networking.HTTPRetry{RetryOn: alwaysRetried, Attempts: 2}
	for _, code := range r.Codes {
		retry.RetryOn += "," + strconv.Itoa(int(code))
	}
	if r.Attempts != nil {
		retry.Attempts = int32(*r.Attempts)
	}
	if r.Backoff != nil {
		retry.Backoff = durationpb.New(parsed(r.Backoff))
	}
	if backend > 0 {
		retry.PerTryTimeout = durationpb.New(backend)
	}
	return request, v1.NewRetry(retry)
}

func parsed(d *gateway.Duration) time.Duration {
	t, _ := time.ParseDuration(string(or(d, "0s")))
	return t
}
