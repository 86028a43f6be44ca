// Package identity says who somebody is, and proves it: the lab's authority gives the pods
// certificates that their proxies show each other, and tokens tell who has sent a request.
package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"sync"
	"time"

	"istio-tutorial/lab/mesh"
)

// Lifetime is how long a pod's certificate holds.
const Lifetime = time.Hour

const (
	// rootLifetime is that of the authority itself; no lab runs as long.
	rootLifetime = 365 * 24 * time.Hour
	// early is how far back a certificate begins, lest a clock that is late refuses it.
	early      = time.Minute
	serialBits = 128
)

// Authority is that of one lab. Its key is nowhere but in its memory.
type Authority struct {
	key  *ecdsa.PrivateKey
	root *x509.Certificate
	ttl  time.Duration
	now  func() time.Time

	mu     sync.Mutex
	issued map[string]issued // by the secret's name
}

type issued struct {
	mesh.Secret
	to    mesh.Identity
	renew time.Time
}

// NewAuthority makes an authority whose certificates hold for a time; 0 is Lifetime.
func NewAuthority(ttl time.Duration, now func() time.Time) (*Authority, error) {
	if ttl == 0 {
		ttl = Lifetime
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	a := &Authority{key: key, ttl: ttl, now: now, issued: map[string]issued{}}
	template, err := a.template(rootLifetime)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	template.Subject = pkix.Name{Organization: []string{mesh.Domain}}
	template.IsCA = true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	a.root, err = x509.ParseCertificate(der)
	return a, err
}

func (a *Authority) template(ttl time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, err
	}
	now := a.now()
	return &x509.Certificate{
		SerialNumber: serial, NotBefore: now.Add(-early), NotAfter: now.Add(ttl), BasicConstraintsValid: true,
	}, nil
}

// Secret is the certificate of a proxy, under a name: the same, until half of its time is over.
func (a *Authority) Secret(name string, who mesh.Identity) (mesh.Secret, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if have, ok := a.issued[name]; ok && have.to == who && now.Before(have.renew) {
		return have.Secret, nil
	}
	s, err := a.issue(name, who)
	if err != nil {
		return mesh.Secret{}, fmt.Errorf("certificate of %s: %w", who.Principal(), err)
	}
	a.issued[name] = issued{s, who, now.Add(a.ttl / 2)}
	return s, nil
}

func (a *Authority) issue(name string, who mesh.Identity) (mesh.Secret, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return mesh.Secret{}, err
	}
	template, err := a.template(a.ttl)
	if err != nil {
		return mesh.Secret{}, err
	}
	uri, err := url.Parse(who.URI())
	if err != nil {
		return mesh.Secret{}, err
	}
	template.URIs = []*url.URL{uri}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, key.Public(), a.key)
	if err != nil {
		return mesh.Secret{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return mesh.Secret{}, err
	}
	return mesh.Secret{
		Name: name, Chain: block("CERTIFICATE", der), Key: block("PRIVATE KEY", private),
		Roots: block("CERTIFICATE", a.root.Raw),
	}, nil
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Due reports whether it is time to renew a certificate.
func (a *Authority) Due() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, i := range a.issued {
		if !a.now().Before(i.renew) {
			return true
		}
	}
	return false
}

// Forget drops those that are due: after all proxies have asked for theirs, nobody needs them.
func (a *Authority) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.issued, func(_ string, i issued) bool { return !a.now().Before(i.renew) })
}

// Often is how often to ask whether a certificate is due.
func (a *Authority) Often() time.Duration { return a.ttl / 10 }
