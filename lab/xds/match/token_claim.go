package match

import (
	"strings"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"istio-tutorial/lab/mesh"
)

// ClaimsKey is where the step that checks tokens is to leave the claims of one that holds.
const ClaimsKey = "payload"

// claimsStep is that step, by the name of its kind.
const claimsStep = "envoy.filters.http.jwt_authn"

// Claim is a condition of a claim: of its text, or of one of the texts of a list.
func Claim(c mesh.Condition) *matcherv3.MetadataMatcher {
	if c = nonempty(c); c.Compare == mesh.Present { // as Istio has it
		c.Compare, c.Value = mesh.Regex, ".+"
	}
	m := &matcherv3.MetadataMatcher{Filter: claimsStep, Invert: c.Not}
	for _, key := range append([]string{ClaimsKey}, claimPath(c)...) {
		m.Path = append(m.Path, &matcherv3.MetadataMatcher_PathSegment{
			Segment: &matcherv3.MetadataMatcher_PathSegment_Key{Key: key},
		})
	}
	is := &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_StringMatch{StringMatch: Text(c)}}
	m.Value = &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_OrMatch{
		OrMatch: &matcherv3.OrMatcher{ValueMatchers: []*matcherv3.ValueMatcher{
			{MatchPattern: &matcherv3.ValueMatcher_ListMatch{ListMatch: &matcherv3.ListMatcher{
				MatchPattern: &matcherv3.ListMatcher_OneOf{OneOf: is},
			}}},
			is,
		}},
	}}
	return m
}

// claimPath is the names down to a claim.
func claimPath(c mesh.Condition) []string {
	return strings.Split(strings.TrimSuffix(strings.TrimPrefix(c.Header, "["), "]"), "][")
}
