package identity

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
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
