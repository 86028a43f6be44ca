package v1

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

func (v *validator) virtualService(s *networking.VirtualService) {
	v.gateways("spec.gateways", s.Gateways)
	v.hosts(s)
	if len(s.Http) == 0 {
		v.Fail("spec.http", "missing: without routes it does nothing")
	}
	for i, route := range s.Http {
		v.httpRoute(rules.At("spec.http", i), route)
	}
	v.exportTo(s.ExportTo)
	if len(v.Errs) == 0 {
		v.unreachable(s.Http)
	}
}

const meshGateway = "mesh"

func (v *validator) hosts(s *networking.VirtualService) {
	inMesh := len(s.Gateways) == 0 || slices.Contains(s.Gateways, meshGateway)
	for i, host := range s.Hosts {
		path := rules.At("spec.hosts", i)
		if host == "*" && inMesh {
			v.Fail(path, "* is not allowed for calls inside the mesh")
		}
		if !isIP(host) && !v.host(path, host) {
			continue
		}
		for _, before := range s.Hosts[:i] {
			if rules.Covers(host, before) || rules.Covers(before, host) {
				v.Fail(path, "duplicate hosts: %s and %s", before, host)
			}
		}
	}
}

func isIP(s string) bool { return len(validation.IsValidIP(nil, s)) == 0 }

func (v *validator) httpRoute(path string, r *networking.HTTPRoute) {
	v.exclusive(path, r)
	if r.DirectResponse != nil {
		v.Status(path+".directResponse.status", int(r.DirectResponse.Status))
		v.Body(path+".directResponse.body.string", r.DirectResponse.GetBody().GetString_())
	}
	v.redirect(path+".redirect", r.Redirect)
	v.rewrite(path+".rewrite", r.Rewrite)
	v.changes(path+".headers", r.Headers)
	v.destinations(path+".route", r.Route)
	for i, m := range r.Match {
		v.match(rules.At(path+".match", i), m)
	}
	v.fault(path+".fault", r.Fault)
	v.retries(path+".retries", r.Retries)
	v.mirrors(path, r)
}

// exclusive takes one end of a route.
func (v *validator) exclusive(path string, r *networking.HTTPRoute) {
	parts := map[string]bool{
		"route": len(r.Route) > 0, "fault": r.Fault != nil, "rewrite": r.Rewrite != nil,
		"directResponse": r.DirectResponse != nil,
	}
	if !parts["route"] && !parts["directResponse"] && r.Redirect == nil {
		v.Fail(path, "want a route, a redirect or a directResponse")
	}
	end := "directResponse"
	if r.Redirect != nil {
		end = "redirect"
	} else if r.DirectResponse == nil {
		return
	}
	for _, name := range sortedKeys(parts) {
		if parts[name] && name != end {
			v.Fail(path+"."+name, "%s and %s exclude each other", name, end)
		}
	}
}

func (v *validator) destinations(path string, list []*networking.HTTPRouteDestination) {
	var total int64
	for i, d := range list {
		total += int64(d.Weight)
		v.NotNegative(rules.At(path, i)+".weight", d.Weight)
		v.destination(rules.At(path, i)+".destination", d.Destination)
		v.changes(rules.At(path, i)+".headers", d.Headers)
	}
	switch {
	case len(list) > 1 && total == 0:
		v.Fail(path, "the weights total 0")
	case total > 1<<32-1:
		v.Fail(path, "the weights total %d, which Envoy refuses", total)
	case len(list) > 1 && total != 100:
		v.Warn(path, "", "%s: the weights total %d, not 100: they are shares of that", path, total)
	}
}

func (v *validator) destination(path string, d *networking.Destination) {
	if d.Host == "*" {
		v.Fail(path+".host", "* is no destination")
	} else {
		v.host(path+".host", d.Host)
	}
	v.subset(path+".subset", d.Subset)
	if d.Port != nil {
		v.Port(path+".port.number", int(d.Port.Number))
	}
}

