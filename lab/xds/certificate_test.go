package xds_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/mesh"
	v1 "istio-tutorial/lab/rules/v1"
)

// selfSigned is a certificate of a.test with a key, and an authority of itself.
func selfSigned(t *testing.T, key crypto.Signer) identity.Pair {
	t.Helper()
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "a.test"}, DNSNames: []string{"a.test"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return identity.Pair{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

func keyOf[K crypto.Signer](t *testing.T) func(K, error) crypto.Signer {
	return func(key K, err error) crypto.Signer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
}

// TestKeysOfCertificates holds the lab's verdict on certificates, by the kinds of their keys, to Envoy's.
func TestKeysOfCertificates(t *testing.T) {
	t.Parallel()
	ec, rsaKey := keyOf[*ecdsa.PrivateKey](t), keyOf[*rsa.PrivateKey](t)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	for name, key := range map[string]crypto.Signer{
		"RSA 1024": rsaKey(rsa.GenerateKey(rand.Reader, 1024)),
		"RSA 2040": rsaKey(rsa.GenerateKey(rand.Reader, 2040)),
		"RSA 2048": rsaKey(rsa.GenerateKey(rand.Reader, 2048)),
		"P-224":    ec(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)),
		"P-256":    ec(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		"P-384":    ec(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		"P-521":    ec(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)),
		"Ed25519":  keyOf[ed25519.PrivateKey](t)(edKey, err),
	} {
		pair, secret := selfSigned(t, key), mesh.Name{Namespace: "istio-system", Name: "c"}
		w.top.Credentials = []mesh.Credential{{
			Name: secret, Data: map[string][]byte{"tls.crt": pair.Certificate, "tls.key": pair.Key},
		}}
		_, _, problem := v1.CertificateOf(w.top, secret)
		w.credential("c", "a.test")
		m := w.today(secureGateway(https("SIMPLE", "a.test")), routedTo("customer"))
		m.Secrets[0].Chain, m.Secrets[0].Key = pair.Certificate, pair.Key // past the lab's verdict
		if err := w.push(m); (err == nil) != (problem == "") || problem != "" && !v1.IsRefused(problem) {
			t.Errorf("%s: Envoy says %v, and the lab %q", name, err, problem)
		}
	}
}
