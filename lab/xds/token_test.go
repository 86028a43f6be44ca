package xds_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/identity"
)

// signed is a token that holds for an hour, changed.
func signed(t *testing.T, change func(*identity.Token)) string {
	t.Helper()
	token := identity.Token{Issuer: identity.Issuer, From: time.Now(), Until: time.Now().Add(time.Hour)}
	if change != nil {
		change(&token)
	}
	text, err := token.Sign()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func withClaims(claims map[string]any) func(*identity.Token) {
	return func(t *identity.Token) { t.Claims = claims }
}

// requestAuthentication takes tokens of the tutorial's issuer; more are further fields of its rule.
func requestAuthentication(t *testing.T, selector, more string) string {
	t.Helper()
	keys, err := identity.KeySet()
	if err != nil {
		t.Fatal(err)
	}
	return "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: tokens" +
		selector + "\n  jwtRules:\n  - issuer: " + identity.Issuer + "\n    jwks: '" + keys + "'\n" + more
}

const everyPod = "}\nspec:"

// bearing is what a request with a token has in its header.
func bearing(token string) string { return "authorization: Bearer " + token }

// sees answers with some headers of a request, and what its query is.
func sees(names ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, name := range names {
			fmt.Fprintf(w, "%s=%s ", name, r.Header.Get(name))
		}
	}
}

