package identity_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/mesh"
)

// clock is set by hand.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func newAuthority(t *testing.T, ttl time.Duration, c *clock) *identity.Authority {
	t.Helper()
	a, err := identity.NewAuthority(ttl, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func secret(t *testing.T, a *identity.Authority, name string, who mesh.Identity) mesh.Secret {
	t.Helper()
	s, err := a.Secret(name, who)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func leaf(t *testing.T, s mesh.Secret) *x509.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair(s.Chain, s.Key) // the key is that of the certificate
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func roots(s mesh.Secret) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.Roots)
	return pool
}

func TestCertificateProvesOneAccount(t *testing.T) {
	t.Parallel()
	c := &clock{time.Now()}
	a := newAuthority(t, 0, c)
	s := secret(t, a, "pod", mesh.Identity{Namespace: "istio-tutorial", Account: "customer"})
	cert := leaf(t, s)
	const want = "spiffe://cluster.local/ns/istio-tutorial/sa/customer"
	if len(cert.URIs) != 1 || cert.URIs[0].String() != want || len(cert.DNSNames) > 0 {
		t.Errorf("the certificate is of %v, %v; want %s alone", cert.URIs, cert.DNSNames, want)
	}
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if _, err := cert.Verify(x509.VerifyOptions{
			Roots: roots(s), CurrentTime: c.Time, KeyUsages: []x509.ExtKeyUsage{use},
		}); err != nil {
			t.Error(err)
		}
	}
	if cert.IsCA {
		t.Error("a pod could make certificates of its own")
	}
	if got := cert.NotAfter.Sub(c.Time).Round(time.Minute); got != time.Hour {
		t.Errorf("it holds for %s, want an hour", got)
	}
}

func TestLabsDoNotBelieveEachOther(t *testing.T) {
	t.Parallel()
	c := &clock{time.Now()}
	who := mesh.Identity{Namespace: "a", Account: "b"}
	one := secret(t, newAuthority(t, 0, c), "pod", who)
	other := secret(t, newAuthority(t, 0, c), "pod", who)
	if _, err := leaf(t, one).Verify(x509.VerifyOptions{Roots: roots(other)}); err == nil {
		t.Error("a certificate of another lab was believed")
	}
}

func TestRenewedAtHalfTime(t *testing.T) {
	t.Parallel()
	c := &clock{time.Now()}
	a := newAuthority(t, 10*time.Second, c)
	who := mesh.Identity{Namespace: "a", Account: "b"}
	first := secret(t, a, "pod", who)
	c.Time = c.Add(4 * time.Second)
	if again := secret(t, a, "pod", who); !bytes.Equal(again.Chain, first.Chain) || a.Due() {
		t.Error("it was renewed before half of its time")
	}
	c.Time = c.Add(2 * time.Second)
	if !a.Due() {
		t.Error("it is not due after more than half of its time")
	}
	next := secret(t, a, "pod", who)
	if bytes.Equal(next.Chain, first.Chain) || bytes.Equal(next.Key, first.Key) || a.Due() {
		t.Error("it was not renewed, with a new key")
	}
	if leaf(t, next).NotAfter.Before(leaf(t, first).NotAfter.Add(time.Second)) {
		t.Error("the new one does not hold longer")
	}
}

func TestAnotherAccountIsAnotherCertificate(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, 0, &clock{time.Now()})
	one := secret(t, a, "pod", mesh.Identity{Namespace: "a", Account: "b"})
	other := secret(t, a, "pod", mesh.Identity{Namespace: "a", Account: "c"})
	if bytes.Equal(one.Chain, other.Chain) {
		t.Error("the pod has the certificate of its former account")
	}
}

func TestForgetsWhoIsGone(t *testing.T) {
	t.Parallel()
	c := &clock{time.Now()}
	a := newAuthority(t, 10*time.Second, c)
	secret(t, a, "gone", mesh.Identity{Namespace: "a", Account: "b"})
	c.Time = c.Add(6 * time.Second)
	secret(t, a, "stays", mesh.Identity{Namespace: "a", Account: "b"})
	a.Forget()
	if a.Due() {
		t.Error("the certificate of a pod that is gone is still due")
	}
}

func TestRootIsNoKey(t *testing.T) {
	t.Parallel()
	s := secret(t, newAuthority(t, 0, &clock{time.Now()}), "pod", mesh.Identity{Namespace: "a", Account: "b"})
	b, rest := pem.Decode(s.Roots)
	if b == nil || b.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		t.Errorf("roots are %q", s.Roots)
	}
}
