package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Signer makes certificates that a reader keeps as files: of hosts, and of their clients.
type Signer struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	now  time.Time
}

// Pair is a certificate and its private key, as PEM.
type Pair struct{ Certificate, Key []byte }

// certificateLifetime is that of what a Signer makes.
const certificateLifetime = 90 * 24 * time.Hour

// NewSigner makes an authority.
func NewSigner(now time.Time) (*Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	s := &Signer{key: key, now: now}
	template, err := s.template("istio-tutorial authority")
	if err != nil {
		return nil, err
	}
	template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	s.cert, err = x509.ParseCertificate(der)
	return s, err
}

// ReadSigner is the authority of a pair that was kept.
func ReadSigner(p Pair, now time.Time) (*Signer, error) {
	pair, err := tls.X509KeyPair(p.Certificate, p.Key)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return nil, errors.New("authority: its certificate is none of an authority of this program")
	}
	return &Signer{key: key, cert: pair.Leaf, now: now}, nil
}

func (s *Signer) template(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true,
		NotBefore: s.now.Add(-early), NotAfter: s.now.Add(certificateLifetime),
	}, err
}

// Authority is the signer's own pair.
func (s *Signer) Authority() (Pair, error) { return paired(s.cert.Raw, s.key) }

// Host signs a certificate for names or addresses of a host.
func (s *Signer) Host(names ...string) (Pair, error) {
	template, err := s.template(names[0])
	if err != nil {
		return Pair{}, err
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return s.sign(template)
}

// Client signs a certificate for somebody who calls.
func (s *Signer) Client(name string) (Pair, error) {
	template, err := s.template(name)
	if err != nil {
		return Pair{}, err
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return s.sign(template)
}

func (s *Signer) sign(template *x509.Certificate) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, s.cert, key.Public(), s.key)
	if err != nil {
		return Pair{}, err
	}
	return paired(der, key)
}

func paired(der []byte, key *ecdsa.PrivateKey) (Pair, error) {
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{block("CERTIFICATE", der), block("PRIVATE KEY", private)}, nil
}
