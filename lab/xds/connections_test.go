package xds_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
)

// hostsWithTLS have ports on which programs encrypt themselves.
const hostsWithTLS = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: hosts}
spec:
  hosts: [a.test, b.test]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 443, name: tls, protocol: TLS}, {number: 8443, name: https, protocol: HTTPS}]
`

func tlsRoutes(routes string) string {
	return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: tls}\n" +
		"spec:\n  hosts: [a.test, b.test]\n  tls:\n" + routes
}

// encryptedWorld has programs that say which host outside they are.
func encryptedWorld(t *testing.T) (w *world, call func(from *pod, url string) string) {
	t.Helper()
	p := ownProxy(t)
	hosts := map[string]*httptest.Server{}
	for _, name := range []string{"a.test", "b.test", "other"} {
		hosts[name] = httptest.NewTLSServer(says(name))
		t.Cleanup(hosts[name].Close)
	}
	p.outside = func(e mesh.ExternalHost) string {
		if s, ok := hosts[e.Host]; ok {
			return s.Listener.Addr().String()
		}
		return hosts["other"].Listener.Addr().String()
	}
	return newWorldOn(t, p), func(from *pod, url string) string {
		return encryptedGet(t, from, url)
	}
}

// encryptedGet opens a tunnel for one call; what the proxy says to that is an error.
func encryptedGet(t *testing.T, from *pod, url string) string {
	t.Helper()
	client := trusting(from.client(t))
	defer client.CloseIdleConnections()
	a, err := ask(t.Context(), client, url)
	if err != nil {
		return err.Error()
	}
	return a.String()
}

// TestTLSRoutes leads connections by the name of their server, in shares, and by who calls.
func TestTLSRoutes(t *testing.T) {
	t.Parallel()
	w, call := encryptedWorld(t)
	customer, preference := w.pod("customer-v1", says("c")), w.pod("preference-v1", says("p"))
	const both = "  - match: [{sniHosts: [a.test]}]\n    route: [{destination: {host: a.test}, weight: 75}, {destination: {host: b.test}, weight: 25}]\n"
	w.mustPush(w.today(hostsWithTLS, tlsRoutes(both)))
	got := map[string]int{}
	for range 200 {
		got[call(customer, "https://a.test")]++
	}
	share(t, "a.test", got["200 a.test"], 200, 0.75)
	if got["200 a.test"]+got["200 b.test"] != 200 {
		t.Errorf("answers %v", got)
	}
	for _, c := range []struct {
		name, routes, url string
		from              *pod
		want              string
	}{
		{"another name passes any host on", both, "https://b.test", customer, "200 other"},
		{"the other port is for the same rule", "  - match: [{port: 443, sniHosts: [a.test]}]\n    route: [{destination: {host: b.test}}]\n",
			"https://a.test:8443", customer, "200 a.test"},
		{"a port of the destination", "  - match: [{port: 443, sniHosts: [a.test]}]\n    route: [{destination: {host: b.test, port: {number: 8443}}}]\n",
			"https://a.test", customer, "200 b.test"},
		{"who calls", "  - match: [{sniHosts: [a.test], sourceLabels: {app: customer}}]\n    route: [{destination: {host: b.test}}]\n",
			"https://a.test", customer, "200 b.test"},
		{"who else calls", "  - match: [{sniHosts: [a.test], sourceLabels: {app: customer}}]\n    route: [{destination: {host: b.test}}]\n",
			"https://a.test", preference, "200 a.test"},
		{"other gateways", "  - match: [{sniHosts: [a.test], gateways: [one]}]\n    route: [{destination: {host: b.test}}]\n",
			"https://a.test", customer, "200 a.test"},
		{"an address that no host has", "  - match: [{sniHosts: [a.test], destinationSubnets: [10.0.0.0/8]}]\n    route: [{destination: {host: b.test}}]\n",
			"https://a.test", customer, "200 a.test"},
		{"nobody", "  - match: [{sniHosts: [a.test]}]\n    route: [{destination: {host: c.test}}]\n",
			"https://a.test", customer, "Service Unavailable"},
	} {
		w.mustPush(w.today(hostsWithTLS, tlsRoutes(c.routes)))
		if got := call(c.from, c.url); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	w.mustPush(w.today(hostsWithTLS, tlsRoutes(both), "egress_registry_only.yml"))
	if got := call(customer, "https://b.test"); !strings.HasSuffix(got, "Bad Gateway") {
		t.Errorf("another name, closed: %s", got)
	}
}

// TestTCPRoutes leads connections of a port that names no protocol of requests, to subsets of a
// service, inside of a tunnel and without.
func TestTCPRoutes(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	for i, s := range w.top.Services {
		if s.Name.Name == "recommendation" {
			w.top.Services[i].Ports[0].Protocol = mesh.TCP
		}
	}
	const rule = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: recommendation}
spec:
  hosts: [recommendation]
  tcp:
  - match: [{sourceLabels: {app: nobody}}, {port: 8081}]
    route: [{destination: {host: nobody}}]
  - route:
    - {destination: {host: recommendation, subset: version-v1}, weight: 25}
    - {destination: {host: recommendation, subset: version-v2}, weight: 75}
`
	w.mustPush(w.today("destination-rule-recommendation.yml", rule))
	got := w.several(200, preference, recommendation)
	share(t, "v2", got["200 v2"], 200, 0.75)
	if got["200 v1"]+got["200 v2"] != 200 {
		t.Errorf("answers %v", got)
	}
	if got := tunnelled(t, preference, "recommendation:8080"); got != "200 v1" && got != "200 v2" {
		t.Errorf("in a tunnel: %s", got)
	}
	w.mustPush(w.today("destination-rule-recommendation.yml", strings.Replace(rule, "app: nobody", "app: preference", 1)))
	if got := w.get(preference, recommendation).status; got != 503 {
		t.Errorf("by who calls: %d", got)
	}
}

// tunnelled asks for a tunnel to a host, and in it for a page, as `curl --proxytunnel` does.
func tunnelled(t *testing.T, from *pod, host string) string {
	t.Helper()
	conn, err := net.Dial("tcp", from.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(labtest.Deadline)); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", host, host)
	connect := &http.Request{Method: http.MethodConnect}
	opened, err := http.ReadResponse(reader, connect)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Body.Close()
	if opened.StatusCode != http.StatusOK {
		return opened.Status
	}
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host)
	resp, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(resp.StatusCode, " ", string(body))
}

// trusting takes every certificate: who answers says its body.
func trusting(c *http.Client) *http.Client {
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	return c
}
