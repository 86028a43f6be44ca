// Package match turns the conditions of rules into Envoy's matchers of requests: for routes, and for steps that do
// something with some requests only.
package match

import (
	"regexp"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
)

// All is met by a request that meets all conditions. It has at most one for the path itself; further ones become
// conditions of the header that holds it.
func All(conditions []mesh.Condition) *routev3.RouteMatch {
	m := Everything()
	path := false
	for _, c := range conditions {
		switch {
		case c.Attribute == mesh.Path && !path && !c.Not && c.Compare != mesh.Present:
			matchPath(m, c)
			path = true
		case c.Attribute == mesh.Query:
			m.QueryParameters = append(m.QueryParameters, query(c))
		case c.Attribute == mesh.Claim:
			m.DynamicMetadata = append(m.DynamicMetadata, Claim(c))
		default:
			m.Headers = append(m.Headers, Header(c))
		}
	}
	return m
}

func query(c mesh.Condition) *routev3.QueryParameterMatcher {
	m := &routev3.QueryParameterMatcher{Name: c.Header}
	if c.Compare == mesh.Present {
		m.QueryParameterMatchSpecifier =
			&routev3.QueryParameterMatcher_PresentMatch{PresentMatch: true}
		return m
	}
	m.QueryParameterMatchSpecifier =
		&routev3.QueryParameterMatcher_StringMatch{StringMatch: Text(c)}
	return m
}

func matchPath(m *routev3.RouteMatch, c mesh.Condition) {
	if c.IgnoreCase {
		m.CaseSensitive = wrapperspb.Bool(false)
	}
	switch c.Compare {
	case mesh.Exact:
		m.PathSpecifier = &routev3.RouteMatch_Path{Path: c.Value}
	case mesh.Segments:
		if c.Value == "/" {
			return
		}
		m.PathSpecifier = &routev3.RouteMatch_PathSeparatedPrefix{
			PathSeparatedPrefix: strings.TrimSuffix(c.Value, "/"),
		}
	case mesh.Regex:
		m.PathSpecifier = &routev3.RouteMatch_SafeRegex{
			SafeRegex: &matcherv3.RegexMatcher{Regex: c.Value},
		}
	default:
		m.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: c.Value}
	}
}

// Header is a condition of a header, or of what HTTP/2 would have in one.
func Header(c mesh.Condition) *routev3.HeaderMatcher {
	m := &routev3.HeaderMatcher{
		Name:        c.HeaderName(),
		InvertMatch: c.Not, TreatMissingHeaderAsEmpty: c.EmptyIfMissing,
	}
	if c.Attribute == mesh.Path {
		c = onQuery(c)
	}
	if c = nonempty(c); c.Compare == mesh.Present {
		m.HeaderMatchSpecifier = &routev3.HeaderMatcher_PresentMatch{PresentMatch: true}
	} else {
		m.HeaderMatchSpecifier = &routev3.HeaderMatcher_StringMatch{StringMatch: Text(c)}
	}
	return m
}

// Headers are conditions of headers.
func Headers(conditions []mesh.Condition) []*routev3.HeaderMatcher {
	var list []*routev3.HeaderMatcher
	for _, c := range conditions {
		list = append(list, Header(c))
	}
	return list
}

// onQuery turns a condition of the path into one of the path together with its query.
func onQuery(c mesh.Condition) mesh.Condition {
	switch c.Compare {
	case mesh.Exact:
		c.Value = regexp.QuoteMeta(c.Value) + `(\?.*)?`
	case mesh.Segments:
		c.Value = regexp.QuoteMeta(strings.TrimSuffix(c.Value, "/")) + `([/?].*)?`
	case mesh.Regex:
		c.Value = "(" + c.Value + `)(\?.*)?`
	default:
		return c
	}
	if c.IgnoreCase {
		c.Value = "(?i)" + c.Value
	}
	c.Compare = mesh.Regex
	return c
}

// nonempty says in other words what Envoy does not take: every header begins with nothing, and only
// an empty one is nothing.
func nonempty(c mesh.Condition) mesh.Condition {
	switch {
	case c.Value == "" && c.Compare == mesh.Prefix:
		c.Compare = mesh.Present
	case c.Value == "" && c.Compare == mesh.Regex:
		c.Compare = mesh.Exact
	}
	return c
}

// Text is the comparison of a condition.
func Text(c mesh.Condition) *matcherv3.StringMatcher {
	switch c.Compare {
	case mesh.Prefix:
		return &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: c.Value}, IgnoreCase: c.IgnoreCase,
		}
	case mesh.Suffix:
		return &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Suffix{Suffix: c.Value}, IgnoreCase: c.IgnoreCase,
		}
	case mesh.Regex:
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{
			SafeRegex: &matcherv3.RegexMatcher{Regex: c.Value},
		}}
	default:
		return &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Exact{Exact: c.Value}, IgnoreCase: c.IgnoreCase,
		}
	}
}

// Tunnel matches a request for a tunnel.
func Tunnel() *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_ConnectMatcher_{
		ConnectMatcher: &routev3.RouteMatch_ConnectMatcher{},
	}}
}

// Everything matches every request, but one for a tunnel.
func Everything() *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
}
