package v1

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// kubernetesScheme begins how Istio calls a Secret of the cluster.
const kubernetesScheme = "kubernetes://"

// SecretName is how Istio calls a Secret of the cluster.
func SecretName(credential mesh.Name) string { return kubernetesScheme + credential.String() }

// CredentialName is the Secret that SecretName has called so.
func CredentialName(secret string) (mesh.Name, bool) {
	name, ok := strings.CutPrefix(secret, kubernetesScheme)
	namespace, own, _ := strings.Cut(name, "/")
	return mesh.Name{Namespace: namespace, Name: own}, ok
}

// authoritySuffix ends the name of a Secret with the authorities of another one.
const authoritySuffix = "-cacert"

// NotFound is what is wrong with a Secret that is not there.
const NotFound = "not found"

// Istio's names of the values of a Secret, the first that is there counts.
func certificateKeys() []string { return []string{"tls.crt", "cert"} }
func authorityKeys() []string   { return []string{"cacert", "ca.crt"} }

// first is the first value that a Secret has of some.
func first(c mesh.Credential, keys ...string) []byte { return c.Data[firstKey(c, keys)] }

func firstKey(c mesh.Credential, keys []string) string {
	for _, key := range keys {
		if len(c.Data[key]) > 0 {
			return key
		}
	}
	return ""
}

// LapsedCertificate says of the certificate that CertificateOf has that it is not valid now; "": it is.
func LapsedCertificate(t mesh.Topology, name mesh.Name) string {
	c, _ := t.Credential(name)
	return c.Lapsed[firstKey(c, certificateKeys())]
}

// LapsedAuthorities says the same of those that AuthoritiesOf has.
func LapsedAuthorities(t mesh.Topology, name mesh.Name) string {
	c, _ := authorityOf(t, name)
	return c.Lapsed[firstKey(c, authorityKeys())]
}

// authorityOf is the Secret that has the authorities for another one.
func authorityOf(t mesh.Topology, name mesh.Name) (mesh.Credential, bool) {
	c, ok := t.Credential(mesh.Name{Namespace: name.Namespace, Name: name.Name + authoritySuffix})
	if !ok {
		c, ok = t.Credential(name)
	}
	return c, ok
}

// CertificateOf is the certificate and key that a Secret has for a proxy, and what is wrong with it: "" if
// nothing is.
func CertificateOf(t mesh.Topology, name mesh.Name) (chain, key []byte, problem string) {
	c, ok := t.Credential(name)
	if !ok {
		return nil, nil, NotFound
	}
	chain, key = first(c, certificateKeys()...), first(c, "tls.key", "key")
	if len(chain) == 0 || len(key) == 0 {
		return nil, nil, lacking + "; found: " + shownKeys(c)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, nil, err.Error()
	}
	if problem := refusedKey(pair.Leaf); problem != "" {
		return nil, nil, problem
	}
	return chain, key, ""
}

// lacking begins what istiod says of a Secret without a certificate or its key.
const lacking = "found secret, but didn't have expected keys (cert and key) or (tls.crt and tls.key)"

// IsLacking reports whether a problem of CertificateOf is that there is no certificate, or no key of it.
func IsLacking(problem string) bool { return strings.HasPrefix(problem, lacking) }

// shownKeys are three of a Secret's keys, as istiod tells of them.
func shownKeys(c mesh.Credential) string {
	const most = 3
	keys := slices.Sorted(maps.Keys(c.Data))
	if len(keys) < most {
		return strings.Join(keys, ", ")
	}
	return fmt.Sprintf("%s, and %d more...", strings.Join(keys[:most], ", "), len(keys)-most)
}

// refused begins what is wrong with a certificate that istiod hands on, and Envoy does not take.
const refused = "Envoy refuses "

// IsRefused reports whether it is Envoy alone that does not take a certificate, of which CertificateOf has the
// problem: on a cluster neither istioctl nor the status of a Gateway says so.
func IsRefused(problem string) bool { return strings.HasPrefix(problem, refused) }

// leastRSABits is what Envoy wants of the keys of RSA, in bits.
const leastRSABits = 2048

// refusedKey is why Envoy does not take the key of a certificate; "": it does.
func refusedKey(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < leastRSABits {
			return fmt.Sprintf("%sits RSA key of %d bits, and takes those of %d bits and more", refused, bits, leastRSABits)
		}
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P224() {
			return refused + "its key of the curve P-224, and takes those of P-256, P-384 and P-521"
		}
	}
	return ""
}

// AuthoritiesOf are those that a Secret has for the other side's certificates, or the one beside it has that
// ends with -cacert, and what is wrong with them: "" if nothing is.
func AuthoritiesOf(t mesh.Topology, name mesh.Name) (roots []byte, problem string) {
	c, ok := authorityOf(t, name)
	if !ok {
		return nil, NotFound
	}
	roots = first(c, authorityKeys()...)
	if !x509.NewCertPool().AppendCertsFromPEM(roots) {
		return nil, "it has no authority for clients: key ca.crt"
	}
	return roots, ""
}

// AuthorityProblem is what istiod says of a Secret that a Gateway of the Gateway API has its authorities from: "" if
// nothing is wrong.
func AuthorityProblem(t mesh.Topology, name mesh.Name) string {
	c, ok := t.Credential(name)
	switch roots := first(c, authorityKeys()...); {
	case !ok:
		return NotFound
	case len(roots) == 0:
		return "found secret, but didn't have expected keys cacert or ca.crt; found: " + shownKeys(c)
	case !x509.NewCertPool().AppendCertsFromPEM(roots):
		return "the bundle is malformed"
	}
	return ""
}

// credential is what is wrong with the Secrets of a server, and with which of them: "" if nothing is.
func (r *resolver) credential(name mesh.Name, clients mesh.ClientProof) (secret mesh.Name, problem string) {
	_, _, problem = CertificateOf(r.topology, name)
	if problem != "" || clients == mesh.NoProof {
		return name, problem
	}
	c, _ := authorityOf(r.topology, name)
	if firstKey(c, authorityKeys()) == "" && c.Name == name { // nobody meant it to have authorities
		return mesh.Name{Namespace: name.Namespace, Name: name.Name + authoritySuffix}, NotFound
	}
	_, problem = AuthoritiesOf(r.topology, name)
	return c.Name, problem
}

// secretsOf are those that doors need, each once.
func secretsOf(t mesh.Topology, doors []mesh.SecureDoor) []mesh.Secret {
	found := map[string]mesh.Secret{}
	for _, d := range doors {
		if d.Closed {
			continue
		}
		if name, ok := CredentialName(d.Secret); ok {
			s := found[d.Secret]
			s.Name = d.Secret
			s.Chain, s.Key, _ = CertificateOf(t, name)
			found[d.Secret] = s
		}
		if name, ok := CredentialName(d.Authorities); ok {
			s := found[d.Authorities]
			s.Name = d.Authorities
			s.Roots, _ = AuthoritiesOf(t, name)
			found[d.Authorities] = s
		}
	}
	var list []mesh.Secret
	for _, name := range sortedKeys(found) {
		list = append(list, found[name])
	}
	return list
}
