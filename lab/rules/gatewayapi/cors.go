package gatewayapi

import (
	"regexp"
	"slices"
	"strings"
	"time"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// defaultAge is what the API server writes where a filter says none.
const defaultAge = 5

// corsOf leaves questions of other origins to the backend, as Istio does.
func corsOf(f gateway.HTTPCORSFilter) *mesh.Cors {
	age := defaultAge * time.Second
	if f.MaxAge > 0 {
		age = time.Duration(f.MaxAge) * time.Second
	}
	out := &mesh.Cors{MaxAge: &age}
	if or(f.AllowCredentials, false) {
		out.Credentials = f.AllowCredentials
	}
	for _, origin := range f.AllowOrigins {
		out.Origins = append(out.Origins, originOf(string(origin)))
	}
	for _, method := range f.AllowMethods {
		out.Methods = append(out.Methods, string(method))
	}
	out.Headers, out.Expose = names(f.AllowHeaders), names(f.ExposeHeaders)
	return out
}

func names(list []gateway.HTTPHeaderName) []string {
	var texts []string
	for _, name := range list {
		texts = append(texts, string(name))
	}
	return texts
}

// anyOrigin is what Istio takes for one.
const anyOrigin = `^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#]+$`

// originOf has * for any text.
func originOf(text string) mesh.Condition {
	c := mesh.Condition{Attribute: mesh.Header, Header: "origin", Compare: mesh.Exact, Value: text}
	switch before, after, wild := strings.Cut(text, "*"); {
	case text == "*":
		c.Compare, c.Value = mesh.Regex, anyOrigin
	case wild && after == "":
		c.Compare, c.Value = mesh.Prefix, before
	case wild:
		c.Compare = mesh.Regex
		c.Value = "^" + strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*") + "$"
	}
	return c
}

const (
	mostCORS    = 64
	mostMethods = 9
	longestHost = 253
)

func (v *validator) cors(path string, f gateway.HTTPCORSFilter) {
	v.atMost(path+".allowOrigins", len(f.AllowOrigins), mostCORS)
	origin := regexp.MustCompile(`^(\*|https?://((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:[0-9]{1,5})?)$`)
	var origins []string
	for i, o := range f.AllowOrigins {
		if len(o) > longestHost || !origin.MatchString(string(o)) {
			v.Fail(rules.At(path+".allowOrigins", i), "%q is not an origin, such as https://example.com", o)
		}
		origins = append(origins, string(o))
	}
	v.wildOnce(path+".allowOrigins", origins)
	var methods []string
	v.atMost(path+".allowMethods", len(f.AllowMethods), mostMethods)
	for i, m := range f.AllowMethods {
		v.OneOf(rules.At(path+".allowMethods", i), string(m), append(httpMethods(), "*")...)
		methods = append(methods, string(m))
	}
	v.wildOnce(path+".allowMethods", methods)
	v.wildOnce(path+".allowHeaders", names(f.AllowHeaders))
	v.unique(path+".exposeHeaders", names(f.ExposeHeaders))
	for field, list := range map[string][]string{
		".allowHeaders": names(f.AllowHeaders), ".exposeHeaders": names(f.ExposeHeaders),
	} {
		v.atMost(path+field, len(list), mostCORS)
		for i, name := range list {
			v.token(rules.At(path+field, i), name)
		}
	}
	if v.NotNegative(path+".maxAge", f.MaxAge); f.MaxAge == 0 && v.Doc.Says(path+".maxAge") {
		v.Fail(path+".maxAge", "0 is less than 1")
	}
}

// wildOnce takes * alone, and nothing twice.
func (v *validator) wildOnce(path string, list []string) {
	if len(list) > 1 && slices.Contains(list, "*") {
		v.Fail(path, "* stands alone")
	}
	v.unique(path, list)
}

func (v *validator) unique(path string, list []string) {
	seen := map[string]bool{}
	for i, text := range list {
		v.Once(rules.At(path, i), text, seen)
	}
}
