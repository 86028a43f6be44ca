package filter

import (
	"fmt"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	"google.golang.org/protobuf/types/known/emptypb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/message"
)

// Tokens is the step of a listener or a chain, by its name, that checks tokens, as Istio has Envoy do it; where no rule
// is about tokens, it does nothing. At the edge of the mesh routes are chosen again once the claims are known.
func Tokens(p *message.Packer, name string, edge bool, list []mesh.TokenRule) Discovered {
	return discovered(p, "tokens|"+name, authentication(edge, list))
}

// authentication is rules in Envoy's words: each token must hold for its issuer, and none is needed.
func authentication(edge bool, list []mesh.TokenRule) *jwtv3.JwtAuthentication {
	if len(list) == 0 {
		return &jwtv3.JwtAuthentication{}
	}
	config := &jwtv3.JwtAuthentication{
		Providers: map[string]*jwtv3.JwtProvider{}, BypassCorsPreflight: true,
	}
	var each, one []*jwtv3.JwtRequirement
	for i, rule := range list {
		name := fmt.Sprintf("origins-%d", i)
		config.Providers[name] = issuer(edge, rule)
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
		Match:           match.Everything(),
		RequirementType: &jwtv3.RequirementRule_Requires{Requires: requires},
	}}
	return config
}

func anyOf(list ...*jwtv3.JwtRequirement) *jwtv3.JwtRequirement {
	return &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_RequiresAny{
		RequiresAny: &jwtv3.JwtRequirementOrList{Requirements: list},
	}}
}

// issuer is a rule in Envoy's words.
func issuer(edge bool, rule mesh.TokenRule) *jwtv3.JwtProvider {
	lists := append(slices.Clone(rule.Lists), "permission", "scope")
	slices.Sort(lists)
	p := &jwtv3.JwtProvider{
		Issuer: rule.Issuer, Audiences: rule.Audiences,
		Forward: rule.Forward, ForwardPayloadHeader: rule.PayloadHeader,
		FromParams: rule.Params, FromCookies: rule.Cookies,
		PayloadInMetadata: match.ClaimsKey,
		NormalizePayloadInMetadata: &jwtv3.JwtProvider_NormalizePayload{
			SpaceDelimitedClaims: slices.Compact(lists),
		},
		ClearRouteCache: edge,
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
