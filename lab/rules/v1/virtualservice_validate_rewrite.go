package v1

import (
	"regexp"
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
				v.HeaderName(field, name)
				v.headerValue(field, headers[name])
			}
		}
		for i, name := range o.GetRemove() {
			v.HeaderName(rules.At(path+part+".remove", i), name)
		}
	}
}

// headerValue takes a % only as %% or in one of Envoy's %COMMAND(...)%.
func (v *validator) headerValue(path, value string) {
	command := regexp.MustCompile(`%%|%[A-Z_0-9]+(\([^)]*\))?(:\d+)?%`)
	if strings.Contains(command.ReplaceAllString(value, ""), "%") {
		v.Fail(path, "%q: a %% is written %%%%, unless it begins or ends a command of Envoy's", value)
	}
}

func (v *validator) rewrite(path string, r *networking.HTTPRewrite) {
	regex := r.GetUriRegexRewrite()
	switch {
	case r == nil:
	case r.Uri == "" && r.Authority == "" && regex == nil:
		v.Fail(path, "want uri, uriRegexRewrite or authority")
	case r.Uri != "" && regex != nil:
		v.Fail(path, "uri and uriRegexRewrite exclude each other")
	case regex != nil:
		if _, err := regexp.Compile(regex.Match); err != nil || regex.Match == "" {
			v.Fail(path+".uriRegexRewrite.match", "%q is no regular expression: %v", regex.Match, err)
		}
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