func (v *validator) subset(path, name string) {
	if name != "" && !isLabel(name) {
		v.Fail(path, "%q is no name of a subset", name)
	}
}

func (v *validator) match(path string, m *networking.HTTPMatchRequest) {
	if m.Port > 65535 {
		v.Port(path+".port", int(m.Port))
	}
	v.labels(path+".sourceLabels", m.SourceLabels)
	v.gateways(path+".gateways", m.Gateways)
	v.headers(path+".headers", m.Headers)
	v.headers(path+".withoutHeaders", m.WithoutHeaders)
	for _, name := range sortedKeys(m.QueryParams) {
		field := document.Join(path+".queryParams", name)
		v.QueryName(field, name)
		v.text(field, m.QueryParams[name])
	}
	v.regex(path+".uri", m.Uri)
	v.text(path+".method", m.Method)
	v.text(path+".scheme", m.Scheme)
	v.text(path+".authority", m.Authority)
}

func (v *validator) headers(path string, headers map[string]*networking.StringMatch) {
	for _, name := range sortedKeys(headers) {
		field := document.Join(path, name)
		switch {
		case name == "":
			v.Fail(path, "a header's name must not be empty")
		case strings.HasPrefix(name, "@request.auth.claims"):
			v.Fail(field, "claims of a token can be matched at gateways alone")
		default:
			v.HeaderName(field, strings.TrimPrefix(name, ":"))
		}
		if headers[name].GetMatchType() != nil { // else the header is there
			v.text(field, headers[name])
		}
	}
}

const longestRegex = 1024

// text takes no empty prefix: Envoy takes that for the path alone.
func (v *validator) text(path string, m *networking.StringMatch) {
	if p, ok := m.GetMatchType().(*networking.StringMatch_Prefix); ok {
		v.Prefix(path+".prefix", p.Prefix)
	}
	v.regex(path, m)
}

func (v *validator) regex(path string, m *networking.StringMatch) {
	if m == nil {
		return
	}
	switch m := m.MatchType.(type) {
	case nil:
		v.Fail(path, "want exact, prefix or regex")
	case *networking.StringMatch_Regex:
		v.Regex(path+".regex", m.Regex)
		if len(m.Regex) > longestRegex {
			v.Fail(path+".regex", "longer than %d characters", longestRegex)
		}
	}
}

func (v *validator) fault(path string, f *networking.HTTPFaultInjection) {
	if f == nil {
		return
	}
	if f.Abort == nil && f.Delay == nil {
		v.Fail(path, "want an abort, a delay or both")
	}
	if a := f.Abort; a != nil {
		v.percentage(path+".abort.percentage", a.Percentage)
		if status, ok := a.ErrorType.(*networking.HTTPFaultInjection_Abort_HttpStatus); ok {
			v.Status(path+".abort.httpStatus", int(status.HttpStatus))
		}
	}
	if d := f.Delay; d != nil {
		v.percentage(path+".delay.percentage", d.Percentage)
		if d.GetPercent() != 0 { //nolint:staticcheck // the field is deprecated, and accepted
			v.Warn(path+".delay.percent", rules.Deprecated,
				"Deprecated: HTTPRoute.fault.delay.percent is deprecated; "+
					"use HTTPRoute.fault.delay.percentage.value")
		}
	}
}

func (v *validator) percentage(path string, p *networking.Percent) {
	if n := p.GetValue(); n != 0 && (n < 0.0001 || n > 100) {
		v.Fail(path+".value", "%v is neither 0 nor in 0.0001-100", n)
	}
}

func (v *validator) retries(path string, r *networking.HTTPRetry) {
	if r == nil {
		return
	}
	v.NotNegative(path+".attempts", r.Attempts)
	if r.Attempts == 0 && (r.RetryOn != "" || r.PerTryTimeout != nil) {
		v.Fail(path+".attempts", "0 retries nothing, so nothing else can be set")
	}
	for _, on := range strings.Split(r.RetryOn, ",") {
		if r.RetryOn != "" && !isRetryOn(on) {
			v.Fail(path+".retryOn", "%q is no condition to retry on", on)
		}
	}
}

