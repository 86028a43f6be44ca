package route

import (
	"net/http"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/message"
)

// changes are those of one direction as Envoy has them: what to put, and what to remove.
func changes(c mesh.HeaderChange) (put []*corev3.HeaderValueOption, remove []string) {
	put = message.Overwrite(c.Set)
	for _, o := range message.Overwrite(c.Add) {
		o.AppendAction = corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
		put = append(put, o)
	}
	return put, slices.Clone(c.Remove)
}

// rewrite changes the path and the host.
func rewrite(action *routev3.RouteAction, r *mesh.Rewrite) {
	if r == nil {
		return
	}
	action.PrefixRewrite = r.Prefix
	if r.Regex != "" {
		action.RegexRewrite = &matcherv3.RegexMatchAndSubstitute{
			Pattern: &matcherv3.RegexMatcher{Regex: r.Regex}, Substitution: r.Substitution,
		}
	}
	if r.Host != "" {
		action.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{
			HostRewriteLiteral: r.Host,
		}
	}
}

func redirect(r mesh.Redirect) *routev3.Route_Redirect {
	action := &routev3.RedirectAction{
		HostRedirect: r.Host,
		PortRedirect: uint32(r.Port),
		ResponseCode: map[int]routev3.RedirectAction_RedirectResponseCode{
			http.StatusFound:             routev3.RedirectAction_FOUND,
			http.StatusSeeOther:          routev3.RedirectAction_SEE_OTHER,
			http.StatusTemporaryRedirect: routev3.RedirectAction_TEMPORARY_REDIRECT,
			http.StatusPermanentRedirect: routev3.RedirectAction_PERMANENT_REDIRECT,
		}[r.Status], // else 301
	}
	if r.Scheme != "" {
		action.SchemeRewriteSpecifier = &routev3.RedirectAction_SchemeRedirect{SchemeRedirect: r.Scheme}
	}
	switch {
	case r.Path != "":
		action.PathRewriteSpecifier = &routev3.RedirectAction_PathRedirect{PathRedirect: r.Path}
	case r.Prefix != "":
		action.PathRewriteSpecifier = &routev3.RedirectAction_PrefixRewrite{PrefixRewrite: r.Prefix}
	}
	return &routev3.Route_Redirect{Redirect: action}
}
