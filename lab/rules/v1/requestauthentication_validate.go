package v1

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/rules"
)

func (v *validator) requestAuthentication(a *security.RequestAuthentication) {
	v.selector(a.Selector)
	v.targets(a, a.Selector)
	for i, rule := range a.JwtRules {
		path := rules.At("spec.jwtRules", i)
		if rule.Issuer == "" && rule.JwksUri == "" {
			v.Fail(path, "issuer and jwksUri: one is missing")
		}
		for field, text := range map[string]string{"issuer": rule.Issuer, "jwksUri": rule.JwksUri} {
			if at := path + "." + field; v.Doc.Says(at) {
				v.NotEmpty(at, text)
			}
		}
		for j, audience := range rule.Audiences {
			v.NotEmpty(rules.At(path+".audiences", j), audience)
		}
		v.keys(path, rule)
		v.places(path, rule)
		v.told(path, rule)
	}
}

// keys are those of an issuer: they are looked up by its discovery document where a rule has none.
func (v *validator) keys(path string, rule *security.JWTRule) {
	if rule.JwksUri != "" {
		if problem := urlProblem(rule.JwksUri); problem != "" {
			v.Fail(path+".jwksUri", "%s", problem)
		}
		if rule.Jwks != "" {
			v.Fail(path+".jwks", "jwks and jwksUri exclude each other")
		}
		return
	}
	if rule.Jwks == "" {
		return
	}
	private, err := keySet(rule.Jwks)
	if err != nil {
		v.Fail(path+".jwks", "%w", err)
	}
	for _, i := range private {
		v.Warn(path+".jwks", rules.SchemaWarning, "Schema validation warning: jwks key at index %d contains "+
			"private key material; only public keys are used for verification", i)
	}
}

// urlProblem is what is wrong with the URL of a key set.
func urlProblem(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return err.Error()
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Sprintf("want http://HOST/… or https://HOST/…, not %s", rules.Quote(text))
	case u.Hostname() == "" || strings.ContainsAny(u.Hostname(), "*% "):
		return fmt.Sprintf("%s names no host", rules.Quote(text))
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Sprintf("port %s is not in 1-65535", port)
		}
	}
	return ""
}

// keySet looks at a JSON Web Key Set as Envoy does, which takes one if it can use any of its keys;
// private are the keys that have more in them than they should.
func keySet(text string) (private []int, err error) {
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		if json.NewDecoder(strings.NewReader(text)).Decode(&set) == nil { // istiod reads no further, and Envoy takes none of it
			return nil, fmt.Errorf("key set: %w: %w", err, rules.ErrUnsupported)
		}
		return nil, fmt.Errorf("key set: %w", err)
	}
	needed := map[string][]string{"RSA": {"n", "e"}, "EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}, "oct": {"k"}}
	usable := false
	for i, key := range set.Keys {
		lacks := func(name string) bool {
			text, ok := key[name].(string)
			return !ok || text == ""
		}
		kind, _ := key["kty"].(string)
		parts, known := needed[kind]
		usable = usable || known && !slices.ContainsFunc(parts, lacks)
		if !lacks("d") || !lacks("k") {
			private = append(private, i)
		}
	}
	if !usable {
		return private, fmt.Errorf("key set: none of its %d keys is a complete one of type RSA, EC, OKP or oct", len(set.Keys))
	}
	return private, nil
}

// places are where tokens are looked for.
func (v *validator) places(path string, rule *security.JWTRule) {
	for i, h := range rule.FromHeaders {
		v.AnyHeaderName(rules.At(path+".fromHeaders", i)+".name", h.Name)
		if strings.ContainsAny(h.Prefix, "\r\n\x00") {
			v.Fail(rules.At(path+".fromHeaders", i)+".prefix", "must not have line ends")
		}
	}
	for i, name := range rule.FromParams {
		v.NotEmpty(rules.At(path+".fromParams", i), name)
	}
	for i, name := range rule.FromCookies {
		v.NotEmpty(rules.At(path+".fromCookies", i), name)
	}
}

// told are the headers that tell the program of a token.
func (v *validator) told(path string, rule *security.JWTRule) {
	if rule.OutputPayloadToHeader != "" {
		v.AnyHeaderName(path+".outputPayloadToHeader", rule.OutputPayloadToHeader)
	}
	for i, c := range rule.OutputClaimToHeaders {
		at := rules.At(path+".outputClaimToHeaders", i)
		v.NotEmpty(at+".claim", c.Claim)
		if strings.Trim(strings.ToLower(c.Header), "-_0123456789abcdefghijklmnopqrstuvwxyz") != "" || c.Header == "" {
			v.Fail(at+".header", "%s is not the name of a header of letters, digits, - and _", rules.Quote(c.Header))
		}
		v.AnyHeaderName(at+".header", c.Header)
	}
	for i, name := range rule.SpaceDelimitedClaims {
		v.NotEmpty(rules.At(path+".spaceDelimitedClaims", i), name)
	}
}

func (i inspector) requestAuthenticationNotes(a requestAuthentication) []rules.Finding {
	labels := a.Spec.GetSelector().GetMatchLabels()
	if selects(a.Rule, labels, ingress().Workload) {
		return nil
	}
	return i.nobody(a.Rule, "spec.selector", labels)
}
