package v1

import (
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

// changes takes the host as a header of requests, which is a rewrite.
func (v *validator) changes(path string, h *networking.Headers) {
	request, response := h.GetRequest(), h.GetResponse()
	v.values(path+".request.set", request.GetSet(), true)
	v.values(path+".request.add", request.GetAdd(), true)
	v.removed(path+".request.remove", request.GetRemove())
	v.values(path+".response.set", response.GetSet(), false)
	v.values(path+".response.add", response.GetAdd(), false)
	v.removed(path+".response.remove", response.GetRemove())
}

func (v *validator) values(path string, headers map[string]string, mayBeHost bool) {
	for _, name := range sortedKeys(headers) {
		field := document.Join(path, name)
		if !mayBeHost || !isHost(name) {
			v.changeable(field, name)
		}
		v.HeaderValue(field, headers[name])
	}
}

func (v *validator) removed(path string, names []string) {
	for i, name := range names {
		v.changeable(rules.At(path, i), name)
	}
}

// changeable takes the names that Envoy takes, which are more than HTTP's.
func (v *validator) changeable(path, name string) {
	v.ChangedHeader(path, name)
	if !isHost(name) && len(validation.IsHTTPHeaderName(name)) > 0 {
		v.Warn(path, "", "%s: %q is not the name of a header in HTTP: sidecars answer 503 to requests that "+
			"would get one", path, name)
	}
}

// oneHost takes one new host for a route: from its rewrite, or from one change of headers.
func (v *validator) oneHost(path string, r *networking.HTTPRewrite, h *networking.Headers) {
	have := r.GetAuthority()
	for part, headers := range map[string]map[string]string{
		".set": h.GetRequest().GetSet(), ".add": h.GetRequest().GetAdd(),
	} {
		for _, name := range sortedKeys(headers) {
			if !isHost(name) {
				continue
			}
			if have != "" {
				v.Fail(path+".headers.request"+part, "%s: the host is set more than once", name)
			}
			have = headers[name]
		}
	}
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
		v.shortRegex(path+".uriRegexRewrite.match", regex.Match)
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
	if p, ok := r.RedirectPort.(*networking.HTTPRedirect_Port); ok && p.Port != 0 { // 0 is the one that was asked
		v.Port(path+".port", int(p.Port))
	}
}
