package xds_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds"
)

// partner is a host outside that takes no client without a certificate of an authority's.
func partner(t *testing.T, signer *identity.Signer, host string) (port string) {
	t.Helper()
	pair, err := signer.Host(host)
	own := keyPair(t, pair, err)
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(authorityOf(t, signer))
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			who = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		fmt.Fprintf(w, "%s asks for %s", who, r.TLS.ServerName)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: clients, ClientAuth: tls.VerifyClientCertIfGiven}
	if host == "strict.example" {
		s.TLS.ClientAuth = tls.RequireAndVerifyClientCert
	}
	s.Config.SetKeepAlivesEnabled(false) // what changes acts on new connections
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, err = net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// keyPair is what a server or a client shows of itself, as a signer made it.
func keyPair(t *testing.T, pair identity.Pair, err error) tls.Certificate {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	own, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	return own
}

func authorityOf(t *testing.T, signer *identity.Signer) []byte {
	t.Helper()
	ca, err := signer.Authority()
	if err != nil {
		t.Fatal(err)
	}
	return ca.Certificate
}

func newSigner(t *testing.T) *identity.Signer {
	t.Helper()
	signer, err := identity.NewSigner(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// secret is a Secret of the world's namespace: the certificate of a client, and the authority of servers.
func (w *world) secret(name string, client, servers *identity.Signer) mesh.Credential {
	w.t.Helper()
	pair, err := client.Client("ann")
	if err != nil {
		w.t.Fatal(err)
	}
	return mesh.Credential{
		Name: mesh.Name{Namespace: w.ns, Name: name},
		Data: map[string][]byte{"tls.crt": pair.Certificate, "tls.key": pair.Key, "ca.crt": authorityOf(w.t, servers)},
	}
}

// partnerRules lead calls of http://HOST to its encrypted port, by a policy for it.
func partnerRules(host, port, selector, policy string) string {
	return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: partner}
spec:
  hosts: [` + host + `]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: ` + port + `}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: partner}
spec:
  host: ` + host + selector + `
  trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {` + policy + `}}]}
