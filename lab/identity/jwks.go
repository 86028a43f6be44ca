package identity

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
)

// keySet is a JSON Web Key Set.
type keySet struct {
	Keys []publicKey `json:"keys"`
}

// publicKey is a key of type RSA in it.
type publicKey struct {
	Type      string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
}

// KeySet is the public key that checks the tutorial's tokens, as a JSON Web Key Set.
func KeySet() (string, error) {
	key, err := signingKey(tutorialPEM)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(keySet{[]publicKey{published(tutorialID, &key.PublicKey)}})
	return string(text), err
}

func published(id string, key *rsa.PublicKey) publicKey {
	encode := base64.RawURLEncoding.EncodeToString
	return publicKey{
		Type: "RSA", Use: "sig", Algorithm: "RS256", ID: id,
		Modulus: encode(key.N.Bytes()), Exponent: encode(big.NewInt(int64(key.E)).Bytes()),
	}
}

// usable reports whether Envoy takes a text for a key set: it needs one key of it.
func usable(text string) bool {
	var set struct{ Keys []map[string]any }
	return json.Unmarshal([]byte(text), &set) == nil && slices.ContainsFunc(set.Keys, isKey)
}

// isKey looks for the numbers that a key of its type has.
func isKey(key map[string]any) bool {
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool {
			text, _ := key[name].(string)
			number, err := base64.RawURLEncoding.DecodeString(text)
			return err != nil || len(number) == 0
		})
	}
	curve, _ := key["crv"].(string)
	switch key["kty"] {
	case "RSA":
		return has("n", "e")
	case "EC":
		return slices.Contains([]string{"P-256", "P-384", "P-521"}, curve) && has("x", "y")
	case "OKP":
		return curve == "Ed25519" && has("x")
	case "oct":
		return has("k")
	}
	return false
}
