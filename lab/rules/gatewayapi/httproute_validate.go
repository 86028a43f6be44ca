package gatewayapi

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/rules"
)

func (v *validator) subdomain(path, name string) {
	for _, text := range validation.IsDNS1123Subdomain(name) {
		v.Fail(path, "%q: %s", name, text)
	}
}

// short takes a name of another object, of which only the length is looked at.
func (v *validator) short(path, name string) {
	if len(name) > validation.DNS1123SubdomainMaxLength {
		v.Fail(path, "longer than %d characters", validation.DNS1123SubdomainMaxLength)
	}
}

// label takes the name of a namespace.
func (v *validator) label(path, name string) {
	for _, text := range validation.IsDNS1123Label(name) {
		v.Fail(path, "%q: %s", name, text)
	}
}

func (v *validator) hostname(path, name string) {
	v.subdomain(path, strings.TrimPrefix(name, "*."))
}

// most are the lengths of lists, and of texts, that the API server takes.
const (
	mostParents   = 32
	mostRules     = 16
	mostMatches   = 64
	mostOfAll     = 128 // matches of all rules
	mostListeners = 64
	mostOthers    = 16
	mostName      = 256
	mostHeader    = 4096
	mostQuery     = 1024
	mostPath      = 1024
	mostWeight    = 1_000_000
)

func (v *validator) atMost(path string, have, most int) {
	if have > most {
		v.Fail(path, "%d are more than %d", have, most)
	}
}

func (v *validator) httpRoute(r *gateway.HTTPRouteSpec) {
	if r.UseDefaultGateways != "" {
		v.OneOf("spec.useDefaultGateways", string(r.UseDefaultGateways), "All", "None")
	}
	v.parents(r.ParentRefs)
	v.atMost("spec.hostnames", len(r.Hostnames), mostOthers)
	for i, h := range r.Hostnames {
		v.hostname(rules.At("spec.hostnames", i), string(h))
	}
	if r.Rules != nil {
		v.Required("spec.rules", r.Rules)
	}
	v.atMost("spec.rules", len(r.Rules), mostRules)
	matches := 0
	for i, rule := range r.Rules {
		v.rule(rules.At("spec.rules", i), rule)
		matches += len(orOne(rule.Matches))
	}
	v.atMost("spec.rules, matches of all", matches, mostOfAll)
}

// parents takes one parent several times, if each has a port or a section of its own.
func (v *validator) parents(list []gateway.ParentReference) {
	v.atMost("spec.parentRefs", len(list), mostParents)
	for i, p := range list {
		path := rules.At("spec.parentRefs", i)
		v.Required(path+".name", p.Name)
		v.short(path+".name", string(p.Name))
		if p.Namespace != nil {
			v.label(path+".namespace", string(*p.Namespace))
		}
		problems := len(v.Errs)
		v.groupName(path+".group", or(p.Group, Group))
		v.kindName(path+".kind", or(p.Kind, gatewayKind))
		if len(v.Errs) == problems && !isGateway(p) && !isService(p) && !isEntry(p) {
			v.Fail(path+".kind", "%s of group %q: not supported by the lab",
				or(p.Kind, gatewayKind), or(p.Group, Group))
		}
		if p.Port != nil {
			v.Port(path+".port", int(*p.Port))
		}
		if p.SectionName != nil {
			v.subdomain(path+".sectionName", string(*p.SectionName))
		}
		for _, q := range list[:i] {
			if sameParent(p, q) {
				v.twoOfOne(path, p, q)
			}
		}
	}
}

// sameParent reports whether two references have one parent, whatever part of it.
func sameParent(p, q gateway.ParentReference) bool {
	return or(p.Group, Group) == or(q.Group, Group) && or(p.Kind, gatewayKind) == or(q.Kind, gatewayKind) &&
		or(p.Namespace, "") == or(q.Namespace, "") && p.Name == q.Name
}

// twoOfOne holds that two references to one parent differ.
func (v *validator) twoOfOne(path string, p, q gateway.ParentReference) {
	none := func(r gateway.ParentReference) bool { return r.SectionName == nil && r.Port == nil }
	switch {
	case none(p) || none(q):
		v.Fail(path, "the same parent twice: each needs a sectionName or a port")
	case or(p.SectionName, "") == or(q.SectionName, "") && or(p.Port, 0) == or(q.Port, 0):
		v.Fail(path, "the same parent twice, with the same sectionName and port")
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
		v.backendFilters(field+".filters", r, b.Filters)
	}
	v.timeouts(path+".timeouts", r.Timeouts)
	v.retry(path+".retry", r.Retry)
	v.session(path+".sessionPersistence", r.SessionPersistence)
}

