package gatewayapi

import (
	"slices"
	"unicode/utf8"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/rules"
)

// filters holds each, and what of them exclude each other.
func (v *validator) filters(path string, r gateway.HTTPRouteRule) {
	seen := v.filterList(path+".filters", r, r.Filters)
	if seen[gateway.HTTPRouteFilterRequestRedirect] && len(r.BackendRefs) > 0 {
		v.Fail(path+".backendRefs", "RequestRedirect and backendRefs exclude each other")
	}
}

func (v *validator) filterList(
	path string, r gateway.HTTPRouteRule, list []gateway.HTTPRouteFilter,
) map[gateway.HTTPRouteFilterType]bool {
	v.atMost(path, len(list), mostOthers)
	seen := map[gateway.HTTPRouteFilterType]bool{}
	for i, f := range list {
		field := rules.At(path, i)
		v.filter(field, f)
		if seen[f.Type] && f.Type != gateway.HTTPRouteFilterRequestMirror {
			v.Fail(field+".type", "%s given twice", f.Type)
		}
		seen[f.Type] = true
		modifier := pathModifier(f)
		if modifier != nil && modifier.Type == gateway.PrefixMatchHTTPPathModifier && !byPrefix(r) {
			v.Fail(field, "replacePrefixMatch needs exactly one match, of a PathPrefix")
		}
	}
	if seen[gateway.HTTPRouteFilterRequestRedirect] && seen[gateway.HTTPRouteFilterURLRewrite] {
		v.Fail(path, "RequestRedirect and URLRewrite exclude each other")
	}
	return seen
}

// backendFilters are those of one backend, of which Istio knows changes of headers alone.
func (v *validator) backendFilters(
	path string, r gateway.HTTPRouteRule, list []gateway.HTTPRouteFilter,
) {
	v.filterList(path, r, list)
	for i, f := range list {
		switch f.Type {
		case gateway.HTTPRouteFilterRequestHeaderModifier, gateway.HTTPRouteFilterResponseHeaderModifier:
		default:
			v.Fail(rules.At(path, i)+".type", "%s of one backend: not supported by the lab, "+
				"nor by Istio", f.Type)
		}
	}
}

// byPrefix takes a match without a path, and no match, for the prefix /.
func byPrefix(r gateway.HTTPRouteRule) bool {
	if r.Matches != nil && len(r.Matches) == 0 {
		return false // where the list is there, the API server has no match come in its place
	}
	matches := orOne(r.Matches)
	how, _ := pathOf(matches[0])
	return len(matches) == 1 && how == gateway.PathMatchPathPrefix
}

func pathModifier(f gateway.HTTPRouteFilter) *gateway.HTTPPathModifier {
	switch {
	case f.URLRewrite != nil:
		return f.URLRewrite.Path
	case f.RequestRedirect != nil:
		return f.RequestRedirect.Path
	default:
		return nil
	}
}

func (v *validator) filter(path string, f gateway.HTTPRouteFilter) {
	if !v.filterType(path, f) {
		return
	}
	switch f.Type {
	case gateway.HTTPRouteFilterRequestHeaderModifier:
		v.headerFilter(path+".requestHeaderModifier", *f.RequestHeaderModifier)
	case gateway.HTTPRouteFilterResponseHeaderModifier:
		v.headerFilter(path+".responseHeaderModifier", *f.ResponseHeaderModifier)
	case gateway.HTTPRouteFilterRequestMirror:
		v.mirror(path+".requestMirror", *f.RequestMirror)
	case gateway.HTTPRouteFilterRequestRedirect:
		v.redirect(path+".requestRedirect", *f.RequestRedirect)
	case gateway.HTTPRouteFilterCORS:
		v.cors(path+".cors", *f.CORS)
	default:
		v.rewrite(path+".urlRewrite", *f.URLRewrite)
	}
}

