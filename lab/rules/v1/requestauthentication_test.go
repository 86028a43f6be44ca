package v1_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	v1 "istio-tutorial/lab/rules/v1"
)

// problems are what Parse says of a text.
func problems(t *testing.T, text string) string {
	t.Helper()
	docs, err := document.Parse("rule.yml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = v1.Parse(docs, "istio-tutorial"); err != nil {
		return err.Error()
	}
	return ""
}

func authentication(rule string) string {
	return "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: a}\n" +
		"spec: {jwtRules: [{" + rule + "}]}\n"
}

// TestRequestAuthenticationProblems holds what admission refuses, and what Envoy would.
func TestRequestAuthenticationProblems(t *testing.T) {
	t.Parallel()
	const keys = `jwks: '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}'`
	for rule, want := range map[string]string{
		"issuer: a, " + keys:                                                    "",
		"issuer: a, jwksUri: 'https://a.test/keys'":                             "",
		"jwksUri: 'http://a.test:8080/keys'":                                    "",
		keys:                                                                    "issuer and jwksUri: one is missing",
		"issuer: a":                                                             "",
		"issuer: a, jwksUri: 'ftp://a'":                                         "want http://HOST",
		"issuer: a, jwksUri: 'https:///keys'":                                   "names no host",
		"issuer: a, jwksUri: 'https://a:99999/'":                                "port 99999 is not in 1-65535",
		"issuer: a, jwksUri: 'https://a/', " + keys:                             "exclude each other",
		"issuer: a, jwks: nothing":                                              "spec.jwtRules[0].jwks: key set: invalid character",
		"issuer: a, jwks: '{}'":                                                 "none of its 0 keys",
		`issuer: a, jwks: '{"keys":[{"kty":"RSA"}]}'`:                           "none of its 1 keys",
		"issuer: a, audiences: [''], " + keys:                                   "audiences[0]: must not be empty",
		"issuer: a, fromParams: [''], " + keys:                                  "fromParams[0]: must not be empty",
		"issuer: a, fromCookies: [''], " + keys:                                 "fromCookies[0]: must not be empty",
		"issuer: a, fromHeaders: [{name: 'a b'}], " + keys:                      "",
		"issuer: a, fromHeaders: [{name: ''}], " + keys:                         "must not be empty",
		"issuer: '', jwksUri: 'https://a.test/keys'":                            "issuer: must not be empty",
		"issuer: a, jwksUri: ''":                                                "jwksUri: must not be empty",
		"issuer: a, outputClaimToHeaders: [{header: a.b, claim: a}], " + keys:   "is not the name of a header",
		"issuer: a, outputClaimToHeaders: [{header: x, claim: ''}], " + keys:    "claim: must not be empty",
		"issuer: a, outputClaimToHeaders: [{header: 'x y', claim: a}], " + keys: "is not the name of a header",
		"issuer: a, timeout: 0s, " + keys:                                       "timeout",
		"issuer: a, outputPayloadToHeader: 'x y', " + keys:                      "",
	} {
		if got := problems(t, authentication(rule)); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", rule, got, want)
		}
	}
}

// TestClaimRoutes takes claims in the matches of rules for gateways, and no others.
func TestClaimRoutes(t *testing.T) {
	t.Parallel()
	rule := func(gateways, name string) string {
		return through("a", gateways, "a.test", `match: [{headers: {"`+name+`": {exact: a}}}], `+toCustomer)
	}
	const alone = "is only supported for gateway, found no gateways"
	for text, want := range map[string]string{
		rule("gw", "@request.auth.claims.a"):       "",
		rule("gw", "@request.auth.claims[a][b]"):   "",
		rule("mesh, gw", "@request.auth.claims.a"): "",
		rule("mesh", "@request.auth.claims.a"):     alone,
		rule("mesh", "@Request.Auth.Claims[a]"):    alone,
		rule("gw", "@request.auth.claims"):         "is not the name of a header",
		rule("gw", "@request.auth.claims[]"):       "is not the name of a header",
		rule("gw", "@request.auth.claims[a"):       "is not the name of a header",
	} {
		if got := problems(t, text); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
