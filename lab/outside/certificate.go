package outside

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"sync"
	"time"
)

// lifetime of all certificates; no lab runs as long.
const lifetime = 365 * 24 * time.Hour

// Authority signs a certificate for every name that it is asked for.
type Authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	host *ecdsa.PrivateKey // of all hosts

	mu     sync.Mutex
	issued map[string]*tls.Certificate
}

// NewAuthority makes one, with a new key.
func NewAuthority(now time.Time) (*Authority, error) {
	a := &Authority{issued: map[string]*tls.Certificate{}}
	for _, key := range []**ecdsa.PrivateKey{&a.key, &a.host} {
		var err error
		if *key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	template := certificate("Istio tutorial lab", now)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	a.cert, err = x509.ParseCertificate(der)
	return a, err
}

func certificate(name string, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"lab, for one run"}},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(lifetime),
	}
}

// PEM is the certificate, for those who are to believe the authority, and both with the key, for [ReadAuthority].
func (a *Authority) PEM() (certificate, whole []byte, err error) {
	certificate = pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: a.cert.Raw})
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	return certificate, append(certificate[:len(certificate):len(certificate)],
		pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: key})...), err
}

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// ReadAuthority takes over one whose certificate and key an earlier one has told.
func ReadAuthority(whole []byte) (*Authority, error) {
	pair, err := tls.X509KeyPair(whole, whole)
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key is not of an elliptic curve")
	}
	host, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &Authority{key: key, cert: pair.Leaf, host: host, issued: map[string]*tls.Certificate{}}, err
}

// issuedAtMost bounds what clients can make it remember.
const issuedAtMost = 1000

// certificate is that of the name that the client asks for, as GitHub's where it names none.
func (a *Authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := cmp.Or(hello.ServerName, githubHost)
	a.mu.Lock()
	defer a.mu.Unlock()
	if cert, ok := a.issued[name]; ok {
		return cert, nil
	}
	template := certificate(name, time.Now())
	template.DNSNames = []string{name}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, a.host.Public(), a.key)
	if err != nil {
		return nil, err
	}
	if len(a.issued) >= issuedAtMost {
		clear(a.issued)
	}
	a.issued[name] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.host}
	return a.issued[name], nil
}
