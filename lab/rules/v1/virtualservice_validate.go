package v1

import (
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
	if len(s.Hosts) == 0 {
		v.delegate(s)
	}
	v.hosts(s)
	if len(s.Http)+len(s.Tls)+len(s.Tcp) == 0 {
		v.Fail("spec.http", "missing: without routes it does nothing; want http, tls or tcp")
	}
	for i, route := range s.Http {
		v.httpRoute(rules.At("spec.http", i), route)
	}
	v.claimRoutes(s)
	v.connections(s)
	v.exportTo(s.ExportTo)
	if len(v.Errs) == 0 {
		v.unreachable(s.Http)
		unreachableConnections(v, "spec.tcp", tcpMatches(s))
		unreachableConnections(v, "spec.tls", tlsMatches(s))
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
	v.direct(path+".directResponse", r.DirectResponse)
	v.cors(path+".corsPolicy", r.CorsPolicy)
	v.redirect(path+".redirect", r.Redirect)
	v.rewrite(path+".rewrite", r.Rewrite)
	v.changes(path+".headers", r.Headers)
	v.oneHost(path, r.Rewrite, r.Headers)
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
	if r.Delegate != nil {
		v.delegating(path, r)
		return
	}
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

const largeBody = 100 << 10

func (v *validator) direct(path string, d *networking.HTTPDirectResponse) {
	if d == nil {
		return
	}
	v.Status(path+".status", int(d.Status))
	body := d.GetBody().GetString_() + string(d.GetBody().GetBytes())
	if v.Body(path+".body", body); len(body) > largeBody {
		v.schemaWarning(path+".body", "large direct_responses may impact control plane performance")
	}
}

func (v *validator) destinations(path string, list []*networking.HTTPRouteDestination) {
	weights := make([]int32, len(list))
	for i, d := range list {
		weights[i] = d.Weight
		v.destination(rules.At(path, i)+".destination", d.Destination)
		v.changes(rules.At(path, i)+".headers", d.Headers)
	}
	v.weights(path, weights)
}

func (v *validator) destination(path string, d *networking.Destination) {
	if d.Host == "*" {
		v.Fail(path+".host", "* is not a destination")
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
		v.Fail(path, "%q is not the name of a subset", name)
	}
}

func (v *validator) match(path string, m *networking.HTTPMatchRequest) {
	if m.Port > 65535 {
		v.Port(path+".port", int(m.Port))
	}
	v.labels(path+".sourceLabels", m.SourceLabels)
	v.gateways(path+".gateways", m.Gateways)
	v.headers(path+".headers", m.Headers, false)
	v.headers(path+".withoutHeaders", m.WithoutHeaders, true)
	for _, name := range sortedKeys(m.QueryParams) {
		field := document.Join(path+".queryParams", name)
		v.QueryName(field, name)
		v.text(field, m.QueryParams[name])
	}
	v.regex(path+".uri", m.Uri)
	v.text(path+".method", m.Method)
	v.text(path+".scheme", m.Scheme)
	v.text(path+".authority", m.Authority)
	if m.SourceNamespace != "" && !isLabel(m.SourceNamespace) {
		v.Fail(path+".sourceNamespace", "%q is not a namespace", m.SourceNamespace)
	}
	if len(m.Gateways) > 0 && (len(m.SourceLabels) > 0 || m.SourceNamespace != "") {
		v.Warn(path+".gateways", "", "%s names gateways: the caller is not looked at, so sourceLabels "+
			"and sourceNamespace never act", path)
	}
}

// headers takes * as a regular expression where anything may be meant by it.
func (v *validator) headers(path string, headers map[string]*networking.StringMatch, mayBeAny bool) {
	for _, name := range sortedKeys(headers) {
		field := document.Join(path, name)
		switch {
		case name == "":
			v.Fail(path, "a header's name must not be empty")
		case claimsRouted(name) != nil:
		case slices.Contains([]string{":method", ":scheme", ":authority", ":path", ":status"}, name):
		default:
			v.HeaderName(field, name)
		}
		if !mayBeAny || headers[name].GetRegex() != anyValue {
			v.text(field, headers[name])
		}
	}
}

const longestRegex = 1024

// text takes nothing too: whatever the value, it is there.
func (v *validator) text(path string, m *networking.StringMatch) {
	if p, ok := m.GetMatchType().(*networking.StringMatch_Prefix); ok {
		v.Prefix(path+".prefix", p.Prefix)
	}
	v.regex(path, m)
}

func (v *validator) regex(path string, m *networking.StringMatch) {
	r, ok := m.GetMatchType().(*networking.StringMatch_Regex)
	if !ok {
		return
	}
	v.shortRegex(path+".regex", r.Regex)
}

func (v *validator) shortRegex(path, text string) {
	v.Regex(path, text)
	if len(text) > longestRegex {
		v.Fail(path, "longer than %d characters", longestRegex)
	}
}

func (v *validator) retries(path string, r *networking.HTTPRetry) {
	if r == nil {
		return
	}
	v.NotNegative(path+".attempts", r.Attempts)
	if r.RetryRemoteLocalities.GetValue() {
		v.Warn(path+".retryRemoteLocalities", "", "%s.retryRemoteLocalities has no effect in the lab: "+
			"all of its pods are in one zone", path)
	}
	if r.Attempts == 0 && (r.RetryOn != "" || r.PerTryTimeout != nil || r.RetryRemoteLocalities != nil) {
		v.Fail(path+".attempts", "0 retries nothing, so nothing else can be set")
	}
	for _, on := range strings.Split(r.RetryOn, ",") {
		if r.RetryOn != "" && !isRetryOn(on) {
			v.Fail(path+".retryOn", "%q is not a condition to retry on", on)
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

// gateways takes NAME and NAMESPACE/NAME.
func (v *validator) gateways(path string, list []string) {
	for i, name := range list {
		namespace, rest, limited := strings.Cut(name, "/")
		if !limited {
			rest = namespace
		} else if !isLabel(namespace) {
			v.Fail(rules.At(path, i), "%q is not a namespace", namespace)
		}
		if limited && !isLabel(rest) || !isFullName(strings.TrimSuffix(rest, ".")) { // a dot may end a name of DNS
			v.Fail(rules.At(path, i), "%s is not the name of a gateway", rules.Quote(rest))
		}
	}
}

// isFullName reports whether a text could be a whole name of DNS, as Istio has it: the last part of one is
// no number.
func isFullName(name string) bool {
	parts := strings.Split(strings.ToLower(name), ".")
	return !slices.ContainsFunc(parts, func(part string) bool { return !isLabel(part) }) &&
		strings.Trim(parts[len(parts)-1], "0123456789") != "" && len(name) <= validation.DNS1123SubdomainMaxLength
}
