package v1_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/mesh"
	v1 "istio-tutorial/lab/rules/v1"
)

// secretsFor is the topology with Secrets of the ingress: c for a host and its clients, and wrong with a key that is
// of another certificate.
func secretsFor(t *testing.T) mesh.Topology {
	t.Helper()
	signer, err := identity.NewSigner(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ca, err := signer.Authority()
	if err != nil {
		t.Fatal(err)
	}
	one, err := signer.Host("a.test")
	if err != nil {
		t.Fatal(err)
	}
	other, err := signer.Host("b.test")
	if err != nil {
		t.Fatal(err)
	}
	top := topology()
	add := func(name string, key []byte) {
		top.Credentials = append(top.Credentials, mesh.Credential{
			Name: mesh.Name{Namespace: "istio-system", Name: name},
			Data: map[string][]byte{"tls.crt": one.Certificate, "tls.key": key, "ca.crt": ca.Certificate},
		})
	}
	add("c", one.Key)
	add("wrong", other.Key)
	weak := weakPair(t)
	top.Credentials = append(top.Credentials, mesh.Credential{
		Name: mesh.Name{Namespace: "istio-system", Name: "weak"},
		Data: map[string][]byte{"tls.crt": weak.Certificate, "tls.key": weak.Key},
	})
	return top
}

// weakPair is a certificate of a key of RSA that is shorter than Envoy wants.
func weakPair(t *testing.T) identity.Pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"a.test"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return identity.Pair{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
	}
}

func secureServer(mode, secret string) string {
	return "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: istio-tutorial}\n" +
		"spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, " +
		"tls: {mode: " + mode + ", credentialName: " + secret + "}, hosts: [a.test]}]}\n"
}

// TestCredentials holds what is said of a Gateway's Secret, with istioctl's codes, and what becomes of the door. One
// that has expired is shown all the same, as istiod does.
func TestCredentials(t *testing.T) {
	t.Parallel()
	top, now := secretsFor(t), time.Now()
	const invalid = "IST0161 Error"
	for name, c := range map[string]struct {
		mode, secret string
		at           time.Time
		said         []string // in their order
		problem      string
	}{
		"fine":          {"MUTUAL", "c", now, nil, ""},
		"none":          {"SIMPLE", "nope", now, []string{"IST0101 Error"}, "Secret istio-system/nope: not found"},
		"another's key": {"SIMPLE", "wrong", now, []string{invalid}, "Secret istio-system/wrong: tls: private key does not match public key"},
		"weak": {
			"SIMPLE", "weak", now,
			[]string{"Warning (Gateway istio-tutorial/gw) the certificate of Secret istio-system/weak is not accepted: Envoy refuses its RSA key of 1024 bits"},
			"Secret istio-system/weak: Envoy refuses its RSA key of 1024 bits, and takes those of 2048 bits and more",
		},
		"expired":   {"SIMPLE", "c", now.AddDate(20, 0, 0), []string{invalid, "the certificate of Secret istio-system/c has expired, on 20"}, ""},
		"too early": {"SIMPLE", "c", now.AddDate(-1, 0, 0), []string{invalid, "is not valid before 20"}, ""},
		"expired authority": {
			"MUTUAL", "c", now.AddDate(20, 0, 0),
			[]string{invalid, "the certificate of", "the authority for clients of Secret istio-system/c has expired, on 20"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := load(t, secureServer(c.mode, c.secret))
			found := v1.Findings(set, top.At(c.at))
			if len(found) != len(c.said) {
				t.Fatalf("findings %v, want %q", found, c.said)
			}
			for i, want := range c.said {
				if got := fmt.Sprint(found[i]); !strings.Contains(got, want) {
					t.Errorf("finding %s, want %q", got, want)
				}
			}
			m := v1.Resolve(set, top.At(c.at))
			if len(m.Gateway.Secure) != 1 || m.Gateway.Secure[0].Problem != c.problem || m.Gateway.Secure[0].Closed {
				t.Errorf("doors %+v, want problem %q", m.Gateway.Secure, c.problem)
			}
			served := slices.ContainsFunc(m.Secrets, func(s mesh.Secret) bool { return len(s.Chain) > 0 })
			if served != (c.problem == "") {
				t.Errorf("secrets %v", m.Secrets)
			}
		})
	}
}

// TestMissingAuthority names the Secret that is wrong: that with the authorities where the certificate's own has none.
func TestMissingAuthority(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"":        "Secret istio-system/c-cacert: not found",
		"cacert":  "Secret istio-system/c: it has no authority for clients: key ca.crt",
		"-cacert": "Secret istio-system/c-cacert: it has no authority for clients: key ca.crt",
	} {
		top := secretsFor(t)
		own := &top.Credentials[0]
		delete(own.Data, "ca.crt")
		switch data {
		case "cacert":
			own.Data["cacert"] = []byte("garbage")
		case "-cacert":
			top.Credentials = append(top.Credentials, mesh.Credential{
				Name: mesh.Name{Namespace: "istio-system", Name: "c-cacert"}, Data: map[string][]byte{"ca.crt": []byte("garbage")},
			})
		}
		m := v1.Resolve(load(t, secureServer("MUTUAL", "c")), top)
		if len(m.Gateway.Secure) != 1 || m.Gateway.Secure[0].Problem != want {
			t.Errorf("%q: doors %+v, want %s", data, m.Gateway.Secure, want)
		}
	}
}

// TestRedirectsOfServer sends to https also who asks for a host that only a VirtualService names.
func TestRedirectsOfServer(t *testing.T) {
	t.Parallel()
	gw := strings.Replace(gatewayOf("gw", "ingressgateway", "*.test"), "protocol: HTTP}", "protocol: HTTP}, tls: {httpsRedirect: true}", 1)
	m := v1.Resolve(load(t, gw+through("vs", "gw", "a.test", toCustomer)), topology())
	want := mesh.Origin{From: "Gateway istio-tutorial/gw", Field: "spec.servers[0].tls"}
	if len(m.Gateway.Hosts) != 2 {
		t.Fatalf("hosts %+v", m.Gateway.Hosts)
	}
	for _, h := range m.Gateway.Hosts {
		if h.OnlyTLS != want {
			t.Errorf("%v: %+v", h.Names, h.OnlyTLS)
		}
	}
}
