package xds

import (
	"fmt"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"istio-tutorial/lab/mesh"
)

const (
	tokenFilter = "envoy.filters.http.jwt_authn" //nolint:gosec // a filter's name, no secret
	// claimsKey is where the filter leaves the claims of a token that holds.
	claimsKey = "payload"
)

// tokenStep is a step of a listener that checks tokens, as Istio has Envoy do it; where no rule is
// about tokens, it does nothing. It is not in the listener itself, whose open connections would know
// nothing of a change.
func (b *builder) tokenStep(d door, list []mesh.TokenRule) *hcmv3.HttpFilter {
	return b.discovered("tokens|"+d.name, b.tokens(d, list))
}

// discovered is a step that Envoy asks for by its name.
func (b *builder) discovered(name string, step proto.Message) *hcmv3.HttpFilter {
	name = statName(name)
	config := b.pack(step)
	b.add(Filters, name, &corev3.TypedExtensionConfig{Name: name, TypedConfig: config})
	return &hcmv3.HttpFilter{
		Name: name,
		ConfigType: &hcmv3.HttpFilter_ConfigDiscovery{ConfigDiscovery: &corev3.ExtensionConfigSource{
			ConfigSource: ads(), TypeUrls: []string{config.GetTypeUrl()},
		}},
	}
}

// tokens are rules in Envoy's words: each token must hold for its issuer, and none is needed.
func (b *builder) tokens(d door, list []mesh.TokenRule) *jwtv3.JwtAuthentication {
	if len(list) == 0 {
		return &jwtv3.JwtAuthentication{}
	}
	config := &jwtv3.JwtAuthentication{
		Providers: map[string]*jwtv3.JwtProvider{}, BypassCorsPreflight: true,
	}
	var each, one []*jwtv3.JwtRequirement
	for i, rule := range list {
		name := fmt.Sprintf("origins-%d", i)
		config.Providers[name] = b.issuer(d, rule)
		holds := &jwtv3.JwtRequirement{
			RequiresType: &jwtv3.JwtRequirement_ProviderName{ProviderName: name},
		}
		each = append(each, anyOf(holds, &jwtv3.JwtRequirement{
			RequiresType: &jwtv3.JwtRequirement_AllowMissing{AllowMissing: &emptypb.Empty{}},
		}))
		one = append(one, holds)
	}
	requires := each[0]
	if len(each) > 1 { // a token of one issuer does not hold for the others
		all := &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_RequiresAll{
			RequiresAll: &jwtv3.JwtRequirementAndList{Requirements: each},
		}}
		requires = anyOf(append(one, all)...)
	}
	config.Rules = []*jwtv3.RequirementRule{{
		Match:           everything(),
		RequirementType: &jwtv3.RequirementRule_Requires{Requires: requires},
	}}
	return config
}

func anyOf(list ...*jwtv3.JwtRequirement) *jwtv3.JwtRequirement {
	return &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_RequiresAny{
		RequiresAny: &jwtv3.JwtRequirementOrList{Requirements: list},
	}}
}

// issuer is a rule in Envoy's words. At the edge, routes are chosen again once the claims are known.
func (b *builder) issuer(d door, rule mesh.TokenRule) *jwtv3.JwtProvider {
	lists := append(slices.Clone(rule.Lists), "permission", "scope")
	slices.Sort(lists)
	p := &jwtv3.JwtProvider{
		Issuer: rule.Issuer, Audiences: rule.Audiences,
		Forward: rule.Forward, ForwardPayloadHeader: rule.PayloadHeader,
		FromParams: rule.Params, FromCookies: rule.Cookies,
		PayloadInMetadata: claimsKey,
		NormalizePayloadInMetadata: &jwtv3.JwtProvider_NormalizePayload{
			SpaceDelimitedClaims: slices.Compact(lists),
		},
		ClearRouteCache: d.edge,
	}
	for _, h := range rule.Headers {
		p.FromHeaders = append(p.FromHeaders, &jwtv3.JwtHeader{Name: h.Name, ValuePrefix: h.Prefix})
	}
	for _, c := range rule.ClaimHeaders {
		p.ClaimToHeaders = append(p.ClaimToHeaders, &jwtv3.JwtClaimToHeader{ClaimName: c.Claim, HeaderName: c.Header})
	}
	p.JwksSourceSpecifier = &jwtv3.JwtProvider_LocalJwks{LocalJwks: &corev3.DataSource{
		Specifier: &corev3.DataSource_InlineString{InlineString: rule.Keys},
	}}
	return p
}

// claim is a condition of a claim: of its text, or of one of the texts of a list.
func claim(c mesh.Condition) *matcherv3.MetadataMatcher {
	if c = nonempty(c); c.Compare == mesh.Present { // as Istio has it
		c.Compare, c.Value = mesh.Regex, ".+"
	}
	m := &matcherv3.MetadataMatcher{Filter: tokenFilter, Invert: c.Not}
	for _, key := range append([]string{claimsKey}, claimPath(c)...) {
		m.Path = append(m.Path, &matcherv3.MetadataMatcher_PathSegment{
			Segment: &matcherv3.MetadataMatcher_PathSegment_Key{Key: key},
		})
	}
	is := &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_StringMatch{StringMatch: text(c)}}
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
