package v1

import (
	"cmp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
)

// conditions are in Istio's order: the path, headers by name, method, authority, scheme, query.
func conditions(m *networking.HTTPMatchRequest) []mesh.Condition {
	var list []mesh.Condition
	if m.GetUri().GetMatchType() != nil { // without one, it is every path
		path := condition(mesh.Condition{Attribute: mesh.Path}, m.Uri)
		path.IgnoreCase = m.IgnoreUriCase && path.Compare != mesh.Regex
		if path.Compare != mesh.Prefix || path.Value != "/" { // that one is every path
			list = append(list, path)
		}
	}
	list = append(list, headerConditions(m)...)
	for _, other := range []struct {
		attribute mesh.Attribute
		text      *networking.StringMatch
	}{{mesh.Method, m.Method}, {mesh.Authority, m.Authority}, {mesh.Scheme, m.Scheme}} {
		if other.text != nil {
			list = append(list, condition(mesh.Condition{Attribute: other.attribute}, other.text))
		}
	}
	for _, name := range sortedKeys(m.QueryParams) {
		query := mesh.Condition{Attribute: mesh.Query, Header: name}
		list = append(list, condition(query, m.QueryParams[name]))
	}
	return list
}

// anyValue is no regular expression, but Istio's word for a header that is there.
const anyValue = "*"

func headerConditions(m *networking.HTTPMatchRequest) []mesh.Condition {
	var list []mesh.Condition
	for _, name := range sortedKeys(m.Headers) {
		list = append(list, condition(onHeader(name), m.Headers[name]))
	}
	for _, name := range sortedKeys(m.WithoutHeaders) {
		c := condition(onHeader(name), m.WithoutHeaders[name])
		if c.Compare == mesh.Regex && c.Value == anyValue {
			c.Compare, c.Value = mesh.Present, ""
		}
		c.Not, c.EmptyIfMissing = true, c.Compare != mesh.Present && c.Attribute != mesh.Claim
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b mesh.Condition) int {
		return cmp.Compare(a.HeaderName(), b.HeaderName())
	})
	return list
}

// onHeader knows the parts of a request that are headers in HTTP/2.
func onHeader(name string) mesh.Condition {
	if c, ok := onClaim(name); ok {
		return c
	}
	name = strings.ToLower(name)
	for _, attribute := range []mesh.Attribute{mesh.Path, mesh.Method, mesh.Authority, mesh.Scheme} {
		if c := (mesh.Condition{Attribute: attribute}); c.HeaderName() == name {
			return c
		}
	}
	return mesh.Condition{Attribute: mesh.Header, Header: name}
}

func condition(c mesh.Condition, m *networking.StringMatch) mesh.Condition {
	switch m := m.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		c.Compare, c.Value = mesh.Exact, m.Exact
	case *networking.StringMatch_Prefix:
		c.Compare, c.Value = mesh.Prefix, m.Prefix
	case *networking.StringMatch_Regex:
		c.Compare, c.Value = mesh.Regex, m.Regex
	default:
		c.Compare = mesh.Present
	}
	return c
}
