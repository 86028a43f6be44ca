package xds_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// entry is a ServiceEntry, by its spec.
func entry(name, spec string) string {
	return "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: " + name + "}\nspec: " + spec + "\n"
}

func destinationRule(name, spec string) string {
	return "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: " + name + "}\nspec: " + spec + "\n"
}

// wants compares what a pod gets with the beginnings that are wanted.
func (w *world) wants(from *pod, what string, want map[string]string) {
	w.t.Helper()
	for url, start := range want {
		if got := w.get(from, url).String(); !strings.HasPrefix(got, start) {
			w.t.Errorf("%s: %s: %.120q, want %q", what, url, got, start)
		}
	}
}

const closed = "egress_registry_only.yml"

// TestWildcardHosts opens all hosts below a name: HTTP by its Host, TLS by the name that the client
// asks for.
func TestWildcardHosts(t *testing.T) {
	t.Parallel()
	p := outsideProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	for _, resolution := range []string{"NONE", "DYNAMIC_DNS"} {
		w.mustPush(w.today(closed, entry("wild", `{hosts: ["*.google.test"], resolution: `+resolution+`,
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]}`)))
		w.wants(customer, resolution, map[string]string{
			"http://maps.google.test/a":      "200 GET /a at maps.google.test",
			"http://a.b.google.test:80/":     "200 GET / at a.b.google.test",
			"http://google.test/":            "502",
			"http://maps.google.test:8080/":  "502",
			"http://maps.google.test.other/": "502",
		})
		client := encryptedClient(t, customer, p.authorities)
		if a := get(t, client, "https://maps.google.test/b"); a.status != 200 || !strings.Contains(a.body, "GET /b at maps.google.test") {
			t.Errorf("%s: TLS: %s", resolution, a)
		}
		if a, err := ask(t.Context(), client, "https://google.test/"); err == nil {
			t.Errorf("%s: TLS to another host: %s", resolution, a)
		}
		client.CloseIdleConnections()
	}
}

// TestWildcardHostsOfInternet finds each host by its own name where nothing stands in for it.
func TestWildcardHostsOfInternet(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	customer := w.pod("customer-v1", says("c"))
	here := httptest.NewServer(says("here"))
	defer here.Close()
	_, port, err := net.SplitHostPort(here.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	const spec = `{hosts: ["%s"], resolution: NONE, %s ports: [{number: %s, name: p, protocol: %s}]}`
	w.mustPush(w.today(closed,
		entry("wild", fmt.Sprintf(spec, "*.localhost", "", port, "HTTP")),
		entry("range", fmt.Sprintf(spec, "range.test", "addresses: [127.0.0.0/9],", port, "TCP"))))
	w.wants(customer, "by name", map[string]string{
		"http://127.0.0.1:" + port:         "200 here",
		"http://127.128.0.1:" + port:       "502",
		"http://nowhere.localhost:" + port: "200 here",
	})
	w.mustPush(w.today(closed, entry("wild", fmt.Sprintf(spec, "*.invalid", "", port, "HTTP")),
		destinationRule("wild", `{host: "*.invalid", trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}`)))
	w.wants(customer, "a name that nobody knows", map[string]string{"http://a.invalid:" + port: "503 DNS resolution failure"})
}

// TestEndpoints calls a host where its entry says that it is.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	p := outsideProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	at := map[string]string{}
	for _, name := range []string{"one", "two"} {
		server := httptest.NewServer(says(name))
		t.Cleanup(server.Close)
		_, at[name], _ = net.SplitHostPort(server.Listener.Addr().String())
	}
	socket := filepath.Join(t.TempDir(), "s")
	if len(socket) > 100 {
		t.Fatalf("%s is too long", socket)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: says("file")}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	for _, resolution := range []string{"STATIC", "DNS"} {
		named := map[bool]string{true: "localhost", false: "127.0.0.1"}[resolution == "DNS"]
		w.mustPush(w.today(
			entry("db", `{hosts: [db.test, short], resolution: `+resolution+`, ports: [{number: 80, name: http, protocol: HTTP, targetPort: `+at["two"]+`}],
  endpoints: [{address: 127.0.0.1, ports: {http: `+at["one"]+`}, labels: {version: v1}, weight: 1, locality: a/b}, {address: `+named+`, labels: {version: v2}, weight: 3}]}`),
			destinationRule("db", "{host: db.test, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}, subsets: [{name: a, labels: {version: v1}}, {name: none, labels: {version: v9}}]}"),
			entry("dbs", `{hosts: [subset.test], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}`),
			`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: s}
spec:
  hosts: [subset.test]
  http:
  - match: [{uri: {prefix: /none}}]
    route: [{destination: {host: db.test, subset: none, port: {number: 80}}}]
  - route: [{destination: {host: db.test, subset: a, port: {number: 80}}}]
`))
		got := map[string]int{}
		for range 20 {
			got[w.get(customer, "http://db.test/").body]++
		}
		if got["one"] != 5 || got["two"] != 15 {
			t.Errorf("%s: %v", resolution, got)
		}
		none := map[string]string{"STATIC": "503 no healthy upstream", "DNS": "503 "}[resolution]
		w.wants(customer, resolution, map[string]string{
			"http://short/": "200 ", "http://subset.test/": "200 one", "http://subset.test/none": none,
		})
	}
	w.mustPush(w.today(
		entry("file", "{hosts: [file.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: unix://"+socket+"}]}"),
		entry("nobody", "{hosts: [nobody.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}]}"),
		entry("far", "{hosts: [far.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 192.0.2.1}]}")))
	w.wants(customer, "one endpoint", map[string]string{
		"http://file.test/": "200 file", "http://nobody.test/": "503 no healthy upstream", "http://far.test/x": "200 GET /x at far.test",
	})
}

