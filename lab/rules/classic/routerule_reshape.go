package classic

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// reshape has a route change requests, or send their clients elsewhere, in place of a destination.
func reshape(route *mesh.Route, spec *routeRule) {
	if r := spec.Redirect; r != nil {
		route.Destinations = nil
		route.Redirect = &mesh.Redirect{
			Status: http.StatusMovedPermanently, Host: r.Authority, Path: r.URI,
		}
	}
	if r := spec.Rewrite; r != nil {
		route.Rewrite = &mesh.Rewrite{Prefix: r.URI, Host: r.Authority}
	}
	if len(spec.AppendHeaders) > 0 {
		route.Headers.Request.Add = maps.Clone(spec.AppendHeaders)
	}
	route.NoWebsocket = !spec.WebsocketUpgrade
	route.Cors = corsOf(spec.CorsPolicy)
}

// corsOf takes origins word for word; * is any.
func corsOf(c *cors) *mesh.Cors {
	if c == nil {
		return nil
	}
	out := &mesh.Cors{
		Methods: c.AllowMethods, Headers: c.AllowHeaders, Expose: c.ExposeHeaders,
		Credentials: c.AllowCredentials, Forward: true,
	}
	for _, origin := range c.AllowOrigin {
		out.Origins = append(out.Origins, originOf(origin))
	}
	if c.MaxAge != nil {
		out.MaxAge = new(c.MaxAge.of())
	}
	return out
}

func originOf(text string) mesh.Condition {
	c := mesh.Condition{Attribute: mesh.Header, Header: "origin", Compare: mesh.Exact, Value: text}
	if text == "*" {
		c.Compare, c.Value = mesh.Regex, ".*"
	}
	return c
}

func (v *validator) reshape(r *routeRule) {
	for field, p := range map[string]*place{"rewrite": r.Rewrite, "redirect": r.Redirect} {
		if p == nil {
			continue
		}
		if *p == (place{}) {
			v.Fail("spec."+field, "want uri, authority or both")
		}
		v.line("spec."+field+".uri", p.URI)
		v.line("spec."+field+".authority", p.Authority)
	}
	if r.Redirect != nil {
		for field, isThere := range map[string]bool{
			"route": len(r.Route) > 0, "httpFault": r.Fault != nil, "rewrite": r.Rewrite != nil,
			"websocketUpgrade": r.WebsocketUpgrade,
		} {
			if isThere {
				v.Fail("spec."+field, "redirect and %s exclude each other", field)
			}
		}
	}
	for _, name := range sortedKeys(r.AppendHeaders) {
		path := "spec.appendHeaders." + name
		v.lowerCase(path, name)
		v.Required(path, r.AppendHeaders[name])
		v.line(path, r.AppendHeaders[name])
		if strings.Contains(r.AppendHeaders[name], "%") {
			v.Fail(path, "%%, which begins a command of Envoy's: %w", rules.ErrUnsupported)
		}
		if name == "host" {
			v.Fail(path, "today's Envoy has one host alone: say rewrite.authority")
		}
	}
	v.cors("spec.corsPolicy", r.CorsPolicy)
}

// line takes a text that fits in a line of HTTP.
func (v *validator) line(path, text string) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		v.Fail(path, "%q: a control character cannot be sent", text)
	}
}

func (v *validator) lowerCase(path, name string) {
	v.HeaderName(path, name)
	if name != strings.ToLower(name) {
		v.Fail(path, "a header's name must be in lower case")
	}
}

func (v *validator) cors(path string, c *cors) {
	if c == nil {
		return
	}
	known := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace,
	}
	for _, origin := range c.AllowOrigin {
		v.line(path+".allowOrigin", origin)
	}
	for _, method := range c.AllowMethods {
		if !slices.Contains(known, method) {
			v.Fail(path+".allowMethods", "%q is not a supported HTTP method", method)
		}
	}
	for _, name := range slices.Concat(c.AllowHeaders, c.ExposeHeaders) {
		v.lowerCase(path, name)
	}
	if c.MaxAge == nil {
		return
	}
	v.duration(path+".maxAge", &c.MaxAge.duration)
	if c.MaxAge.of().Seconds() != float64(int64(c.MaxAge.of().Seconds())) {
		v.Fail(path+".maxAge", "%s is not a whole number of seconds", c.MaxAge.of())
	}
}
