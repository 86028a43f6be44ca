package xds_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
)

// secureWorld is a world with a proxy of its own, whose ingress takes encrypted connections.
type secureWorld struct {
	*world
	signer *identity.Signer
	roots  *x509.CertPool
}

func newSecureWorld(t *testing.T) secureWorld {
	t.Helper()
	p := ownProxy(t)
	p.secure = freeAddress()
	w := secureWorld{newWorldOn(t, p), newSigner(t), x509.NewCertPool()}
	w.roots.AppendCertsFromPEM(authorityOf(t, w.signer))
	return w
}

// credential puts a Secret for a host in place of one before.
func (w secureWorld) credential(name string, hosts ...string) {
	w.t.Helper()
	pair, err := w.signer.Host(hosts...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.top.Credentials = append([]mesh.Credential{{
		Name: mesh.Name{Namespace: "istio-system", Name: name},
		Data: map[string][]byte{"tls.crt": pair.Certificate, "tls.key": pair.Key, "ca.crt": authorityOf(w.t, w.signer)},
	}}, w.top.Credentials...)
}

// client asks for a host's certificate at the ingress, whatever its name leads to.
func (w secureWorld) client(certificates ...tls.Certificate) *http.Client {
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: w.roots, Certificates: certificates},
		ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, w.proxy.secure)
		},
	}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: labtest.Deadline, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// asked is the answer to a request, or why there is none.
func (w secureWorld) asked(c *http.Client, url string) string {
	w.t.Helper()
	a, err := ask(w.t.Context(), c, url)
	if err != nil {
		return err.Error()
	}
	return a.String()
}

func secureGateway(server string) string {
	return "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: gw}\n" +
		"spec: {selector: {istio: ingressgateway}, servers: [" + server + "]}\n"
}

func routedTo(host string) string {
	return "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: vs}\n" +
		"spec: {hosts: ['*'], gateways: [gw], http: [{route: [{destination: {host: " + host + "}}]}]}\n"
}

func https(mode, hosts string) string {
	return "{port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: " + mode + ", credentialName: c}, hosts: [" + hosts + "]}"
}

// TestSecureIngress holds what clients get that encrypt: by name, by certificate, by mode.
func TestSecureIngress(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	w.credential("c", "a.test")
	w.mustPush(w.today(secureGateway(https("SIMPLE", "a.test")), routedTo("customer")))
	if got := w.asked(w.client(), "https://a.test"); got != "200 c" {
		t.Errorf("simple: %s", got)
	}
	if got := w.asked(w.client(), "https://b.test"); !strings.Contains(got, "EOF") && !strings.Contains(got, "reset") {
		t.Errorf("a name that no server has: %s", got)
	}
	stranger := w
	stranger.roots = x509.NewCertPool()
	if got := stranger.asked(stranger.client(), "https://a.test"); !strings.Contains(got, "unknown authority") {
		t.Errorf("without the authority: %s", got)
	}
	ann := w.proof("ann")
	w.mustPush(w.today(secureGateway(https("MUTUAL", "a.test")), routedTo("customer")))
	if got := w.asked(w.client(), "https://a.test"); strings.HasPrefix(got, "200") {
		t.Errorf("mutual without a certificate: %s", got)
	}
	if got := w.asked(w.client(ann), "https://a.test"); got != "200 c" {
		t.Errorf("mutual: %s", got)
	}
	w.mustPush(w.today(secureGateway(https("OPTIONAL_MUTUAL", "'*'")), routedTo("customer")))
	for name, c := range map[string]*http.Client{"with": w.client(ann), "without": w.client()} {
		if got := w.asked(c, "https://a.test"); got != "200 c" {
			t.Errorf("optional, %s a certificate: %s", name, got)
		}
	}
	if got := w.asked(w.client(), "https://b.test"); !strings.Contains(got, "not b.test") {
		t.Errorf("a host that is not in the certificate: %s", got)
	}
}