func isRetryOn(on string) bool {
	if code, err := strconv.Atoi(on); err == nil {
		return http.StatusText(code) != ""
	}
	return slices.Contains([]string{
		"5xx", "gateway-error", "reset", "reset-before-request", "connect-failure",
		"retriable-4xx", "refused-stream", "retriable-status-codes", "retriable-headers",
		"envoy-ratelimited", "http3-post-connect-failure", "cancelled", "deadline-exceeded",
		"internal", "resource-exhausted", "unavailable",
	}, on)
}

func (v *validator) mirrors(path string, r *networking.HTTPRoute) {
	if r.Mirror != nil && len(r.Mirrors) > 0 {
		v.Fail(path+".mirrors", "mirror and mirrors exclude each other")
	}
	if r.Mirror != nil {
		v.destination(path+".mirror", r.Mirror)
	}
	v.share(path+".mirrorPercentage.value", r.MirrorPercentage)
	if p := r.MirrorPercent; p.GetValue() > 100 { //nolint:staticcheck // deprecated, and accepted
		v.Fail(path+".mirrorPercent", "%d is more than 100", p.GetValue())
	}
	for i, m := range r.Mirrors {
		at := rules.At(path+".mirrors", i)
		v.destination(at+".destination", m.Destination)
		v.share(at+".percentage.value", m.Percentage)
	}
}

func (v *validator) share(path string, p *networking.Percent) {
	if n := p.GetValue(); n < 0 || n > 100 {
		v.Fail(path, "%v is not in 0-100", n)
	}
}

// unreachable warns of routes that no request reaches, in istioctl's words.
func (v *validator) unreachable(routes []*networking.HTTPRoute) {
	seen := map[string]int{}
	everything := -1
	for i, r := range routes {
		switch {
		case len(r.Match) == 0 && everything >= 0:
			v.unused(routes, i, "only the last rule can have no matches")
		case everything >= 0:
			v.unused(routes, i, "route without matches defined before")
		}
		if len(r.Match) == 0 {
			everything = max(everything, i)
			continue
		}
		v.repeated(routes, i, seen)
	}
}

func (v *validator) repeated(routes []*networking.HTTPRoute, i int, seen map[string]int) {
	repeated := 0
	for j, m := range routes[i].Match {
		first, ok := seen[m.String()]
		if !ok {
			seen[m.String()] = i
			continue
		}
		repeated++
		v.Warn(rules.At(rules.At("spec.http", i)+".match", j), rules.IneffectiveMatch,
			"VirtualService rule %s match %s is not used (duplicate/overlapping match in rule %s).",
			routeName(routes[i], i), quotedOr(m.Name, j), routeName(routes[first], first))
		v.Warnings[len(v.Warnings)-1].Level = rules.Info
	}
	if repeated == len(routes[i].Match) {
		v.unused(routes, i, "all matches used by prior rules")
	}
}

func (v *validator) unused(routes []*networking.HTTPRoute, i int, reason string) {
	v.Warn(rules.At("spec.http", i), rules.UnreachableRule, "VirtualService rule %s not used (%s).",
		routeName(routes[i], i), reason)
}

func routeName(r *networking.HTTPRoute, i int) string { return quotedOr(r.Name, i) }

func quotedOr(name string, i int) string {
	if name == "" {
		return "#" + strconv.Itoa(i)
	}
	return fmt.Sprintf("%q", name)
}

// gateways takes NAME and NAMESPACE/NAME.
func (v *validator) gateways(path string, list []string) {
	for i, name := range list {
		namespace, rest, limited := strings.Cut(name, "/")
		if !limited {
			rest = namespace
		} else if !isLabel(namespace) {
			v.Fail(rules.At(path, i), "%q is no namespace", namespace)
		}
		for _, text := range validation.IsDNS1123Subdomain(rest) {
			v.Fail(rules.At(path, i), "%q is no name of a gateway: %s", rest, text)
		}
	}
}
