package v1

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

func (v *validator) changes(path string, h *networking.Headers) {
	for part, o := range map[string]*networking.Headers_HeaderOperations{
		".request": h.GetRequest(), ".response": h.GetResponse(),
	} {
		for how, headers := range map[string]map[string]string{".set": o.GetSet(), ".add": o.GetAdd()} {
			for _, name := range sortedKeys(headers) {
				field := document.Join(path+part+how, name)
				if part == ".response" || !isAuthority(name) { // of a request, it is a rewrite
					v.ChangedHeader(field, name)
				}
				v.HeaderValue(field, headers[name])
			}
		}
		for i, name := range o.GetRemove() {
			v.ChangedHeader(rules.At(path+part+".remove", i), name)
		}
	}
}

func isAuthority(name string) bool {
	return strings.EqualFold(name, "host") || strings.EqualFold(name, ":authority")
}

func (v *validator) rewrite(path string, r *networking.HTTPRewrite) {
	regex := r.GetUriRegexRewrite()
	v.Line(path+".uri", r.GetUri())
	v.Line(path+".authority", r.GetAuthority())
	v.Line(path+".uriRegexRewrite.rewrite", regex.GetRewrite())
	switch {
	case r == nil:
	case r.Uri == "" && r.Authority == "" && regex == nil:
		v.Fail(path, "want uri, uriRegexRewrite or authority")
	case r.Uri != "" && regex != nil:
		v.Fail(path, "uri and uriRegexRewrite exclude each other")
	case regex != nil:
		v.Regex(path+".uriRegexRewrite.match", regex.Match)
		v.NotEmpty(path+".uriRegexRewrite.rewrite", regex.Rewrite)
	}
}

// redirect takes only the statuses that Envoy knows; Istio takes all of 3xx.
func (v *validator) redirect(path string, r *networking.HTTPRedirect) {
	if r == nil {
		return
	}
	if r.Uri == "" && r.Authority == "" && r.RedirectPort == nil && r.Scheme == "" {
		v.Fail(path, "want uri, authority, port, derivePort or scheme")
	}
	v.Line(path+".uri", r.Uri)
	v.Line(path+".authority", r.Authority)
	if r.RedirectCode != 0 {
		v.Redirects(path+".redirectCode", int(r.RedirectCode))
	}
	if r.Scheme != "" && r.Scheme != "http" && r.Scheme != "https" {
		v.Fail(path+".scheme", "%q is neither http nor https", r.Scheme)
	}
	if p, ok := r.RedirectPort.(*networking.HTTPRedirect_Port); ok {
		v.Port(path+".port", int(p.Port))
	}
}
