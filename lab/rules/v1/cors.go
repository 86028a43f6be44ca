package v1

import (
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// corsOf is nil for nothing. The older list of origins counts where the newer is not there.
func corsOf(p *networking.CorsPolicy) *mesh.Cors {
	if p == nil {
		return nil
	}
	out := &mesh.Cors{
		Methods: p.AllowMethods, Headers: p.AllowHeaders, Expose: p.ExposeHeaders,
		MaxAge:  lasting(p.MaxAge),
		Forward: p.UnmatchedPreflights != networking.CorsPolicy_IGNORE,
	}
	if p.AllowCredentials != nil {
		out.Credentials = new(p.AllowCredentials.Value)
	}
	origin := mesh.Condition{Attribute: mesh.Header, Header: "origin"}
	for _, o := range p.AllowOrigins {
		out.Origins = append(out.Origins, condition(origin, o))
	}
	if p.AllowOrigins == nil {
		for _, text := range p.GetAllowOrigin() { //nolint:staticcheck // deprecated, and in force
			exact := origin
			exact.Value = text
			out.Origins = append(out.Origins, exact)
		}
	}
	return out
}

func (v *validator) cors(path string, p *networking.CorsPolicy) {
	if p == nil {
		return
	}
	for i, origin := range p.AllowOrigins {
		at := rules.At(path+".allowOrigins", i)
		if origin.GetExact()+origin.GetPrefix()+origin.GetRegex() == "" {
			v.Fail(at, "want exact, prefix or regex, not empty")
			continue
		}
		v.regex(at, origin)
	}
	for i, method := range p.AllowMethods {
		v.OneOf(rules.At(path+".allowMethods", i), method, "GET", "HEAD", "POST", "PUT", "PATCH",
			"DELETE", "CONNECT", "OPTIONS", "TRACE", "*")
	}
	for name, list := range map[string][]string{
		"allowHeaders": p.AllowHeaders, "exposeHeaders": p.ExposeHeaders,
	} {
		for i, header := range list {
			if header != "*" {
				v.HeaderName(rules.At(document.Join(path, name), i), header)
			}
		}
	}
	if p.MaxAge.GetNanos() > 0 {
		v.Fail(path+".maxAge", "%s is not a whole number of seconds", p.MaxAge.AsDuration())
	}
}
