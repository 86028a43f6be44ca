package gatewayapi

import (
	"net/http"
	"regexp"
	"strings"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	v1 "istio-tutorial/lab/rules/v1"
)

// reshape does what filters say beside mirroring. A redirect takes the place of backends.
func reshape(route *v1.Route, filters []gateway.HTTPRouteFilter, port int) {
	for _, f := range filters {
		switch f.Type {
		case gateway.HTTPRouteFilterRequestHeaderModifier:
			route.Headers.Request = change(*f.RequestHeaderModifier)
		case gateway.HTTPRouteFilterResponseHeaderModifier:
			route.Headers.Response = change(*f.ResponseHeaderModifier)
		case gateway.HTTPRouteFilterURLRewrite:
			route.Rewrite = rewrite(*f.URLRewrite, route.Match)
		case gateway.HTTPRouteFilterRequestRedirect:
			route.Redirect = redirect(*f.RequestRedirect, port)
		}
	}
}

func change(f gateway.HTTPHeaderFilter) mesh.HeaderChange {
	byName := func(list []gateway.HTTPHeader) map[string]string {
		if len(list) == 0 {
			return nil
		}
		headers := map[string]string{}
		for _, h := range list {
			headers[string(h.Name)] = h.Value
		}
		return headers
	}
	return mesh.HeaderChange{Set: byName(f.Set), Add: byName(f.Add), Remove: f.Remove}
}

// wholePath is how Istio replaces all of a path.
const wholePath = "/.*"

func rewrite(f gateway.HTTPURLRewriteFilter, match []mesh.Condition) *mesh.Rewrite {
	out := mesh.Rewrite{Host: string(or(f.Hostname, ""))}
	if f.Path != nil && f.Path.Type == gateway.FullPathHTTPPathModifier {
		out.Regex, out.Substitution = wholePath, or(f.Path.ReplaceFullPath, "")
	} else if f.Path != nil {
		out.Prefix = strings.TrimSuffix(or(f.Path.ReplacePrefixMatch, ""), "/")
		if out.Prefix == "" { // the prefix goes, and no // is left
			out.Regex, out.Substitution = "^"+regexp.QuoteMeta(prefixOf(match))+"(/?)(.*)", `/\2`
		}
	}
	if out == (mesh.Rewrite{}) {
		return nil
	}
	return &out
}

func prefixOf(match []mesh.Condition) string {
	for _, c := range match {
		if c.Attribute == mesh.Path {
			return c.Value
		}
	}
	return ""
}

func redirect(f gateway.HTTPRequestRedirectFilter, port int) *mesh.Redirect {
	out := &mesh.Redirect{
		Status: or(f.StatusCode, http.StatusFound), Scheme: or(f.Scheme, ""),
		Host: string(or(f.Hostname, "")), Port: int(or(f.Port, 0)),
	}
	if f.Port == nil && f.Scheme == nil {
		out.Port = port
	}
	if out.Port == v1.StandardPort(out.Scheme) {
		out.Port = 0
	}
	if f.Path != nil {
		out.Path, out.Prefix = or(f.Path.ReplaceFullPath, ""), or(f.Path.ReplacePrefixMatch, "")
	}
	return out
}