func (v *validator) backend(path string, b gateway.BackendObjectReference) {
	v.Required(path+".name", b.Name)
	v.short(path+".name", string(b.Name))
	if b.Namespace != nil {
		v.label(path+".namespace", string(*b.Namespace))
	}
	isService := or(b.Group, "") == "" && or(b.Kind, serviceKind) == serviceKind
	switch {
	case !isService && !isHost(b):
		v.Fail(path+".kind", "%s of group %q: not supported by the lab; want %s", or(b.Kind, serviceKind),
			or(b.Group, ""), serviceKind)
	case isHost(b) && b.Namespace != nil:
		v.Fail(path+".namespace", "a %s is in no namespace", hostKind)
	case isHost(b): // any text; a host that nobody has is answered with 500
	}
	if b.Port == nil {
		v.Fail(path+".port", "missing")
	} else {
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
		v.named(field, string(h.Name), h.Value, mostHeader, headers)
		v.text(field, string(or(h.Type, gateway.HeaderMatchExact)), h.Value)
	}
	v.atMost(path+".queryParams", len(m.QueryParams), mostOthers)
	for i, q := range m.QueryParams {
		field := rules.At(path+".queryParams", i)
		v.named(field, string(q.Name), q.Value, mostQuery, queries)
		v.QueryName(field+".name", string(q.Name))
		v.text(field, string(or(q.Type, gateway.QueryParamMatchExact)), q.Value)
	}
	if m.Method != nil {
		v.OneOf(path+".method", string(*m.Method), httpMethods()...)
	}
}

func httpMethods() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace, http.MethodPatch,
	}
}

// named is a name, which those before have not, with a value.
func (v *validator) named(path, name, value string, most int, before map[string]bool) {
	v.Once(path+".name", name, before)
	v.token(path+".name", name)
	if value == "" || utf8.RuneCountInString(value) > most {
		v.Fail(path+".value", "want 1 to %d characters", most)
	}
}

// token is the name of a header.
func (v *validator) token(path, name string) {
	if len(name) > mostName || !regexp.MustCompile("^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$").MatchString(name) {
		v.Fail(path, "%q is not a name", name)
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
	v.atMost(path+".value, characters", utf8.RuneCountInString(value), mostPath)
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
	if !regexp.MustCompile(`^([-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$`).MatchString(value) {
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
		if !v.Doc.Says(path + ".fraction.numerator") {
			v.Fail(path+".fraction.numerator", "missing")
		}
		if d := or(f.Denominator, 100); f.Numerator < 0 || d < 1 || f.Numerator > d {
			v.Fail(path+".fraction", "%d of %d is not a share", f.Numerator, d)
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
	if r.Attempts != nil && *r.Attempts == 0 {
		v.Fail(path+".attempts", "0 is less than 1")
	}
	for i, code := range r.Codes {
		if slices.Contains(r.Codes[:i], code) {
			v.Fail(rules.At(path+".codes", i), "%d given twice", code)
		}
		v.Within(rules.At(path+".codes", i), int(code), 400, 599)
	}
	v.duration(path+".backoff", r.Backoff)
}

// session takes what the API server does; Istio does nothing of it.
func (v *validator) session(path string, s *gateway.SessionPersistence) {
	if s == nil {
		return
	}
	kind := or(s.Type, gateway.CookieBasedSessionPersistence)
	v.OneOf(path+".type", string(kind), "Cookie", "Header")
	v.atMost(path+".sessionName, characters", utf8.RuneCountInString(or(s.SessionName, "")), mostOfAll)
	v.duration(path+".absoluteTimeout", s.AbsoluteTimeout)
	v.duration(path+".idleTimeout", s.IdleTimeout)
	if s.CookieConfig == nil {
		return
	}
	lifetime := or(s.CookieConfig.LifetimeType, gateway.SessionCookieLifetimeType)
	v.OneOf(path+".cookieConfig.lifetimeType", string(lifetime), "Permanent", "Session")
	if kind != gateway.CookieBasedSessionPersistence {
		v.Fail(path+".cookieConfig", "only for type Cookie")
	}
	if lifetime == gateway.PermanentCookieLifetimeType && s.AbsoluteTimeout == nil {
		v.Fail(path+".absoluteTimeout", "missing: the cookie is Permanent")
	}
}
