package identity

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"strings"
	"time"
)

const (
	// Issuer is who the tutorial's tokens say has made them, and Subject whom they are about.
	Issuer  = "https://tokens.example"
	Subject = "learner"

	tutorialID, otherID = "tutorial", "other"
)

// The keys are public on purpose, so that rule files of the repository hold for the tokens of any
// lab, and on a cluster: they protect nothing.
var (
	//go:embed public-on-purpose.pem
	tutorialPEM string
	//go:embed public-on-purpose-other.pem
	otherPEM string
)

// Token is what a token says.
type Token struct {
	Issuer    string
	Audiences []string // none: the token is for anybody
	Claims    map[string]any
	From      time.Time
	Until     time.Time
	// OtherKey signs with a key that is not in KeySet.
	OtherKey bool
}

// Sign makes a JSON Web Token of it. Claims may be any but those of the fields.
func (t Token) Sign() (string, error) {
	id, text := tutorialID, tutorialPEM
	if t.OtherKey {
		id, text = otherID, otherPEM
	}
	key, err := signingKey(text)
	if err != nil {
		return "", err
	}
	head, err := encoded(map[string]any{"alg": "RS256", "kid": id, "typ": "JWT"})
	if err != nil {
		return "", err
	}
	body, err := encoded(t.claims())
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(head + "." + body))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	return head + "." + body + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func (t Token) claims() map[string]any {
	claims := map[string]any{"sub": Subject}
	maps.Copy(claims, t.Claims)
	claims["iss"] = t.Issuer
	claims["iat"], claims["exp"] = t.From.Unix(), t.Until.Unix()
	switch len(t.Audiences) {
	case 0:
	case 1:
		claims["aud"] = t.Audiences[0]
	default:
		claims["aud"] = t.Audiences
	}
	return claims
}

func encoded(part map[string]any) (string, error) {
	var text strings.Builder
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	err := out.Encode(part)
	return base64.RawURLEncoding.EncodeToString([]byte(strings.TrimSuffix(text.String(), "\n"))), err
}

func signingKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("signing key: no PEM block")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("signing key: not of type RSA")
	}
	return signer, nil
}
