package mesh

import "bytes"

// Credential is a Secret of Kubernetes: what somebody proves themselves with.
type Credential struct {
	Name
	Type string
	Data map[string][]byte
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
