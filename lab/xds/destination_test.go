package xds_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
)

// hostPolicy is a DestinationRule of a host outside.
func hostPolicy(host, policy string) string {
	return "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: host}\n" +
		"spec: {host: " + host + ", trafficPolicy: {" + policy + "}}\n"
}

// plainHost is a host outside that speaks HTTP.
const plainHost = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: plain}
spec: {hosts: [plain.test], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
`

// TestProxyProtocol says to a host outside who calls, before the request.
func TestProxyProtocol(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			begin := make([]byte, 12)
			_, err = io.ReadFull(conn, begin)
			var rest []byte // what is left unread would reset the connection
			for more := make([]byte, 4096); err == nil && !bytes.HasSuffix(rest, []byte("\r\n\r\n")); {
				var n int
				n, err = conn.Read(more)
				rest = append(rest, more[:n]...)
			}
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%q", begin)
			conn.Close()
		}
	}()
	p.outside = func(mesh.ExternalHost) string { return listener.Addr().String() }
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	for policy, want := range map[string]string{
		"proxyProtocol: {version: V1}":        `"PROXY TCP4 1`,
		"proxyProtocol: {version: V2}":        `"\r\n\r\n\x00\r\nQUIT\n"`,
		"tls: {mode: DISABLE}":                `"GET / HTTP/1`,
		"loadBalancer: {simple: PASSTHROUGH}": `"GET / HTTP/1`,
	} {
		w.mustPush(w.today(plainHost, hostPolicy("plain.test", policy)))
		if got := w.get(customer, "http://plain.test").body; !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", policy, got, want)
		}
	}
}

// TestTunnel asks a proxy outside for the host that the rule names.
func TestTunnel(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	inner := httptest.NewTLSServer(says("through the proxy"))
	defer inner.Close()
	asked := make(chan string, 10)
	outer := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		to, err := net.Dial("tcp", inner.Listener.Addr().String())
		if err != nil {
			return
		}
		conn, buffer, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			return
		}
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			defer to.Close()
			_, _ = bufio.NewReader(buffer).WriteTo(to)
		}()
		_, _ = io.Copy(conn, to)
		conn.Close()
	}))
	defer outer.Close()
	p.outside = func(e mesh.ExternalHost) string {
		if e.Host == "proxy.test" {
			return outer.Listener.Addr().String()
		}
		return inner.Listener.Addr().String()
	}
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: proxy}
spec: {hosts: [proxy.test], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 3128, name: tcp, protocol: TCP}]}
`
	toProxy := tlsRoutes("  - match: [{sniHosts: [a.test]}]\n    route: [{destination: {host: proxy.test, port: {number: 3128}}}]\n")
	w.mustPush(w.today(hostsWithTLS, entry, toProxy,
		hostPolicy("proxy.test", "tunnel: {protocol: CONNECT, targetHost: target.test, targetPort: 8443}")))
	if got := encryptedGet(t, customer, "https://a.test"); got != "200 through the proxy" {
		t.Errorf("answer %s", got)
	}
	if got := <-asked; got != "CONNECT target.test:8443" {
		t.Errorf("the proxy is asked for %s", got)
	}
	w.mustPush(w.today(hostsWithTLS, entry, toProxy))
	if got := encryptedGet(t, customer, "https://a.test"); strings.HasPrefix(got, "200") {
		t.Errorf("without the tunnel: %s", got)
	}
}

// TestPassthrough picks among all pods, whatever the subset.
func TestPassthrough(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: recommendation}
spec:
  host: recommendation
  subsets:
  - name: v2
    labels: {version: v2}
    trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}
`
	toSubset := virtualService("  - route: [{destination: {host: recommendation, subset: v2}}]")
	w.mustPush(w.today(rule, toSubset))
	got := w.several(200, preference, recommendation)
	share(t, "v2", got["200 v2"], 200, 0.5)
	w.mustPush(w.today(strings.Replace(rule, "PASSTHROUGH", "RANDOM", 1), toSubset))
	if got := w.several(20, preference, recommendation); got["200 v2"] != 20 {
		t.Errorf("without: %v", got)
	}
}

// TestPlainText calls without an identity, which policies by identities then do not find, and a
// server that is strict does not take.
func TestPlainText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference, _ := w.pod("preference-v1", says("p")), w.pod("recommendation-v1", says("r"))
	w.account()
	plain := policyOf("tls: {mode: DISABLE}")
	access := func(action, source string) string {
		return "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec:\n" +
			"  selector: {matchLabels: {app: recommendation}}\n  action: " + action +
			"\n  rules: [{from: [{source: {" + source + "}}]}]\n"
	}
	strict := "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p}\nspec: {mtls: {mode: STRICT}}\n"
	const mine, notMine = `principals: ["*/sa/preference"]`, `notPrincipals: ["*/sa/preference"]`
	for name, c := range map[string]struct {
		rules []string
		want  string
	}{
		"no policy":              {[]string{plain}, "200 r"},
		"allowed by identity":    {[]string{access("ALLOW", mine)}, "200 r"},
		"allowed, in plain text": {[]string{plain, access("ALLOW", mine)}, "403 RBAC: access denied"},
		"anybody with identity":  {[]string{plain, access("ALLOW", `principals: ["*"]`)}, "403 RBAC: access denied"},
		"denied by identity":     {[]string{access("DENY", mine)}, "403 RBAC: access denied"},
		"denied, in plain text":  {[]string{plain, access("DENY", mine)}, "200 r"},
		"denied to all others":   {[]string{plain, access("DENY", notMine)}, "403 RBAC: access denied"},
		"strict":                 {[]string{strict}, "200 r"},
		"strict, in plain text": {[]string{plain, strict}, "503 upstream connect error or disconnect/reset before headers. " +
			"reset reason: connection termination"},
		"strict, to its address": {[]string{strict, policyOf("loadBalancer: {simple: PASSTHROUGH}")}, "503 upstream connect error or " +
			"disconnect/reset before headers. reset reason: connection termination"},
		"permissive here": {[]string{plain, strings.Replace(strict, "{name: p}", "{name: p, namespace: istio-system}", 1),
			strings.Replace(strict, "STRICT", "PERMISSIVE", 1)}, "200 r"},
	} {
		w.mustPush(w.today(c.rules...))
		if got := w.get(preference, recommendation, "x-lab-caller: "+w.ns+"/preference-v1").String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
