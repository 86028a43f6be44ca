package v1

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

const (
	defaultRetryOn  = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
	defaultAttempts = 2
	statusCodes     = "retriable-status-codes"
	backoffBase     = 25 * time.Millisecond
	backoffFactor   = 10 // of the base, is the longest
)

// virtualService is a rule's routes for a client and port, up to the first without condition.
func (r *resolver) virtualService(
	c client, rule virtualService, port int,
) []Route {
	var routes []Route
	for i, spec := range rule.Spec.Http {
		matches := spec.Match
		if len(matches) == 0 {
			matches = []*networking.HTTPMatchRequest{{}}
		}
		for _, m := range matches {
			if !c.isFor(m, rule, port) {
				continue
			}
			route := httpRoute(rule.Rule, spec, r.portOf(c, port))
			route.Match, route.StatPrefix = conditions(m), m.StatPrefix
			route.Source.Rule, route.Source.Name = i, nameOf(spec, m)
			route.Part = r.partOf(rule, spec)
			routes = append(routes, route)
			if len(route.Match) == 0 {
				return routes
			}
		}
	}
	return routes
}

// partOf is a route's field in its rule as it was written; "" where a delegate has a part in it.
func (r *resolver) partOf(rule virtualService, spec *networking.HTTPRoute) string {
	for _, w := range r.written {
		if i := slices.Index(w.Spec.Http, spec); i >= 0 && w.Key == rule.Key {
			return rules.At("spec.http", i)
		}
	}
	return ""
}

func nameOf(r *networking.HTTPRoute, m *networking.HTTPMatchRequest) string {
	if m.Name == "" {
		return r.Name
	}
	return r.Name + "." + m.Name
}

// isFor reports whether a match of a rule that is for a client's proxy is for it and for a port,
// too. Who calls counts only where the match names no gateways.
func (c client) isFor(
	m *networking.HTTPMatchRequest, rule virtualService, port int,
) bool {
	if m.Port != 0 && int(m.Port) != port {
		return false
	}
	if len(m.Gateways) > 0 {
		return c.boundTo(m.Gateways, rule.Key.Namespace)
	}
	return (m.SourceNamespace == "" || m.SourceNamespace == c.Namespace) && c.Labels.Has(m.SourceLabels)
}

// portOf is the port of a destination that names none: the one that was called or, of a gateway,
// the only one that the service has.
func (r *resolver) portOf(c client, called int) func(host string) int {
	return func(host string) int {
		s, _ := r.topology.ServiceAt(host)
		if c.gateway != "" && len(s.Ports) == 1 {
			return s.Ports[0].Number
		}
		return called
	}
}

func httpRoute(rule *rules.Rule, spec *networking.HTTPRoute, port func(host string) int) Route {
	route := Route{fault: faultOf(rule.Key.Path(), spec.Fault)}
	route.Source.Backoff = spec.GetRetries().GetBackoff() != nil
	route.From = rule.Key.Path()
	changes, host := changesOf(spec.Headers)
	route.Headers = changes
	route.Cors = corsOf(spec.CorsPolicy)
	if spec.Redirect != nil {
		route.Redirect = redirectOf(spec.Redirect, port(""))
		return route
	}
	if d := spec.DirectResponse; d != nil {
		body := d.GetBody().GetString_() + string(d.GetBody().GetBytes())
		route.Direct = &mesh.Response{Status: int(d.Status), Body: body}
		return route
	}
	route.Timeout = spec.Timeout.AsDuration()
	route.Retry = NewRetry(spec.Retries)
	route.Mirrors = mirrors(rule, spec, port)
	route.Destinations = destinations(rule, spec, port, route.fault)
	if len(spec.Route) == 1 { // a change of the only destination is one of the route
		own, only := changesOf(spec.Route[0].Headers)
		route.Headers, host = together(changes, own), cmp.Or(host, only)
		route.Destinations[0].Headers, route.Destinations[0].RewriteHost = mesh.Headers{}, ""
	}
	route.Rewrite = rewriteOf(spec.Rewrite, host)
	return route
}

// destinations leave out those of weight 0.
func destinations(
	rule *rules.Rule, spec *networking.HTTPRoute, port func(host string) int, fault *mesh.Fault,
) []mesh.Destination {
	var list []mesh.Destination
	for _, d := range spec.Route {
		weight := int(d.Weight)
		if len(spec.Route) == 1 {
			weight = 100
		}
		if weight == 0 {
			continue
		}
		changes, host := changesOf(d.Headers)
		list = append(list, mesh.Destination{
			Cluster:     clusterOf(rule, d.Destination, port),
			Weight:      weight,
			Faults:      faults(fault),
			Headers:     changes,
			RewriteHost: host,
		})
	}
	return list
}

