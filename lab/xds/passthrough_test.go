package xds_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
	v1 "istio-tutorial/lab/rules/v1"
)

// TestFailedConnection is retried twice, as no program has seen it.
func TestFailedConnection(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	gone := httptest.NewServer(says("gone"))
	gone.Close()
	p.outside = at(gone)
	w.mustPush(w.today("egress_httpbin.yml"))
	const want = "503 upstream connect error or disconnect/reset before headers. retried and the " +
		"latest reset reason: remote connection failure"
	if got := w.get(customer, "http://httpbin.org").String(); !strings.HasPrefix(got, want) {
		t.Error(got)
	}
	if n := p.stat(t, `^cluster\.outbound\|80\|\|httpbin.*;\.upstream_rq_retry$`); n != 2 {
		t.Errorf("%d retries, want 2", n)
	}
}

// TestAllowAny lets every call out of the mesh, in plain text and encrypted, and none to a name
// that only a cluster could have.
func TestAllowAny(t *testing.T) {
	t.Parallel()
	p := outsideProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	w.mustPush(w.today())
	for url, want := range map[string]string{
		"http://httpbin.org/status/418":                   "418",
		"http://httpbin.org:80/status/204":                "204",
		"http://api.github.com:443/users":                 "400", // plain text to a port that wants TLS
		"http://example.com:8080/a":                       "200 GET /a at example.com",
		"http://nope:8080":                                "503 no such host",
		"http://customer:9090":                            "503 no such host",
		"http://nope." + w.ns:                             "503 no such host",
		"http://nope." + w.ns + ".svc.cluster.local:8080": "503 no such host",
		"http://customer:8080":                            "200 c",
	} {
		a := w.get(customer, url, "x-lab-caller: me")
		if !strings.HasPrefix(a.String(), want) {
			t.Errorf("%s: %s, want %s", url, a, want)
		}
	}
	if a := w.get(customer, "http://httpbin.org/headers", "x-lab-caller: me"); a.status != 200 ||
		strings.Contains(strings.ToLower(a.body), "x-lab-caller") {
		t.Errorf("what a host outside sees: %s", a)
	}
	encrypted := encryptedClient(t, customer, p.authorities)
	const https = "https://api.github.com/users"
	if a := get(t, encrypted, https); a.status != 200 || !strings.Contains(a.body, "recommendation") {
		t.Errorf("%s: %s", https, a)
	}

	w.mustPush(w.today("egress_registry_only.yml"))
	for _, url := range []string{"http://httpbin.org/headers", "http://nope:8080", "http://api.github.com:443"} {
		if got := w.get(customer, url).String(); got != "502 " {
			t.Errorf("%s when closed: %q", url, got)
		}
	}
	encrypted.CloseIdleConnections()
	if a, err := ask(t.Context(), encrypted, https); err == nil || !strings.Contains(err.Error(), "Bad Gateway") {
		t.Errorf("%s when closed: %s, %v", https, a, err)
	}
	w.mustPush(w.today("egress_registry_only.yml", "egress_httpbin.yml", "egress_github.yml"))
	for url, want := range map[string]int{
		"http://httpbin.org/headers": 200, "http://api.github.com:443/users": 200, "http://example.com": 502,
	} {
		if got := w.get(customer, url).status; got != want {
			t.Errorf("%s with its ServiceEntry: %d, want %d", url, got, want)
		}
	}
}

// TestEncryptedByProgram leads connections on that a program encrypts itself, to the hosts that
// a ServiceEntry names.
func TestEncryptedByProgram(t *testing.T) {
	t.Parallel()
	p := outsideProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	w.mustPush(w.today("egress_registry_only.yml", `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: github}
spec:
  hosts: [api.github.com]
  resolution: DNS
  ports: [{number: 443, name: https, protocol: HTTPS}]
`))
	client := encryptedClient(t, customer, p.authorities)
	if a := get(t, client, "https://api.github.com/users"); a.status != 200 {
		t.Errorf("the host of the entry: %s", a)
	}
	if a, err := ask(t.Context(), client, "https://httpbin.org/headers"); err == nil {
		t.Errorf("another host: %s", a)
	}
	if a := w.get(customer, "http://api.github.com:443/users"); a.status != 400 {
		t.Errorf("plain text to a port that wants TLS: %s", a)
	}
}

// encryptedClient speaks TLS through its pod's sidecar, and believes an authority.
func encryptedClient(t *testing.T, p *pod, authority string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := p.client(t)
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
	return client
}

// TestInternet finds hosts by their names where nothing stands in for them.
func TestInternet(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	local := httptest.NewTLSServer(says("encrypted"))
	defer local.Close()
	plain := httptest.NewServer(says("plain"))
	defer plain.Close()
	w.mustPush(w.today())
	client := customer.client(t)
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	for url, want := range map[string]string{
		plain.URL: "200 plain", local.URL: "200 encrypted",
		"http://nowhere.invalid": "503 DNS resolution failure",
	} {
		if got := get(t, client, url).String(); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
	w.callsOfProxies(t, customer)
	_, port, err := net.SplitHostPort(customer.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, client, "http://a.localhost:"+port+"/"); got.status != http.StatusForbidden {
		t.Errorf("a call of its own sidecar by a name that leads to it: %s", got)
	}
	if got, err := ask(t.Context(), client, "https://a.localhost:"+port+"/"); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("a tunnel to its own sidecar: %s, %v", got, err)
	}
}

// callsOfProxies are not led on: each would come back to where it was made, again and again.
func (w *world) callsOfProxies(t *testing.T, from *pod) {
	t.Helper()
	_, port, err := net.SplitHostPort(from.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "LOCALHOST.", "0x7f.1", "2130706433", "127.1", "[::1]", "[::ffff:127.0.0.1]"} {
		if got := get(t, from.client(t), "http://"+host+":"+port+"/").String(); got != "508 the address is a sidecar's own" {
			t.Errorf("a call of its own sidecar as %s: %s", host, got)
		}
	}
}

// TestTarget leads to another port of a host than the one that clients call.
func TestTarget(t *testing.T) {
	t.Parallel()
	docs, err := document.Parse("rules.yml", strings.NewReader(`apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec:
  hosts: [example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8081}]
`))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := v1.Parse(docs, "istio-tutorial")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(configuration(t, v1.Resolve(rules.Set{}.Apply(loaded...), tutorial())))
	if !strings.Contains(text, "address:example.com portValue:8081") {
		t.Error("the cluster does not lead to port 8081")
	}
}
