package convert

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
)

// mirrorsOf are those that get anything: a redirect mirrors nothing.
func mirrorsOf(r mesh.Route) []mesh.Mirror {
	if r.Redirect != nil {
		return nil
	}
	return r.Mirrors
}

// added are the headers that a route adds.
func added(r mesh.Route) *networking.Headers {
	if len(r.Headers.Request.Add) == 0 {
		return nil
	}
	return &networking.Headers{
		Request: &networking.Headers_HeaderOperations{Add: r.Headers.Request.Add},
	}
}

func (c *converter) rewrite(r mesh.Route) *networking.HTTPRewrite {
	if r.Rewrite == nil {
		return nil
	}
	return &networking.HTTPRewrite{Uri: r.Rewrite.Prefix, Authority: r.Rewrite.Host}
}

func corsPolicy(c *mesh.Cors) *networking.CorsPolicy {
	if c == nil {
		return nil
	}
	policy := &networking.CorsPolicy{
		AllowMethods: c.Methods, AllowHeaders: c.Headers, ExposeHeaders: c.Expose,
	}
	for _, origin := range c.Origins {
		policy.AllowOrigins = append(policy.AllowOrigins, stringMatch(origin))
	}
	if c.MaxAge != nil {
		policy.MaxAge = duration(*c.MaxAge)
	}
	if c.Credentials != nil {
		policy.AllowCredentials = wrapperspb.Bool(*c.Credentials)
	}
	return policy
}

// reshape has filters of the Gateway API say what a route changes. It refuses what they cannot say:
// a part of a path's segment in place of another, and rules about browsers that name no origin.
func (c *converter) reshape(rule *gateway.HTTPRouteRule, r mesh.Route, notes noteList) {
	add := func(f gateway.HTTPRouteFilter) { rule.Filters = append(rule.Filters, f) }
	if headers := r.Headers.Request.Add; len(headers) > 0 {
		filter := &gateway.HTTPHeaderFilter{}
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			filter.Add = append(filter.Add, gateway.HTTPHeader{
				Name: gateway.HTTPHeaderName(name), Value: headers[name],
			})
		}
		add(gateway.HTTPRouteFilter{
			Type: gateway.HTTPRouteFilterRequestHeaderModifier, RequestHeaderModifier: filter,
		})
	}
	if r.Rewrite != nil {
		add(gateway.HTTPRouteFilter{Type: gateway.HTTPRouteFilterURLRewrite, URLRewrite: &gateway.HTTPURLRewriteFilter{
			Hostname: hostname(r.Rewrite.Host), Path: c.replaced(r),
		}})
	}
	if to := r.Redirect; to != nil {
		filter := &gateway.HTTPRequestRedirectFilter{
			Hostname: hostname(to.Host), StatusCode: new(to.Status),
		}
		if to.Host != "" { // else it would have the port that was called
			filter.Port = new(gateway.PortNumber(httpPort))
		}
		if to.Path != "" {
			filter.Path = &gateway.HTTPPathModifier{
				Type: gateway.FullPathHTTPPathModifier, ReplaceFullPath: &to.Path,
			}
		}
		add(gateway.HTTPRouteFilter{Type: gateway.HTTPRouteFilterRequestRedirect, RequestRedirect: filter})
	}
	if r.Cors != nil {
		add(gateway.HTTPRouteFilter{Type: gateway.HTTPRouteFilterCORS, CORS: c.corsFilter(r)})
	}
	notes.websocket(r)
}

const httpPort = 80

func hostname(name string) *gateway.PreciseHostname {
	if name == "" {
		return nil
	}
	return new(gateway.PreciseHostname(name))
}

// replaced is the path of a rewrite: all of it where the match is of one path.
func (c *converter) replaced(r mesh.Route) *gateway.HTTPPathModifier {
	path := r.Rewrite.Prefix
	if path == "" {
		return nil
	}
	i := slices.IndexFunc(r.Match, func(m mesh.Condition) bool { return m.Attribute == mesh.Path })
	switch {
	case i >= 0 && r.Match[i].Compare == mesh.Exact:
		return &gateway.HTTPPathModifier{Type: gateway.FullPathHTTPPathModifier, ReplaceFullPath: &path}
	case i < 0 && !strings.HasSuffix(path, "/"):
		return &gateway.HTTPPathModifier{
			Type: gateway.PrefixMatchHTTPPathModifier, ReplacePrefixMatch: &path,
		}
	default:
		c.refuse(r.From, "the Gateway API replaces whole segments of a path, not any beginning by %s", path)
		return nil
	}
}

// corsFilter says no more than the rule does; the Gateway API's own default is 5 s.
func (c *converter) corsFilter(r mesh.Route) *gateway.HTTPCORSFilter {
	filter := &gateway.HTTPCORSFilter{AllowCredentials: r.Cors.Credentials}
	for _, origin := range r.Cors.Origins {
		text := origin.Value
		if origin.Compare != mesh.Exact {
			text = "*"
		}
		filter.AllowOrigins = append(filter.AllowOrigins, gateway.CORSOrigin(text))
	}
	for _, method := range r.Cors.Methods {
		filter.AllowMethods = append(filter.AllowMethods, gateway.HTTPMethodWithWildcard(method))
	}
	for _, name := range r.Cors.Headers {
		filter.AllowHeaders = append(filter.AllowHeaders, gateway.HTTPHeaderName(name))
	}
	for _, name := range r.Cors.Expose {
		filter.ExposeHeaders = append(filter.ExposeHeaders, gateway.HTTPHeaderName(name))
	}
	if r.Cors.MaxAge != nil {
		filter.MaxAge = int32(r.Cors.MaxAge.Seconds())
	}
	return filter
}