// filterType holds that the field of the type is there, and no other.
func (v *validator) filterType(path string, f gateway.HTTPRouteFilter) bool {
	fields := map[gateway.HTTPRouteFilterType]bool{
		gateway.HTTPRouteFilterRequestHeaderModifier:  f.RequestHeaderModifier != nil,
		gateway.HTTPRouteFilterResponseHeaderModifier: f.ResponseHeaderModifier != nil,
		gateway.HTTPRouteFilterRequestMirror:          f.RequestMirror != nil,
		gateway.HTTPRouteFilterRequestRedirect:        f.RequestRedirect != nil,
		gateway.HTTPRouteFilterURLRewrite:             f.URLRewrite != nil,
		gateway.HTTPRouteFilterCORS:                   f.CORS != nil,
	}
	refused := map[gateway.HTTPRouteFilterType]bool{"ExtensionRef": f.ExtensionRef != nil, "ExternalAuth": f.ExternalAuth != nil}
	for other, isThere := range refused {
		if isThere && other != f.Type {
			v.Fail(path, "its type is %s, so the field of %s must not be set", f.Type, other)
		}
	}
	there, known := fields[f.Type]
	switch {
	case !known && slices.Contains([]string{"ExtensionRef", "ExternalAuth"}, string(f.Type)):
		v.Fail(path+".type", "%s: not supported by the lab", f.Type)
	case !known:
		v.Fail(path+".type", "%q is not a filter", f.Type)
	case !there:
		v.Fail(path, "its type is %s, but that field is missing", f.Type)
	}
	for other, isThere := range fields {
		if there && isThere && other != f.Type {
			v.Fail(path, "its type is %s, so the field of %s must not be set", f.Type, other)
		}
	}
	return there
}

func (v *validator) headerFilter(path string, f gateway.HTTPHeaderFilter) {
	for how, list := range map[string][]gateway.HTTPHeader{".set": f.Set, ".add": f.Add} {
		v.atMost(path+how, len(list), mostOthers)
		names := map[string]bool{}
		for i, h := range list {
			v.named(rules.At(path+how, i), string(h.Name), h.Value, mostHeader, names)
			v.ChangedHeader(rules.At(path+how, i)+".name", string(h.Name))
			v.HeaderValue(rules.At(path+how, i)+".value", h.Value)
		}
	}
	v.atMost(path+".remove", len(f.Remove), mostOthers)
	removed := map[string]bool{}
	for i, name := range f.Remove {
		v.Once(rules.At(path+".remove", i), name, removed)
		v.ChangedHeader(rules.At(path+".remove", i), name)
	}
}

func (v *validator) redirect(path string, f gateway.HTTPRequestRedirectFilter) {
	if f.Scheme != nil {
		v.OneOf(path+".scheme", *f.Scheme, "http", "https")
	}
	if f.Hostname != nil {
		v.subdomain(path+".hostname", string(*f.Hostname))
	}
	if f.Port != nil {
		v.Port(path+".port", int(*f.Port))
	}
	if f.StatusCode != nil {
		v.Redirects(path+".statusCode", *f.StatusCode)
	}
	v.pathModifier(path+".path", f.Path)
}

func (v *validator) rewrite(path string, f gateway.HTTPURLRewriteFilter) {
	if f.Hostname != nil {
		v.subdomain(path+".hostname", string(*f.Hostname))
	}
	v.pathModifier(path+".path", f.Path)
}

// pathModifier has the field of its type, and no other.
func (v *validator) pathModifier(path string, m *gateway.HTTPPathModifier) {
	if m == nil {
		return
	}
	v.OneOf(path+".type", string(m.Type), "ReplaceFullPath", "ReplacePrefixMatch")
	full := m.Type == gateway.FullPathHTTPPathModifier
	v.Line(path+".replaceFullPath", or(m.ReplaceFullPath, ""))
	v.Line(path+".replacePrefixMatch", or(m.ReplacePrefixMatch, ""))
	if full != (m.ReplaceFullPath != nil) || full == (m.ReplacePrefixMatch != nil) {
		v.Fail(path, "want the field of its type, %s, alone", m.Type)
	}
	v.atMost(path+", characters", utf8.RuneCountInString(or(m.ReplaceFullPath, or(m.ReplacePrefixMatch, ""))),
		mostPath)
}
