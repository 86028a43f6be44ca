package v1

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
)

// changesOf are the changes of headers, and the host that a change of Host asks for.
func changesOf(h *networking.Headers) (changes mesh.Headers, host string) {
	changes.Request, host = changeOf(h.GetRequest())
	changes.Response, _ = changeOf(h.GetResponse())
	return changes, host
}

func changeOf(o *networking.Headers_HeaderOperations) (change mesh.HeaderChange, host string) {
	set, toSet := withoutHost(o.GetSet())
	add, toAdd := withoutHost(o.GetAdd())
	change = mesh.HeaderChange{Set: set, Add: add, Remove: slices.Clone(o.GetRemove())}
	return change, cmp.Or(toSet, toAdd)
}

// withoutHost takes the host out of headers; nil if nothing is left.
func withoutHost(headers map[string]string) (rest map[string]string, host string) {
	for name, value := range headers {
		switch {
		case isHost(name):
			host = value
		case rest == nil:
			rest = map[string]string{name: value}
		default:
			rest[name] = value
		}
	}
	return rest, host
}

// isHost reports whether a header is the host, which has two names.
func isHost(name string) bool {
	return strings.EqualFold(name, "host") || strings.EqualFold(name, ":authority")
}

// together is the changes of both, those of the second after those of the first.
func together(a, b mesh.Headers) mesh.Headers {
	return mesh.Headers{
		Request:  merged(a.Request, b.Request),
		Response: merged(a.Response, b.Response),
	}
}

func merged(a, b mesh.HeaderChange) mesh.HeaderChange {
	over := func(x, y map[string]string) map[string]string {
		if len(x)+len(y) == 0 {
			return nil
		}
		all := maps.Clone(x)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, y)
		return all
	}
	return mesh.HeaderChange{
		Set: over(a.Set, b.Set), Add: over(a.Add, b.Add), Remove: slices.Concat(a.Remove, b.Remove),
	}
}

// rewriteOf is nil for nothing; host is what a change of headers asks for.
func rewriteOf(r *networking.HTTPRewrite, host string) *mesh.Rewrite {
	out := mesh.Rewrite{Host: host}
	if authority := r.GetAuthority(); authority != "" {
		out.Host = authority
	}
	if regex := r.GetUriRegexRewrite(); regex != nil {
		out.Regex, out.Substitution = regex.Match, regex.Rewrite
	} else {
		out.Prefix = r.GetUri()
	}
	if out == (mesh.Rewrite{}) {
		return nil
	}
	return &out
}

// redirectOf leaves out a port that goes without saying.
func redirectOf(r *networking.HTTPRedirect, port int) *mesh.Redirect {
	out := &mesh.Redirect{
		Status: int(r.RedirectCode), Scheme: r.Scheme, Host: r.Authority, Path: r.Uri,
	}
	if out.Status == 0 {
		out.Status = http.StatusMovedPermanently
	}
	switch p := r.RedirectPort.(type) {
	case *networking.HTTPRedirect_Port:
		out.Port = int(p.Port)
	case *networking.HTTPRedirect_DerivePort:
		if p.DerivePort == networking.HTTPRedirect_FROM_REQUEST_PORT {
			out.Port = port
		}
	}
	if out.Port == StandardPort(r.Scheme) {
		out.Port = 0
	}
	return out
}

// StandardPort is the one that a URL of a scheme need not name; the lab speaks plain text where
// none is named.
func StandardPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}