// TestTokens holds what a server makes of a token, in Envoy's words, and that none passes.
func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("preference-v1", says("p"))
	w.mustPush(w.today(requestAuthentication(t, everyPod, "    audiences: [lesson]\n")))
	for name, c := range map[string]struct {
		header, want string
	}{
		"none":           {"x-a: b", "200 p"},
		"good":           {bearing(signed(t, func(k *identity.Token) { k.Audiences = []string{"lesson"} })), "200 p"},
		"second of two":  {bearing(signed(t, func(k *identity.Token) { k.Audiences = []string{"a", "lesson"} })), "200 p"},
		"other audience": {bearing(signed(t, func(k *identity.Token) { k.Audiences = []string{"a"} })), "403 Audiences in Jwt are not allowed"},
		"no audience":    {bearing(signed(t, nil)), "403 Audiences in Jwt are not allowed"},
		"other key":      {bearing(signed(t, func(k *identity.Token) { k.Audiences, k.OtherKey = []string{"lesson"}, true })), "401 Jwks doesn't have key to match kid or alg from Jwt"},
		"expired":        {bearing(signed(t, func(k *identity.Token) { k.Until = time.Now().Add(-2 * time.Minute) })), "401 Jwt is expired"},
		"other issuer":   {bearing(signed(t, func(k *identity.Token) { k.Issuer = "a" })), "401 Jwt issuer is not configured"},
		"no token":       {bearing("a"), "401 Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"},
	} {
		if got := w.get(customer, "http://preference:8080", c.header).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestClaimsOfPolicies asks what policies want of tokens, which only a policy does.
func TestClaimsOfPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("preference-v1", says("p"))
	token := bearing(signed(t, withClaims(map[string]any{
		"sub": "ann", "azp": "web", "role": "admin", "groups": []string{"a", "b"}, "scope": "read write",
		"inner": map[string]any{"deep": "x"},
	})))
	const denied, fine = "403 RBAC: access denied", "200 p"
	when := func(key, values string) string {
		return "{rules: [{when: [{key: '" + key + "', " + values + "}]}]}"
	}
	from := func(source string) string { return "{rules: [{from: [{source: {" + source + "}}]}]}" }
	for name, c := range map[string]struct {
		policy, header, want string
	}{
		"any token":             {from("requestPrincipals: ['*']"), token, fine},
		"no token":              {from("requestPrincipals: ['*']"), "x-a: b", denied},
		"no token wanted":       {from("notRequestPrincipals: ['*']"), "x-a: b", fine},
		"bearer":                {from("requestPrincipals: [" + identity.Issuer + "/ann]"), token, fine},
		"other bearer":          {from("requestPrincipals: [" + identity.Issuer + "/bob]"), token, denied},
		"issuer's":              {from("requestPrincipals: [" + identity.Issuer + "/*]"), token, fine},
		"by the begin":          {from("requestPrincipals: ['https://tok*']"), token, denied}, // cut at the last slash
		"by the end":            {from("requestPrincipals: ['*nn']"), token, fine},
		"any issuer's":          {from("requestPrincipals: ['*/ann']"), token, fine},
		"part of a name":        {from("requestPrincipals: ['*/an']"), token, denied},
		"principal":             {when("request.auth.principal", "values: ['*/ann']"), token, fine},
		"not the principal":     {when("request.auth.principal", "notValues: ['*/ann']"), token, denied},
		"claim":                 {when("request.auth.claims[role]", "values: [admin]"), token, fine},
		"claim's begin":         {when("request.auth.claims[role]", "values: ['ad*']"), token, fine},
		"claim's end":           {when("request.auth.claims[role]", "values: ['*min']"), token, fine},
		"claim there":           {when("request.auth.claims[role]", "values: ['*']"), token, fine},
		"claim not there":       {when("request.auth.claims[other]", "values: ['*']"), token, denied},
		"other claim":           {when("request.auth.claims[role]", "values: [user]"), token, denied},
		"not that claim":        {when("request.auth.claims[role]", "notValues: [user]"), token, fine},
		"one of a list":         {when("request.auth.claims[groups]", "values: [b]"), token, fine},
		"none of a list":        {when("request.auth.claims[groups]", "values: [c]"), token, denied},
		"part of a scope":       {when("request.auth.claims[scope]", "values: [write]"), token, fine},
		"inner claim":           {when("request.auth.claims[inner][deep]", "values: [x]"), token, fine},
		"presenter":             {when("request.auth.presenter", "values: [web]"), token, fine},
		"audiences":             {when("request.auth.audiences", "values: [web]"), token, denied},
		"deny without a token":  {"{action: DENY, " + from("notRequestPrincipals: ['*']")[1:], "x-a: b", denied},
		"deny, but for a token": {"{action: DENY, " + from("notRequestPrincipals: ['*']")[1:], token, fine},
	} {
		w.mustPush(w.today(requestAuthentication(t, everyPod, ""), policyText("p", c.policy)))
		if got := w.get(customer, "http://preference:8080", c.header).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestTokenPlaces finds tokens where a rule says, and tells programs what it says.
func TestTokenPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("preference-v1", sees("authorization", "x-jwt", "x-role", "x-claims"))
	token := signed(t, withClaims(map[string]any{"role": "admin"}))
	bad := signed(t, func(k *identity.Token) { k.Issuer = "a" })
	const unsaid = "200 authorization= x-jwt= x-role= x-claims= "
	for name, c := range map[string]struct {
		more, query, header, want string
	}{
		"taken away":     {"", "", bearing(token), unsaid},
		"forwarded":      {"    forwardOriginalToken: true\n", "", bearing(token), "200 authorization=Bearer " + token + " x-jwt= x-role= x-claims= "},
		"told":           {"    outputClaimToHeaders: [{header: x-role, claim: role}]\n", "", bearing(token), "200 authorization= x-jwt= x-role=admin x-claims= "},
		"told none":      {"    outputClaimToHeaders: [{header: x-role, claim: role}]\n", "", "x-role: admin", unsaid},
		"all told":       {"    outputPayloadToHeader: x-claims\n", "", bearing(token), "200 authorization= x-jwt= x-role= x-claims=" + strings.Split(token, ".")[1] + " "},
		"in a header":    {"    fromHeaders: [{name: x-jwt, prefix: 'My '}]\n", "", "x-jwt: My " + bad, "401 Jwt issuer is not configured"},
		"good there":     {"    fromHeaders: [{name: x-jwt, prefix: 'My '}]\n", "", "x-jwt: My " + token, unsaid},
		"elsewhere":      {"    fromHeaders: [{name: x-jwt, prefix: 'My '}]\n", "", bearing(bad), "200 authorization=Bearer " + bad + " x-jwt= x-role= x-claims= "},
		"in a parameter": {"    fromParams: [t]\n", "?t=" + bad, "x-a: b", "401 Jwt issuer is not configured"},
		"by default":     {"", "?access_token=" + bad, "x-a: b", "401 Jwt issuer is not configured"},
		"in a cookie":    {"    fromCookies: [c]\n", "", "cookie: c=" + bad, "401 Jwt issuer is not configured"},
	} {
		w.mustPush(w.today(requestAuthentication(t, everyPod, c.more)))
		if got := w.get(customer, "http://preference:8080/"+c.query, c.header).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestBadTokens refuses whatever is no token of the issuer, and Envoy lives on.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("preference-v1", says("p"))
	w.mustPush(w.today(requestAuthentication(t, everyPod, "")))
	good := signed(t, withClaims(map[string]any{"role": "admin"}))
	parts := strings.Split(good, ".")
	keys, err := identity.KeySet()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	mac := func(head string) string {
		sum := hmac.New(sha256.New, []byte(keys))
		sum.Write([]byte(head + "." + parts[1]))
		return head + "." + parts[1] + "." + encode(sum.Sum(nil))
	}
	headed := func(head string) string { return encode([]byte(head)) + "." + parts[1] + "." + parts[2] }
	twice := encode([]byte(`{"iss":"a","iss":"` + identity.Issuer + `","sub":"x","exp":99999999999}`))
	for name, token := range map[string]string{
		"no algorithm":          encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + ".",
		"no algorithm, capital": encode([]byte(`{"alg":"None","typ":"JWT"}`)) + "." + parts[1] + ".",
		"public key as secret":  mac(encode([]byte(`{"alg":"HS256","kid":"tutorial","typ":"JWT"}`))),
		"unknown algorithm":     headed(`{"alg":"XX1"}`),
		"other algorithm":       headed(`{"alg":"RS512","kid":"tutorial"}`),
		"wrong key's name":      headed(`{"alg":"RS256","kid":"wrong"}`),
		"truncated":             good[:len(good)-10],
		"without a signature":   parts[0] + "." + parts[1] + ".",
		"without claims":        parts[0] + ".." + parts[2],
		"claims of no JSON":     parts[0] + "." + encode([]byte("{")) + "." + parts[2],
		"claims of a list":      parts[0] + "." + encode([]byte("[1]")) + "." + parts[2],
		"other claims":          parts[0] + "." + encode([]byte(`{"iss":"`+identity.Issuer+`"}`)) + "." + parts[2],
		"claims given twice":    parts[0] + "." + twice + "." + parts[2],
		"not yet":               signed(t, withClaims(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})),
		"a text as a time":      signed(t, withClaims(map[string]any{"nbf": "tomorrow"})),
		"letters of no base64":  "!.!.!",
		"four parts":            good + ".a",
		"deep":                  encode([]byte(strings.Repeat(`{"a":`, 2000))) + "." + parts[1] + "." + parts[2],
		"large":                 parts[0] + "." + strings.Repeat("A", 40_000) + "." + parts[2],
	} {
		if got := w.get(customer, "http://preference:8080", bearing(token)); got.status != http.StatusUnauthorized {
			t.Errorf("%s: %s", name, got)
		}
	}
	huge := parts[0] + "." + strings.Repeat("A", 1<<20) + "." + parts[2]
	if got := w.get(customer, "http://preference:8080", bearing(huge)); got.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("1 MB: %s", got)
	}
	if got := w.get(customer, "http://preference:8080", bearing(good)).String(); got != "200 p" {
		t.Errorf("a good one in the end: %s", got)
	}
}

// TestTwoIssuers takes tokens of either, and of nobody else.
func TestTwoIssuers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("preference-v1", says("p"))
	first := requestAuthentication(t, everyPod, "")
	w.mustPush(w.today(first, strings.NewReplacer("name: tokens", "name: more", identity.Issuer, "b").Replace(first)))
	for issuer, want := range map[string]string{identity.Issuer: "200 p", "b": "200 p", "c": "401 Jwt issuer is not configured"} {
		token := signed(t, func(k *identity.Token) { k.Issuer = issuer })
		if got := w.get(customer, "http://preference:8080", bearing(token)).String(); got != want {
			t.Errorf("%s: %s, want %s", issuer, got, want)
		}
	}
	if got := w.get(customer, "http://preference:8080").String(); got != "200 p" {
		t.Errorf("no token: %s", got)
	}
}