// TestServersChangePlaces takes rules that name the same hosts in another order, and some of them elsewhere: Envoy
// has the old chains until the new ones are in use.
func TestServersChangePlaces(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	w.credential("c", "a.test", "b.test")
	plain := "{port: {number: 80, name: http, protocol: HTTP}, hosts: [c.test]}, "
	second := strings.NewReplacer("443", "8443", "name: https", "name: other")
	for _, servers := range []string{
		https("SIMPLE", "a.test, b.test"),
		plain + https("SIMPLE", "a.test, b.test"),
		https("SIMPLE", "a.test") + ", " + second.Replace(https("SIMPLE", "b.test")),
		https("SIMPLE", "b.test") + ", " + second.Replace(https("SIMPLE", "a.test")),
		https("SIMPLE", "'*'"),
		plain + https("SIMPLE", "'*'"),
	} {
		w.mustPush(w.today(secureGateway(servers), routedTo("customer")))
		for _, host := range []string{"a.test", "b.test"} {
			if got := w.asked(w.client(), "https://"+host); got != "200 c" {
				t.Errorf("%s: %s: %s", servers, host, got)
			}
		}
	}
}

// TestSecureListeners holds what clients get at Gateways of the Gateway API.
func TestSecureListeners(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	w.credential("c", "a.test", "b.test")
	for i := range w.top.Credentials {
		w.top.Credentials[i].Namespace = w.ns
	}
	gw := func(fields, listeners string) string {
		return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw}\n" +
			"spec: {gatewayClassName: istio, " + fields + "listeners: [" + listeners + "]}\n"
	}
	const listener = "{name: https, port: 443, protocol: HTTPS, hostname: a.test, tls: {certificateRefs: [{name: c}]}}"
	const route = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\n" +
		"spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: customer, port: 8080}]}]}\n"
	w.mustPush(w.today(gw("", listener), route))
	if got := w.asked(w.client(), "https://a.test"); got != "200 c" {
		t.Errorf("terminated: %s", got)
	}
	if got := w.asked(w.client(), "https://b.test"); strings.HasPrefix(got, "200") {
		t.Errorf("a host of no listener: %s", got)
	}
	const validation = "tls: {frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: Secret, name: c}]MODE}}}}, "
	ann := w.proof("ann")
	w.mustPush(w.today(gw(strings.Replace(validation, "MODE", "", 1), listener), route))
	if got := w.asked(w.client(), "https://a.test"); strings.HasPrefix(got, "200") {
		t.Errorf("without a certificate: %s", got)
	}
	if got := w.asked(w.client(ann), "https://a.test"); got != "200 c" {
		t.Errorf("with a certificate: %s", got)
	}
	stranger, err := identity.NewSigner(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	eve := proofOf(t, stranger, "eve")
	if got := w.asked(w.client(eve), "https://a.test"); strings.HasPrefix(got, "200") {
		t.Errorf("with another authority's: %s", got)
	}
	w.mustPush(w.today(gw(strings.Replace(validation, "MODE", ", mode: AllowInsecureFallback", 1), listener), route))
	for name, c := range map[string]*http.Client{"none": w.client(), "another authority's": w.client(eve)} {
		if got := w.asked(c, "https://a.test"); got != "200 c" {
			t.Errorf("fallback, %s: %s", name, got)
		}
	}
}

// proof is the certificate of a client.
func (w secureWorld) proof(name string) tls.Certificate { return proofOf(w.t, w.signer, name) }

func proofOf(t *testing.T, signer *identity.Signer, name string) tls.Certificate {
	t.Helper()
	pair, err := signer.Client(name)
	return keyPair(t, pair, err)
}

// TestRenewedSecret serves the new certificate to new connections, and no request is lost meanwhile.
func TestRenewedSecret(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	w.credential("c", "a.test")
	push := func() { w.mustPush(w.today(secureGateway(https("SIMPLE", "'*'")), routedTo("customer"))) }
	push()
	kept := w.client()
	if got := w.asked(kept, "https://a.test"); got != "200 c" {
		t.Fatal(got)
	}
	w.credential("c", "b.test")
	push()
	if got := w.asked(kept, "https://a.test"); got != "200 c" {
		t.Errorf("an open connection: %s", got)
	}
	if got := w.asked(w.client(), "https://b.test"); got != "200 c" {
		t.Errorf("a new connection: %s", got)
	}
	if got := w.asked(w.client(), "https://a.test"); !strings.Contains(got, "not a.test") {
		t.Errorf("the old name on a new connection: %s", got)
	}
}

