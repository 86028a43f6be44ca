package daemon_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
)

// secureFiles are a Secret of the ingress, and a Gateway that names it.
func secureFiles(t *testing.T) (secret, gateway objects.File) {
	t.Helper()
	signer, err := identity.NewSigner(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := signer.Host("a.test")
	if err != nil {
		t.Fatal(err)
	}
	secret = objects.File{Name: "secret.yml", Data: fmt.Appendf(nil, "apiVersion: v1\nkind: Secret\n"+
		"metadata: {name: c, namespace: istio-system}\nstringData: {tls.crt: %q, tls.key: %q}\n", pair.Certificate, pair.Key)}
	gateway = objects.File{Name: "gateway.yml", Data: []byte("apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: gw}\n" +
		"spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, " +
		"tls: {mode: SIMPLE, credentialName: c}, hosts: [a.test]}]}\n")}
	return secret, gateway
}

// TestTakenTLS says who has the port for TLS, when the first Gateway wants it and when a lab that insists on it starts.
func TestTakenTLS(t *testing.T) {
	t.Parallel()
	l := up(t, func(c *daemon.Config) { c.Edition, c.ListenTLS = objects.V1, "127.0.0.1:0" })
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("tcp", s.Secure)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%s, for TLS, is taken by daemon.test, pid %d: end that, or start the lab with --listen-tls 127.0.0.1:0, "+
		"for any free port", s.Secure, os.Getpid())
	secret, gateway := secureFiles(t)
	apply := func() error {
		_, err := l.Change(t.Context(), control.Change{Verb: objects.Apply, Files: []objects.File{secret, gateway}, Namespace: namespace})
		return err
	}
	if err := apply(); err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "bind") {
		t.Errorf("error %v, want %s", err, want)
	}
	second, err := config(newFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	second.ListenTLS, second.InsistTLS = s.Secure, true
	if err := daemon.Run(t.Context(), second); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("a second lab: error %v, want %s", err, want)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, apply) // Envoy may still be about to go back
	if s, err = l.Status(t.Context()); err != nil || len(s.Doors) != 1 || !s.Doors[0].Open || s.Doors[0].Problem != "" {
		t.Errorf("doors %+v, %v", s.Doors, err)
	}
}

// TestOutlivedSecret says once that the ingress goes on with a certificate whose Secret is gone.
func TestOutlivedSecret(t *testing.T) {
	t.Parallel()
	l := up(t, func(c *daemon.Config) { c.Edition, c.ListenTLS = objects.V1, "127.0.0.1:0" })
	secret, gateway := secureFiles(t)
	do := func(verb objects.Verb, f objects.File) string {
		results, err := l.Change(t.Context(), control.Change{Verb: verb, Files: []objects.File{f}, Namespace: namespace})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(results[0].Warnings)
	}
	const goesOn = "goes on with the certificate that it has"
	do(objects.Apply, secret)
	do(objects.Apply, gateway)
	if said := do(objects.Delete, secret); strings.Count(said, goesOn) != 1 {
		t.Errorf("as it goes: %s", said)
	}
	const stillWrong = "server https of Gateway istio-tutorial/gw still has not what it needs: Secret istio-system/c: "
	wrong := objects.File{Name: "wrong.yml", Data: []byte(strings.Replace(string(secret.Data), "tls.key", "tls.nokey", 1))}
	if said := do(objects.Apply, wrong); !strings.Contains(said, stillWrong) {
		t.Errorf("a wrong one: %s", said)
	}
	wrong.Data = []byte(strings.Replace(string(wrong.Data), "tls.nokey", "key.tls", 1))
	if said := do(objects.Apply, wrong); !strings.Contains(said, stillWrong) {
		t.Errorf("a second wrong one: %s", said)
	}
	if said := do(objects.Apply, secret); strings.Contains(said, "needs") {
		t.Errorf("the right one: %s", said)
	}
	do(objects.Delete, secret)
	do(objects.Delete, gateway)
	if said := do(objects.Apply, gateway); strings.Contains(said, goesOn) || !strings.Contains(said, "IST0101") {
		t.Errorf("a new Gateway: %s", said)
	}
	if s, err := l.Status(t.Context()); err != nil || len(s.Doors) != 1 || s.Doors[0].Open || s.Doors[0].Problem == "" {
		t.Errorf("doors %+v, %v", s.Doors, err)
	}
}