// clusterOf names instances by subset alone; which labels it has, the DestinationRules say.
func clusterOf(rule *rules.Rule, d *networking.Destination, port func(host string) int) mesh.Cluster {
	c := mesh.Cluster{Host: fullName(d.Host, rule.Key.Namespace), Subset: d.Subset}
	if c.Port = int(d.GetPort().GetNumber()); c.Port == 0 {
		c.Port = port(c.Host)
	}
	return c
}

func mirrors(rule *rules.Rule, spec *networking.HTTPRoute, port func(host string) int) []mesh.Mirror {
	var list []mesh.Mirror
	add := func(d *networking.Destination, percent float64) {
		if percent > 0 {
			list = append(list, mesh.Mirror{Cluster: clusterOf(rule, d, port), Percent: percent})
		}
	}
	if spec.Mirror != nil {
		percent := 100.0
		if p := spec.MirrorPercent; p != nil { //nolint:staticcheck // deprecated, and in force
			percent = float64(p.Value)
		}
		add(spec.Mirror, percentOf(spec.MirrorPercentage, percent))
	}
	for _, m := range spec.Mirrors {
		add(m.Destination, percentOf(m.Percentage, 100))
	}
	return list
}

func percentOf(p *networking.Percent, otherwise float64) float64 {
	if p == nil {
		return otherwise
	}
	return p.Value
}

// NewRetry is the default one where a rule has none; nil where it says 0.
func NewRetry(r *networking.HTTPRetry) *mesh.Retry {
	out := &mesh.Retry{
		Attempts:    defaultAttempts,
		On:          strings.Split(defaultRetryOn, ","),
		OtherHosts:  true,
		BackoffBase: backoffBase,
		BackoffMax:  backoffFactor * backoffBase,
	}
	if r == nil {
		return out
	}
	if r.Attempts == 0 {
		return nil
	}
	out.Attempts = int(r.Attempts)
	out.PerTry = r.PerTryTimeout.AsDuration()
	out.OtherHosts = r.RetryIgnorePreviousHosts == nil || r.RetryIgnorePreviousHosts.Value
	if r.Backoff != nil {
		out.BackoffBase = r.Backoff.AsDuration()
		out.BackoffMax = backoffFactor * out.BackoffBase
	}
	if r.RetryOn != "" {
		out.On, out.Statuses = retryOn(r.RetryOn)
	}
	return out
}

// retryOn tells Envoy's names from statuses, which have a name of their own.
func retryOn(text string) (names []string, statuses []int) {
	for _, on := range strings.Split(text, ",") {
		if code, err := strconv.Atoi(on); err == nil && http.StatusText(code) != "" {
			statuses = append(statuses, code)
		} else {
			names = append(names, on)
		}
	}
	if len(statuses) > 0 && !slices.Contains(names, statusCodes) {
		names = append(names, statusCodes)
	}
	return names, statuses
}

// faultOf is what a rule injects, shares of 0 included; nil if nothing.
func faultOf(from string, f *networking.HTTPFaultInjection) *mesh.Fault {
	if f == nil {
		return nil
	}
	out := &mesh.Fault{From: from}
	if d := f.Delay; d != nil && d.GetFixedDelay() != nil {
		percent := float64(uint32(d.GetPercent())) //nolint:staticcheck // deprecated, and in force
		out.Delay = &mesh.Delay{
			Percent: percentOf(d.Percentage, percent),
			Time:    d.GetFixedDelay().AsDuration(),
		}
	}
	if a := f.Abort; a.GetErrorType() != nil {
		out.Abort = &mesh.Abort{Percent: percentOf(a.Percentage, 0), Status: int(a.GetHttpStatus())}
		if code, ok := grpcCode(a.GetGrpcStatus()); ok {
			out.Abort.GRPC = &code
		}
	}
	return out
}

// grpcCode is the number of a status by its name, such as NOT_FOUND.
func grpcCode(name string) (number int, ok bool) {
	var code codes.Code
	err := code.UnmarshalJSON([]byte(strconv.Quote(name)))
	return int(code), err == nil
}

// faults are without shares of 0: nobody is hit.
func faults(f *mesh.Fault) []mesh.Fault {
	if f == nil {
		return nil
	}
	hit := *f
	if d := hit.Delay; d != nil && d.Percent == 0 {
		hit.Delay = nil
	} else if d != nil { // the deprecated percent may be more than all
		hit.Delay = &mesh.Delay{Percent: min(d.Percent, 100), Time: d.Time}
	}
	if hit.Abort != nil && hit.Abort.Percent == 0 {
		hit.Abort = nil
	}
	if hit.Delay == nil && hit.Abort == nil {
		return nil
	}
	return []mesh.Fault{hit}
}