// TestKeptSecret goes on with a certificate whose Secret is gone or no good any more, as long as the server stays.
func TestKeptSecret(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	w.credential("c", "a.test")
	push := func() { w.mustPush(w.today(secureGateway(https("SIMPLE", "'*'")), routedTo("customer"))) }
	push()
	w.credential("c", "b.test")
	w.top.Credentials[0].Data["tls.key"] = []byte("garbage")
	push()
	if got := w.asked(w.client(), "https://a.test"); got != "200 c" {
		t.Errorf("with a key that is none: %s", got)
	}
	w.top.Credentials = nil
	push()
	if got := w.asked(w.client(), "https://a.test"); got != "200 c" {
		t.Errorf("without the Secret: %s", got)
	}
	w.mustPush(w.today(routedTo("customer")))
	push()
	if got := w.asked(w.client(), "https://a.test"); !strings.Contains(got, "refused") {
		t.Errorf("after the server was gone: %s", got)
	}
	w.credential("c", "a.test")
	push()
	if got := w.asked(w.client(), "https://a.test"); got != "200 c" {
		t.Errorf("with the Secret again: %s", got)
	}
}

// TestRedirectToTLS sends who asks in plain text to https, with and without a route.
func TestRedirectToTLS(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	w.mustPush(w.today(secureGateway("{port: {number: 80, name: http, protocol: HTTP}, tls: {httpsRedirect: true}, hosts: [a.test]}, "+
		"{port: {number: 8080, name: other, protocol: HTTP}, hosts: [b.test]}"), routedTo("customer")))
	plain := &http.Client{CheckRedirect: w.client().CheckRedirect}
	a := get(t, plain, "http://"+w.proxy.ingress+"/x", "host: a.test")
	if a.status != http.StatusMovedPermanently || a.header.Get("Location") != "https://a.test/x" {
		t.Errorf("%s, to %q", a, a.header.Get("Location"))
	}
	if got := get(t, plain, "http://"+w.proxy.ingress, "host: b.test").String(); got != "200 c" {
		t.Errorf("another host: %s", got)
	}
}

// TestPassthroughByName leads connections on by the name that clients ask for, and reads nothing.
func TestPassthroughByName(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	outside := httptest.NewTLSServer(says("outside"))
	t.Cleanup(outside.Close)
	w.proxy.outside = func(mesh.ExternalHost) string { return outside.Listener.Addr().String() }
	w.roots.AddCert(outside.Certificate())
	w.mustPush(w.today(secureGateway("{port: {number: 443, name: tls, protocol: TLS}, tls: {mode: PASSTHROUGH}, hosts: ['*']}"), `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: out}
spec: {hosts: [example.com], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec: {hosts: [example.com], gateways: [gw], tls: [{match: [{sniHosts: [example.com]}], route: [{destination: {host: example.com}}]}]}
`))
	if got := w.asked(w.client(), "https://example.com"); got != "200 outside" { // the name that httptest certifies
		t.Errorf("passed through: %s", got)
	}
	if got := w.asked(w.client(), "https://b.test"); strings.HasPrefix(got, "200") {
		t.Errorf("another name: %s", got)
	}

	w.mustPush(w.today(`---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec: {gatewayClassName: istio, listeners: [{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: out}
spec: {hosts: [example.com], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: r}
spec: {parentRefs: [{name: gw}], hostnames: [example.com], rules: [{backendRefs: [{group: networking.istio.io, kind: Hostname, name: example.com, port: 443}]}]}
`))
	if got := w.asked(w.client(), "https://example.com"); got != "200 outside" {
		t.Errorf("by a TLSRoute: %s", got)
	}
	if got := w.asked(w.client(), "https://b.test"); strings.HasPrefix(got, "200") {
		t.Errorf("a name that no TLSRoute has: %s", got)
	}
}