`
}

// TestOriginatedTLS has a sidecar show a certificate of a Secret to a host outside, and look at the host's by
// the authorities of one; where a Secret does not fit, is not there, or is not for the sidecar, that is what
// the client meets.
func TestOriginatedTLS(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	ours, other := newSigner(t), newSigner(t)
	alone := w.secret("alone", ours, ours)
	delete(alone.Data, "ca.crt")
	beside := w.secret("alone-two", ours, ours)
	delete(beside.Data, "ca.crt")
	besides := w.secret("alone-two-cacert", ours, ours)
	w.top.Credentials = []mesh.Credential{
		w.secret("good", ours, ours), w.secret("strange", other, ours), w.secret("doubting", ours, other), alone, beside, besides,
		{Name: mesh.Name{Namespace: w.ns, Name: "authority"}, Data: map[string][]byte{"ca.crt": authorityOf(t, ours)}},
	}
	ports := map[string]string{"strict.example": partner(t, ours, "strict.example"), "easy.example": partner(t, ours, "easy.example")}
	const (
		chosen   = "\n  workloadSelector: {matchLabels: {app: customer}}"
		unknown  = "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED"
		nothing  = "TLS_error: Secret_is_not_supplied_by_SDS"
		unnamed  = "400 Client sent an HTTP request to an HTTPS server"
		required = "503 upstream connect error or disconnect/reset before headers"
	)
	for name, c := range map[string]struct {
		host, selector, policy, want string
	}{
		"both proven":               {"strict.example", chosen, "mode: MUTUAL, credentialName: good", "200 ann asks for strict.example"},
		"other name":                {"strict.example", chosen, "mode: MUTUAL, credentialName: good, sni: b.example", "200 ann asks for b.example"},
		"certificate of another":    {"strict.example", chosen, "mode: MUTUAL, credentialName: good, subjectAltNames: [b.example]", unknown},
		"unknown client":            {"strict.example", chosen, "mode: MUTUAL, credentialName: strange", required},
		"unknown server":            {"strict.example", chosen, "mode: MUTUAL, credentialName: doubting", unknown},
		"unknown server, unchecked": {"strict.example", chosen, "mode: MUTUAL, credentialName: doubting, insecureSkipVerify: true", "200 ann"},
		"no authority":              {"strict.example", chosen, "mode: MUTUAL, credentialName: alone", nothing},
		"authority beside":          {"strict.example", chosen, "mode: MUTUAL, credentialName: alone-two", "200 ann"},
		"no Secret":                 {"strict.example", chosen, "mode: MUTUAL, credentialName: absent", nothing},
		"no client certificate":     {"strict.example", chosen, "mode: MUTUAL, credentialName: authority", nothing},
		"server alone":              {"easy.example", chosen, "mode: SIMPLE, credentialName: authority", "200 nobody asks for easy.example"},
		"server alone, unknown":     {"easy.example", chosen, "mode: SIMPLE, credentialName: doubting", unknown},
		"server alone, required":    {"strict.example", chosen, "mode: SIMPLE, credentialName: authority", required},
		"system's authorities":      {"easy.example", chosen, "mode: SIMPLE", unknown},
		"for no sidecar":            {"easy.example", "", "mode: SIMPLE, credentialName: authority", unnamed},
		"for other pods":            {"easy.example", "\n  workloadSelector: {matchLabels: {app: other}}", "mode: SIMPLE, credentialName: authority", unnamed},
	} {
		w.mustPush(w.today(partnerRules(c.host, ports[c.host], c.selector, c.policy)))
		labtest.Until(t, func() error { // Envoy may still be looking for a Secret that is not there
			got := w.get(customer, "http://"+c.host+"/").String()
			if strings.HasPrefix(c.want, "TLS_error") && strings.HasPrefix(got, "503 ") {
				got = w.details()
			}
			if !strings.Contains(got, strings.ReplaceAll(c.want, "TLS_error: ", "TLS_error:_")) {
				return fmt.Errorf("%s: %s, want %s", name, got, c.want)
			}
			return nil
		})
	}
}

// details is what the access log says of the last request.
func (w *world) details() (said string) {
	w.t.Helper()
	log, err := os.ReadFile(filepath.Join(w.proxy.dir, "access"))
	if err != nil {
		w.t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		var entry struct{ Path, Details string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Path != "" {
			said = entry.Details
		}
	}
	return said
}

// TestOriginatedTLSFollows has a Secret act that comes later, is renewed, and goes.
func TestOriginatedTLSFollows(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	customer := w.pod("customer-v1", says("c"))
	ours, other := newSigner(t), newSigner(t)
	rule := partnerRules("strict.example", partner(t, ours, "strict.example"),
		"\n  workloadSelector: {matchLabels: {app: customer}}", "mode: MUTUAL, credentialName: later")
	builder := xds.NewBuilder(w.proxy.config()) // which knows what there was before
	half := w.secret("later", ours, ours)
	delete(half.Data, "ca.crt")
	for _, c := range []struct {
		name    string
		secrets []mesh.Credential
		want    string
	}{
		{"none", nil, "503"},
		{"bad", []mesh.Credential{w.secret("later", ours, other)}, "503"},
		{"good", []mesh.Credential{w.secret("later", ours, ours)}, "200 ann"},
		{"gone", nil, "200 ann"},
		{"without an authority", []mesh.Credential{half}, "200 ann"},
		{"bad again", []mesh.Credential{w.secret("later", ours, other)}, "503"},
		{"good again", []mesh.Credential{w.secret("later", ours, ours)}, "200 ann"},
	} {
		w.top.Credentials = c.secrets
		snapshot, err := builder.Build(w.today(rule))
		if err == nil {
			err = w.proxy.server.Push(t.Context(), snapshot)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := w.get(customer, "http://strict.example/").String(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestSecretComesLater has a rule that waits for its Secret, and calls meanwhile, again and again: Envoy owes an answer
// about each change.
func TestSecretComesLater(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	ours := newSigner(t)
	const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: later}
spec:
  host: recommendation
  workloadSelector: {matchLabels: {app: preference}}
  trafficPolicy: {tls: {mode: MUTUAL, credentialName: later}}
`
	builder := xds.NewBuilder(w.proxy.config())
	push := func(what string, m mesh.Mesh) {
		snapshot, err := builder.Build(m)
		if err == nil {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			err = w.proxy.server.Push(ctx, snapshot)
			cancel()
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for range 6 {
		w.top.Credentials = nil
		push("without the Secret", w.today(rule))
		if got := w.get(preference, "http://recommendation:8080/").status; got != 503 {
			t.Errorf("without the Secret: %d", got)
		}
		w.top.Credentials = []mesh.Credential{w.secret("later", ours, ours)}
		push("with it", w.today(rule))
		push("without the rule", w.today())
	}
}
