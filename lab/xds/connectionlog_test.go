package xds_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/traffic/cause"
)

// refused waits for the next line about a connection behind those that were read, and says what it has.
func (w secureWorld) refused(before int) (string, int) {
	w.t.Helper()
	var list []*envoy.Connection
	labtest.Until(w.t, func() error {
		list = nil
		text, err := os.ReadFile(filepath.Join(w.proxy.dir, "access"))
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if !envoy.IsConnection(line) {
				continue
			}
			one, err := envoy.ParseConnection(line)
			if err != nil {
				return err
			}
			list = append(list, one)
		}
		if len(list) <= before {
			return fmt.Errorf("%d lines about connections, want more than %d", len(list), before)
		}
		return nil
	})
	e := list[before]
	if e.ID == "" || e.Client == "" || e.Pod != "ingress" || time.Since(e.Time) > time.Hour {
		w.t.Errorf("not told: %+v", e)
	}
	problem := ""
	if e.TLS != "" {
		problem, _ = cause.TLSProblem(e.TLS)
	}
	door := "no door"
	if e.Door != "" {
		door = "a door"
	}
	return fmt.Sprintf("%s for %q, %s: %s", door, e.SNI, e.Flags, problem), len(list)
}

// raw sends what is no TLS, and waits until the ingress hangs up.
func (w secureWorld) raw(text string) {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.proxy.secure)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		w.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, conn) // a reset is an end, too
}

// TestRefusedConnections has a line for each connection that the ingress refuses, with what is wrong, and none for
// those that it takes.
func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	w.credential("c", "a.test")
	w.mustPush(w.today(secureGateway(https("MUTUAL", "a.test")), routedTo("customer")))
	other, err := identity.NewSigner(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	asks := func(url string, certificates ...tls.Certificate) func() {
		return func() { w.asked(w.client(certificates...), url) }
	}
	unbelieving := w
	unbelieving.roots = nil
	ann := w.proof("ann")
	read := 0
	for _, x := range []struct {
		what string
		do   func()
		want string
	}{
		{"a host of no server", asks("https://b.test"), `no door for "b.test", NR: `},
		{"no certificate", asks("https://a.test"), `a door for "a.test", -: it sent no certificate`},
		{"another authority's", asks("https://a.test", proofOf(t, other, "eve")), `a door for "a.test", -: no authority that is believed has signed its certificate`},
		{"an unbelieving client", func() { unbelieving.asked(unbelieving.client(ann), "https://a.test") }, `a door for "a.test", -: it does not believe the certificate that it got`},
		{"plain text", func() { w.raw("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n") }, `no door for "", NR: it does not speak TLS`},
		{"other bytes", func() { w.raw("SSH-2.0-x\r\n") }, `no door for "", NR: it does not speak TLS`},
	} {
		if got := w.asked(w.client(ann), "https://a.test"); got != "200 c" {
			t.Errorf("before %s: %s", x.what, got)
		}
		x.do()
		got, all := w.refused(read)
		if got != x.want || all != read+1 {
			t.Errorf("%s: %s, line %d, want %s, line %d", x.what, got, all, x.want, read+1)
		}
		read = all
	}
	w.mustPush(w.today(secureGateway(https("SIMPLE", "'*'")), routedTo("customer")))
	w.raw("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
	if got, _ := w.refused(read); got != `a door for "", -: it does not speak TLS` {
		t.Errorf("plain text to a server for all hosts: %s", got)
	}
}
