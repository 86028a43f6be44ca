package show

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Secrets is the resource of what proxies prove themselves with, and whom they believe.
const Secrets = "dynamic_active_secrets"

// rootsSuffix marks authorities among them.
const rootsSuffix = "-cacert"

// inline is how Envoy shows a file that it was sent; keys it does not show.
type inline struct {
	Bytes []byte `json:"inline_bytes"`
}

// secretRows are istioctl's, and who the certificate is of.
func secretRows(data json.RawMessage) ([][]string, error) {
	var s struct {
		Name   string
		Secret struct {
			Certificate struct {
				Chain inline `json:"certificate_chain"`
			} `json:"tls_certificate"`
			Validation struct {
				Roots inline `json:"trusted_ca"`
			} `json:"validation_context"`
		}
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	name, kind, text := s.Name, "Cert Chain", s.Secret.Certificate.Chain.Bytes
	if strings.HasSuffix(name, rootsSuffix) {
		kind, text = "CA", s.Secret.Validation.Roots.Bytes
		if strings.HasPrefix(name, "default@") { // a proxy's own, which Istio calls so
			name = "ROOTCA"
		}
	}
	name = clientSecret(name)
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("secret %s: %w", s.Name, errors.New("no certificate"))
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", s.Name, err)
	}
	now := time.Now()
	isValid := !now.Before(c.NotBefore) && now.Before(c.NotAfter)
	who := ""
	if len(c.URIs) > 0 {
		who = c.URIs[0].String()
	}
	return [][]string{{
		name, kind, "ACTIVE", fmt.Sprint(isValid), fmt.Sprintf("%032x", c.SerialNumber),
		c.NotAfter.UTC().Format(time.RFC3339), c.NotBefore.UTC().Format(time.RFC3339), who,
	}}, nil
}

// clientSecret is how istioctl calls a Secret by which a sidecar calls others, kubernetes://NAME: it is one
// of the pod's namespace, and this pod's.
func clientSecret(name string) string {
	secret, pod, own := strings.Cut(name, "@")
	rest, ok := strings.CutPrefix(secret, kubernetesScheme)
	if !own || !ok {
		return name
	}
	_, short, _ := strings.Cut(rest, "/")
	if strings.HasSuffix(pod, rootsSuffix) {
		short += rootsSuffix
	}
	return kubernetesScheme + short
}

const kubernetesScheme = "kubernetes://"