// TestLoopOfEndpoints leaves out what is a sidecar of the mesh, however it is named: its calls would come back for
// ever. Where a program listens, they get there.
func TestLoopOfEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t)) // with the real hosts, as --internet
	customer := w.pod("customer-v1", says("c"))
	other := w.pod("preference-v1", says("p"))
	program := httptest.NewServer(says("program"))
	defer program.Close()
	for i, c := range []struct{ address, at, want string }{
		{"127.0.0.1", customer.Proxy, "503 no healthy upstream"},
		{"127.0.0.1", other.Proxy, "503 no healthy upstream"},
		{"0.0.0.0", customer.Proxy, "503 no healthy upstream"},
		{"::ffff:127.0.0.1", customer.Proxy, "503 no healthy upstream"},
		{"localhost", customer.Proxy, "503 no healthy upstream"},
		{"a.localhost", customer.Proxy, "503 no healthy upstream"},
		{"", customer.Proxy, "503 no healthy upstream"}, // the name of the entry
		{"localhost", program.Listener.Addr().String(), "200 program"},
		{"", program.Listener.Addr().String(), "200 program"},
	} {
		_, port, _ := net.SplitHostPort(c.at)
		spec := `resolution: DNS, endpoints: [{address: "` + c.address + `"}]`
		switch {
		case c.address == "":
			spec = "resolution: DNS"
		case net.ParseIP(c.address) != nil:
			spec = strings.Replace(spec, "DNS", "STATIC", 1)
		}
		w.mustPush(w.today(entry("loop", `{hosts: [loop.localhost], ports: [{number: 80, name: http, protocol: HTTP, targetPort: `+port+`}], `+spec+`}`)))
		w.wants(customer, fmt.Sprintf("%d %s", i, c.address), map[string]string{"http://loop.localhost/": c.want})
	}
}

