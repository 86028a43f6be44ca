package gatewayapi

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/rules"
)

func (v *validator) subdomain(path, name string) {
	for _, text := range validation.IsDNS1123Subdomain(name) {
		v.Fail(path, "%q: %s", name, text)
	}
}

func (v *validator) hostname(path, name string) {
	v.subdomain(path, strings.TrimPrefix(name, "*."))
}

// most are the lengths of lists that the API server takes.
const (
	mostRules   = 16
	mostMatches = 64
	mostOthers  = 16
	mostHeader  = 4096
	mostWeight  = 1_000_000
)

func (v *validator) atMost(path string, have, most int) {
	if have > most {
		v.Fail(path, "%d are more than %d", have, most)
	}
}

func (v *validator) httpRoute(r *gateway.HTTPRouteSpec) {
	v.Refuse("spec.useDefaultGateways", r.UseDefaultGateways)
	v.parents(r.ParentRefs)
	for i, h := range r.Hostnames {
		v.hostname(rules.At("spec.hostnames", i), string(h))
	}
	v.atMost("spec.rules", len(r.Rules), mostRules)
	for i, rule := range r.Rules {
		v.rule(rules.At("spec.rules", i), rule)
	}
}

func (v *validator) parents(list []gateway.ParentReference) {
	key := func(p gateway.ParentReference) string {
		return fmt.Sprint(or(p.Group, Group), or(p.Kind, gatewayKind), or(p.Namespace, ""), p.Name,
			or(p.SectionName, ""), or(p.Port, 0))
	}
	for i, p := range list {
		path := rules.At("spec.parentRefs", i)
		v.Required(path+".name", p.Name)
		group, kind := string(or(p.Group, Group)), string(or(p.Kind, gatewayKind))
		switch group + "/" + kind {
		case "/" + serviceKind, Group + "/" + gatewayKind:
		default:
			v.Fail(path+".kind", "%s of group %q: not supported by the lab", kind, group)
		}
		if p.Port != nil {
			v.Port(path+".port", int(*p.Port))
		}
		v.Refuse(path+".sectionName", p.SectionName)
		if slices.ContainsFunc(list[:i], func(q gateway.ParentReference) bool {
			return key(q) == key(p)
		}) {
			v.Fail(path, "the same parent twice")
		}
	}
}

func (v *validator) rule(path string, r gateway.HTTPRouteRule) {
	if r.Name != nil {
		v.subdomain(path+".name", string(*r.Name))
	}
	v.atMost(path+".matches", len(r.Matches), mostMatches)
	for i, m := range r.Matches {
		v.match(rules.At(path+".matches", i), m)
	}
	v.filters(path, r)
	v.atMost(path+".backendRefs", len(r.BackendRefs), mostOthers)
	for i, b := range r.BackendRefs {
		field := rules.At(path+".backendRefs", i)
		v.backend(field, b.BackendObjectReference)
		v.Within(field+".weight", int(or(b.Weight, 1)), 0, mostWeight)
		v.Refuse(field+".filters", b.Filters)
	}
	v.timeouts(path+".timeouts", r.Timeouts)
	v.retry(path+".retry", r.Retry)
	v.Refuse(path+".sessionPersistence", r.SessionPersistence)
}

func (v *validator) backend(path string, b gateway.BackendObjectReference) {
	v.Required(path+".name", b.Name)
	switch {
	case or(b.Group, "") != "" || or(b.Kind, serviceKind) != serviceKind:
		v.Fail(path+".kind", "%s: not supported by the lab; want %s", or(b.Kind, ""), serviceKind)
	case b.Port == nil:
		v.Fail(path+".port", "missing")
	default:
		v.Port(path+".port", int(*b.Port))
	}
}

