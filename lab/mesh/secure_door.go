package mesh

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Credential is a Secret of Kubernetes: what somebody proves themselves with.
type Credential struct {
	Name
	Type string
	Data map[string][]byte
	// Lapsed says of the certificates that are not valid now, by their keys, since or until when: see Topology.At.
	Lapsed map[string]string
}

// At is the topology at a time, at which certificates may have expired.
func (t Topology) At(now time.Time) Topology {
	t.Credentials = slices.Clone(t.Credentials)
	for i, c := range t.Credentials {
		t.Credentials[i] = c.At(now)
	}
	return t
}

// At is the Secret at a time. Of each value the first certificate counts, as for Istio.
func (c Credential) At(now time.Time) Credential {
	c.Lapsed = nil
	for _, key := range slices.Sorted(maps.Keys(c.Data)) {
		if text := lapsed(c.Data[key], now); text != "" {
			if c.Lapsed == nil {
				c.Lapsed = map[string]string{}
			}
			c.Lapsed[key] = text
		}
	}
	return c
}

// lapsed is "" for a certificate that is valid, and for what is none.
func lapsed(text []byte, now time.Time) string {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return ""
	}
	c, err := x509.ParseCertificate(block.Bytes)
	switch {
	case err != nil:
		return ""
	case now.After(c.NotAfter):
		return fmt.Sprintf("has expired, on %s", c.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(c.NotBefore):
		return fmt.Sprintf("is not valid before %s", c.NotBefore.UTC().Format(time.RFC3339))
	}
	return ""
}

// IsPrivate reports whether a value is a private key, by its name or by what it is.
func (c Credential) IsPrivate(key string) bool {
	return key == "tls.key" || key == "key" || bytes.Contains(c.Data[key], []byte("PRIVATE KEY"))
}

// Credential is the one of a name; false if there is none.
func (t Topology) Credential(name Name) (Credential, bool) {
	for _, c := range t.Credentials {
		if c.Name == name {
			return c, true
		}
	}
	return Credential{}, false
}

// SecureDoor is where the ingress takes encrypted connections, for some hosts.
type SecureDoor struct {
	// Name tells it from the others.
	Name string
	// Origin is the rule that opens it, and the part of it, which Called names: listener https.
	Origin
	Called string
	// Hosts are the names that clients ask for as they begin to encrypt (SNI); "*" is any, and
	// none at all.
	Hosts []string
	// Secret is the name of the certificate, among the mesh's; "": connections are led on as they are.
	Secret string
	// Problem is what is wrong with the secrets; "": nothing. Then the ingress goes on with those that it has from
	// before, if it has any, unless the door is Closed. Without it takes nobody in.
	Problem string
	Closed  bool
	// Clients are asked for a certificate, by the authorities of a secret, which may be the same.
	Clients     ClientProof
	Authorities string
	// Routed are the hosts that decrypted requests may ask for.
	Routed []VirtualHost
	// Through is where connections go that are led on as they are; one is picked by weight.
	Through []Destination
}

// ClientProof is whether clients show a certificate.
type ClientProof int

// The ways to ask clients.
const (
	NoProof ClientProof = iota
	MayProve
	MustProve
	// MayClaim asks for a certificate, and takes any.
	MayClaim
)