// TestAddresses calls a host by the addresses that its entry has.
func TestAddresses(t *testing.T) {
	t.Parallel()
	p := outsideProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	here := httptest.NewServer(says("here"))
	defer here.Close()
	_, port, _ := net.SplitHostPort(here.Listener.Addr().String())
	to := ", targetPort: " + port + "}], endpoints: [{address: 127.0.0.1}]}"
	w.mustPush(w.today(closed,
		entry("plain", `{hosts: [plain.test], resolution: STATIC, addresses: [192.0.2.7, "2001:db8::7", 192.0.2.9/32], ports: [{number: 8000, name: http, protocol: HTTP`+to),
		entry("ranges", `{hosts: [ranges.test], resolution: STATIC, addresses: [198.51.100.0/26, 10.0.0.0/15], ports: [{number: 9000, name: tcp, protocol: MONGO`+to)))
	w.wants(customer, "addresses", map[string]string{
		"http://plain.test:8000/": "200 here", "http://192.0.2.7:8000/": "200 here", "http://[2001:db8::7]:8000/": "200 here",
		"http://192.0.2.9:8000/": "200 here", "http://192.0.2.8:8000/": "502", "http://192.0.2.7:8001/": "502",
		"http://198.51.100.63:9000/": "200 here", "http://198.51.100.64:9000/": "502", "http://198.51.100.6:9001/": "502",
		"http://10.1.255.255:9000/": "200 here", "http://10.2.0.0:9000/": "502", "http://110.1.0.0:9000/": "502",
		"http://ranges.test:9000/": "200 here",
	})
}

// TestPortOfTCP has an entry without an address take all that is sent to its port, but for hosts
// that have a name there.
func TestPortOfTCP(t *testing.T) {
	t.Parallel()
	p := outsideProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	taker := httptest.NewTLSServer(says("taker"))
	defer taker.Close()
	_, port, _ := net.SplitHostPort(taker.Listener.Addr().String())
	for _, mode := range []string{"", closed} {
		rules := []string{
			entry("taker", `{hosts: [google.test], resolution: STATIC, ports: [{number: 443, name: https, protocol: tcp, targetPort: `+port+`}], endpoints: [{address: 127.0.0.1}]}`),
			entry("named", `{hosts: [api.github.com], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}`),
		}
		if mode != "" {
			rules = append(rules, mode)
		}
		w.mustPush(w.today(rules...))
		client := encryptedClient(t, customer, p.authorities)
		client.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true
		for url, want := range map[string]string{
			"https://google.test/": "200 taker", "https://other.test/": "200 taker", "https://192.0.2.1/": "200 taker",
			"https://api.github.com/users": "200 [",
		} {
			if a := get(t, client, url); !strings.HasPrefix(a.String(), want) {
				t.Errorf("%q %s: %.80s, want %s", mode, url, a, want)
			}
		}
		client.CloseIdleConnections()
	}
	// With HTTP on its port, requests go by their hosts, and only connections are its own.
	taken := httptest.NewServer(says("taken"))
	defer taken.Close()
	_, port, _ = net.SplitHostPort(taken.Listener.Addr().String())
	tcp := entry("taker", `{hosts: [tcp.test], resolution: STATIC, ports: [{number: 80, name: x, protocol: MYSQL, targetPort: `+port+`}], endpoints: [{address: 127.0.0.1}]}`)
	w.mustPush(w.today(tcp))
	w.wants(customer, "alone on its port", map[string]string{"http://other.test/": "200 taken", "http://other.test:81/": "200 GET / at other.test"})
	w.mustPush(w.today(tcp, "egress_httpbin.yml"))
	w.wants(customer, "beside HTTP", map[string]string{"http://other.test/": "200 GET / at other.test", "http://tcp.test": "200 taken"})
}

// TestNoProtocol finds out by itself whether HTTP is spoken.
func TestNoProtocol(t *testing.T) {
	t.Parallel()
	p := outsideProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	w.mustPush(w.today(closed,
		entry("any", `{hosts: [any.test], resolution: DNS, ports: [{number: 443, name: a}, {number: 80, name: b}]}`),
		`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: any}
spec: {hosts: [any.test], http: [{match: [{uri: {prefix: /own}}], directResponse: {status: 418}}, {route: [{destination: {host: any.test}}]}]}
`))
	w.wants(customer, "HTTP", map[string]string{"http://any.test/own": "418", "http://any.test/a": "200 GET /a at any.test"})
	client := encryptedClient(t, customer, p.authorities)
	if a := get(t, client, "https://any.test/own"); a.status != 200 || !strings.Contains(a.body, "GET /own at any.test") {
		t.Errorf("TLS: %s", a)
	}
}

