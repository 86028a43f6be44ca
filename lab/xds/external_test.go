package xds_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/outside"
)

// outsideProxy is a proxy whose calls out of the mesh reach stand-ins.
func outsideProxy(t *testing.T) *proxy {
	t.Helper()
	p := ownProxy(t)
	there, err := outside.Start(p.authorities)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = there.Close(t.Context()) }) // which is over: at once
	p.outside = there.Address
	return p
}

// TestOutside reaches external hosts by the rules alone, one of them over TLS.
func TestOutside(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	for _, url := range []string{"http://httpbin.org/headers", "http://api.github.com:443/users"} {
		w.mustPush(w.mesh())
		if got := w.get(customer, url).String(); got != "404 " {
			t.Errorf("%s without a rule: %s", url, got)
		}
		w.mustPush(w.mesh("egress_httpbin.yml", "egress_github.yml"))
		a := w.get(customer, url, "x-lab-caller: me")
		if a.status != 200 || strings.Contains(strings.ToLower(a.body), "x-lab-caller") {
			t.Errorf("%s: %s", url, a)
		}
	}
}

// TestTLS checks the certificate of the peer where the mesh says so.
func TestTLS(t *testing.T) {
	t.Parallel()
	p := outsideProxy(t)
	there, w := p.outside, newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	strange := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "sni "+r.TLS.ServerName)
	}))
	strange.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	strange.StartTLS()
	defer strange.Close()
	for _, c := range []struct {
		name    string
		address func(mesh.ExternalHost) string
		tls     mesh.TLS
		want    string
	}{
		{"known authority", there, mesh.TLS{SNI: "api.github.com", Verify: true}, "200"},
		{"known authority, unchecked", there, mesh.TLS{SNI: "api.github.com"}, "200"},
		{"unknown authority", at(strange), mesh.TLS{SNI: "api.github.com", Verify: true}, "503"},
		{"unknown authority, unchecked", at(strange), mesh.TLS{SNI: "x.example"}, "200 sni x.example"},
		{"no name", at(strange), mesh.TLS{}, "200 sni "},
	} {
		p.outside, p.builder = c.address, nil // a lab's Config does not change
		m := w.mesh("egress_github.yml")
		for i := range m.Sidecars {
			for j := range m.Sidecars[i].Outbound.Clusters {
				if policy := &m.Sidecars[i].Outbound.Clusters[j].Policy; policy.TLS != nil {
					policy.TLS = &c.tls
				}
			}
		}
		w.mustPush(m)
		if got := w.get(customer, "http://api.github.com:443/users").String(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func at(s *httptest.Server) func(mesh.ExternalHost) string {
	return func(mesh.ExternalHost) string { return s.Listener.Addr().String() }
}

// TestNames resolves a name where nothing stands in for the host, and takes a name that nobody
// knows without delay.
func TestNames(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	local := httptest.NewServer(says("here"))
	defer local.Close()
	_, port, err := net.SplitHostPort(local.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	const rule = `
apiVersion: config.istio.io/v1alpha2
kind: EgressRule
metadata:
  name: %s
spec:
  destination:
    service: %s
  ports:
  - port: %s
    protocol: http
`
	w.apply(fmt.Sprintf(rule, "here", "localhost", port), fmt.Sprintf(rule, "nowhere", "nowhere.invalid", "80"))
	labtest.Until(t, func() error { // the name is looked up when the rule is loaded
		if got := w.get(customer, "http://localhost:"+port).String(); got != "200 here" {
			return fmt.Errorf("localhost: %s", got)
		}
		return nil
	})
	if got := w.get(customer, "http://nowhere.invalid").status; got != 503 {
		t.Errorf("a name that nobody knows: %d", got)
	}
}