func (v *validator) match(path string, m gateway.HTTPRouteMatch) {
	if m.Path != nil {
		v.path(path+".path", *m.Path)
	}
	v.atMost(path+".headers", len(m.Headers), mostOthers)
	headers, queries := map[string]bool{}, map[string]bool{}
	for i, h := range m.Headers {
		field := rules.At(path+".headers", i)
		v.named(field, string(h.Name), h.Value, headers)
		v.text(field, string(or(h.Type, gateway.HeaderMatchExact)), h.Value)
	}
	for i, q := range m.QueryParams {
		field := rules.At(path+".queryParams", i)
		v.named(field, string(q.Name), q.Value, queries)
		v.QueryName(field+".name", string(q.Name))
		v.text(field, string(or(q.Type, gateway.QueryParamMatchExact)), q.Value)
	}
	if m.Method != nil {
		v.OneOf(path+".method", string(*m.Method), http.MethodGet, http.MethodHead,
			http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodConnect,
			http.MethodOptions, http.MethodTrace, http.MethodPatch)
	}
}

// named is a name, which those before have not, with a value.
func (v *validator) named(path, name, value string, before map[string]bool) {
	v.Once(path+".name", name, before)
	if !regexp.MustCompile("^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$").MatchString(name) {
		v.Fail(path+".name", "%q is no name", name)
	}
	if value == "" || len(value) > mostHeader {
		v.Fail(path+".value", "want 1 to %d characters", mostHeader)
	}
}

// text takes a regular expression only if Envoy would: else it would refuse every rule with it.
func (v *validator) text(path, how, value string) {
	v.OneOf(path+".type", how, "Exact", "RegularExpression")
	if how == "RegularExpression" {
		v.regex(path, value)
	}
}

func (v *validator) regex(path, value string) {
	v.Regex(path+".value", value)
}

func (v *validator) path(path string, m gateway.HTTPPathMatch) {
	how, value := string(or(m.Type, gateway.PathMatchPathPrefix)), or(m.Value, "/")
	v.OneOf(path+".type", how, "Exact", "PathPrefix", "RegularExpression")
	if how == "RegularExpression" {
		v.regex(path, value)
		return
	}
	if !strings.HasPrefix(value, "/") {
		v.Fail(path+".value", "%q does not begin with /", value)
	}
	for _, part := range []string{"//", "/./", "/../", "%2f", "%2F", "#"} {
		if strings.Contains(value, part) {
			v.Fail(path+".value", "must not contain %s", part)
		}
	}
	if !regexp.MustCompile(`^([-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$`).MatchString(value) {
		v.Fail(path+".value", "%s: a path has letters, digits, -/._~!$&'()*+,;=:@ and %%XX alone", rules.Quote(value))
	}
	if strings.HasSuffix(value, "/.") || strings.HasSuffix(value, "/..") {
		v.Fail(path+".value", "must not end in /. or /..")
	}
}

func (v *validator) mirror(path string, m gateway.HTTPRequestMirrorFilter) {
	v.backend(path+".backendRef", m.BackendRef)
	if m.Percent != nil && m.Fraction != nil {
		v.Fail(path, "percent and fraction exclude each other")
	}
	v.Within(path+".percent", int(or(m.Percent, 0)), 0, 100)
	if f := m.Fraction; f != nil {
		if d := or(f.Denominator, 100); f.Numerator < 0 || d < 1 || f.Numerator > d {
			v.Fail(path+".fraction", "%d of %d is no share", f.Numerator, d)
		}
	}
}

func (v *validator) duration(path string, d *gateway.Duration) time.Duration {
	if d == nil {
		return 0
	}
	if !regexp.MustCompile(`^([0-9]{1,5}(h|m|s|ms)){1,4}$`).MatchString(string(*d)) {
		v.Fail(path, "want a duration such as 1s, 500ms or 1m30s, not %q", *d)
	}
	parsed, _ := time.ParseDuration(string(*d))
	return parsed
}

func (v *validator) timeouts(path string, t *gateway.HTTPRouteTimeouts) {
	if t == nil {
		return
	}
	request := v.duration(path+".request", t.Request)
	backend := v.duration(path+".backendRequest", t.BackendRequest)
	if request > 0 && backend > request {
		v.Fail(path+".backendRequest", "%s is longer than request, %s", backend, request)
	}
}

func (v *validator) retry(path string, r *gateway.HTTPRouteRetry) {
	if r == nil {
		return
	}
	v.NotNegative(path+".attempts", int32(or(r.Attempts, 0)))
	for i, code := range r.Codes {
		v.Within(rules.At(path+".codes", i), int(code), 400, 599)
	}
	v.duration(path+".backoff", r.Backoff)
}