// TestSelectedPods leads calls of an entry to pods of its namespace, and tells them who calls.
func TestSelectedPods(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	w.pod("recommendation-v1", says("one"))
	w.pod("recommendation-v2", says("two"))
	w.top.Services = w.top.Services[:1] // only the entry leads to recommendation
	for i := range w.top.Workloads {
		w.top.Workloads[i].ServiceAccount = "default"
	}
	w.mustPush(w.today(
		entry("pods", `{hosts: [pods.test, inside.istio-tutorial.svc.cluster.local], location: MESH_INTERNAL, resolution: STATIC,
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}], workloadSelector: {labels: {app: recommendation}}}`),
		destinationRule("pods", "{host: pods.test, subsets: [{name: two, labels: {version: v2}}]}"),
		`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pods}
spec: {hosts: [pods.test], http: [{route: [{destination: {host: pods.test, subset: two}}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: only}
spec: {selector: {matchLabels: {app: recommendation}}, rules: [{from: [{source: {principals: ["cluster.local/ns/istio-tutorial/sa/default"]}}]}]}
`))
	w.wants(customer, "selected", map[string]string{"http://pods.test/": "200 two", "http://inside/": "200 "})
}

// TestSubjects compares the names of a server's certificate with those of its entry.
func TestSubjects(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	for subjects, want := range map[string]string{
		"": "200 ", "subjectAltNames: [api.github.com, b],": "200 ", "subjectAltNames: [other.test],": "503 ",
		"subjectAltNames: [spiffe://a/b],": "503 ",
	} {
		w.mustPush(w.today(
			entry("github", "{hosts: [api.github.com], resolution: DNS, "+subjects+" ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}"),
			destinationRule("github", "{host: api.github.com, trafficPolicy: {tls: {mode: SIMPLE}}}")))
		w.wants(customer, subjects, map[string]string{"http://api.github.com/users": want})
	}
	// What a DestinationRule says goes before what the entry says.
	for names, want := range map[string][2]string{"api.github.com": {"other.test", "200 "}, "other.test": {"api.github.com", "503 "}} {
		w.mustPush(w.today(
			entry("github", "{hosts: [api.github.com], resolution: DNS, subjectAltNames: ["+want[0]+"], ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}"),
			destinationRule("github", "{host: api.github.com, trafficPolicy: {tls: {mode: SIMPLE, caCertificates: system, subjectAltNames: ["+names+"]}}}")))
		w.wants(customer, names+" of the rule", map[string]string{"http://api.github.com/users": want[1]})
	}
	// Below a wildcard, each host has a certificate of its own.
	w.mustPush(w.today(
		entry("wild", `{hosts: ["*.github.com"], resolution: NONE, ports: [{number: 443, name: http, protocol: HTTP}]}`),
		destinationRule("wild", `{host: "*.github.com", trafficPolicy: {tls: {mode: SIMPLE}}}`)))
	w.wants(customer, "wildcard", map[string]string{"http://api.github.com:443/users": "200 [", "http://a.github.com:443/x": "200 GET /x at a.github.com"})
}

// TestHiddenEntry shows an entry to nobody, and none of UDP.
func TestHiddenEntry(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	w.mustPush(w.today(closed,
		entry("hidden", `{hosts: [a.test], exportTo: ["~"], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`),
		entry("udp", `{hosts: [b.test], resolution: DNS, ports: [{number: 80, name: u, protocol: UDP}]}`)))
	w.wants(customer, "hidden", map[string]string{"http://a.test/": "502", "http://b.test/": "502"})
}
