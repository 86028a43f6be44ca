package v1

import (
	"cmp"
	"slices"
	"strings"
	"time"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// keysTimeout is how long fetching a key set may take where a rule does not say it.
const keysTimeout = 5 * time.Second

// tokenRules are those of all RequestAuthentications that are for a workload.
func (r *resolver) tokenRules(server mesh.Workload) []mesh.TokenRule {
	return r.tokenRulesOf(func(rule *rules.Rule, labels map[string]string) bool { return selects(rule, labels, server) })
}

// tokenRulesOf are those of the RequestAuthentications that are meant, in the order of their issuers, as Istio has
// them.
func (r *resolver) tokenRulesOf(isMeant func(*rules.Rule, map[string]string) bool) []mesh.TokenRule {
	var list []mesh.TokenRule
	for _, a := range r.tokens {
		if !isMeant(a.Rule, a.Spec.GetSelector().GetMatchLabels()) {
			continue
		}
		for i, rule := range a.Spec.JwtRules {
			one := tokenRule(rule)
			one.From, one.Field = a.Key.Path(), rules.At("spec.jwtRules", i)
			list = append(list, one)
		}
	}
	slices.SortStableFunc(list, func(a, b mesh.TokenRule) int { return cmp.Compare(a.Issuer, b.Issuer) })
	return list
}

func tokenRule(rule *security.JWTRule) mesh.TokenRule {
	t := mesh.TokenRule{
		Issuer: rule.Issuer, Audiences: rule.Audiences,
		Keys: rule.Jwks, KeysAt: rule.JwksUri, Timeout: keysTimeout,
		Params: rule.FromParams, Cookies: rule.FromCookies,
		Forward: rule.ForwardOriginalToken, PayloadHeader: rule.OutputPayloadToHeader,
		Lists: rule.SpaceDelimitedClaims,
	}
	if rule.Timeout != nil {
		t.Timeout = rule.Timeout.AsDuration()
	}
	for _, h := range rule.FromHeaders {
		t.Headers = append(t.Headers, mesh.TokenHeader{Name: h.Name, Prefix: h.Prefix})
	}
	for _, c := range rule.OutputClaimToHeaders {
		t.ClaimHeaders = append(t.ClaimHeaders, mesh.ClaimHeader{Claim: c.Claim, Header: c.Header})
	}
	return t
}

const (
	requestClaims    = "request.auth.claims"
	requestPrincipal = "request.auth.principal"
)

// tokenTerm makes a term of a condition about tokens; nil for other conditions.
func tokenTerm(key string) func(values []string) mesh.AccessTerm {
	switch {
	case key == requestPrincipal:
		return bearerTerm
	case key == "request.auth.audiences":
		return textTerm(claimCondition("aud"))
	case key == "request.auth.presenter":
		return textTerm(claimCondition("azp"))
	}
	if claims, ok := strings.CutPrefix(key, requestClaims); ok {
		return textTerm(claimCondition(claimsIn(claims)...))
	}
	return nil
}

func claimCondition(path ...string) mesh.Condition {
	return mesh.Condition{Attribute: mesh.Claim, Header: "[" + strings.Join(path, "][") + "]"}
}

// claimsIn are the names of [NAME][NAME]; nil if the text is not that.
func claimsIn(text string) []string {
	inner, opened := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	names := strings.Split(inner, "][")
	if !opened || !closed || slices.Contains(names, "") {
		return nil
	}
	return names
}

// bearerTerm is of ISSUER/SUBJECT, where a * may stand at one end. An issuer may have slashes.
func bearerTerm(values []string) mesh.AccessTerm {
	var t mesh.AccessTerm
	for _, value := range values {
		issuer, subject := value, ""
		i := strings.LastIndex(value, "/")
		if i >= 0 {
			issuer, subject = value[:i], value[i+1:]
		}
		switch {
		case i >= 0 && strings.HasPrefix(value, "*"): // a * of the subject is then a letter
			t.Together = append(t.Together, bearer(pattern(claimCondition("iss"), issuer), exactly("sub", subject)))
		case i >= 0:
			t.Together = append(t.Together, bearer(exactly("iss", issuer), pattern(claimCondition("sub"), subject)))
		case strings.HasPrefix(value, "*"):
			t.Together = append(t.Together, bearer(pattern(claimCondition("iss"), "*"), pattern(claimCondition("sub"), value)))
		case strings.HasSuffix(value, "*"):
			t.Together = append(t.Together, bearer(pattern(claimCondition("iss"), value), pattern(claimCondition("sub"), "*")))
		default:
			t.Together = append(t.Together, bearer(exactly("iss", issuer), exactly("sub", "")))
		}
	}
	return t
}

func bearer(issuer, subject mesh.Condition) []mesh.Condition {
	return []mesh.Condition{issuer, subject}
}

func exactly(claim, text string) mesh.Condition {
	c := claimCondition(claim)
	c.Compare, c.Value = mesh.Exact, text
	return c
}
