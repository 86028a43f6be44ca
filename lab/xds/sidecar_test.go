package xds_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/lab/mesh"
)

func sidecarRule(spec string) string {
	return "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: default}\nspec: " + spec + "\n"
}

// otherPort adds a port of a Service, which leads to the program's one port.
func (w *world) otherPort(service string, number int, target string) {
	for i, s := range w.top.Services {
		if s.Name.Name == service {
			w.top.Services[i].Ports = append(s.Ports, mesh.ServicePort{
				Name: fmt.Sprintf("http-%d", number), Number: number, Target: target, Protocol: mesh.HTTP,
			})
		}
	}
}

// TestEgressPorts lets a client see other hosts at a port that its Sidecar names than at the others.
func TestEgressPorts(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("r"))
	w.otherPort("recommendation", 9000, "8080")
	const refuse = ", outboundTrafficPolicy: {mode: REGISTRY_ONLY}}"
	w.mustPush(w.today(sidecarRule(`{egress: [{port: {number: 8080, protocol: HTTP, name: a}, hosts: ["./preference.istio-tutorial.svc.cluster.local"]},
  {hosts: ["./recommendation.istio-tutorial.svc.cluster.local"]}]` + refuse)))
	w.wants(customer, "a port of its own", map[string]string{
		"http://preference:8080": "200 p", "http://recommendation:8080": "502", "http://recommendation:9000": "200 r",
	})
	w.mustPush(w.today(sidecarRule(`{egress: [{port: {number: 9000, protocol: HTTP, name: a}, captureMode: IPTABLES, bind: 0.0.0.0, hosts: ["./*"]}]` + refuse)))
	w.wants(customer, "no other port", map[string]string{"http://recommendation:9000": "200 r", "http://recommendation:8080": "502"})
	answer := `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: r}
spec: {hosts: [recommendation], http: [{directResponse: {status: 418}}]}
`
	for protocol, want := range map[string]string{"HTTP": "418", "TCP": "200 r"} {
		w.mustPush(w.today(answer, sidecarRule(`{egress: [{port: {number: 8080, protocol: `+protocol+`, name: a}, hosts: ["./*"]}, {hosts: ["./*"]}]}`)))
		w.wants(customer, protocol, map[string]string{"http://recommendation:8080": want})
	}
}

// TestEgressProxy leads calls of hosts that nobody names to one service.
func TestEgressProxy(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	w.pod("egress-v1", func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, "by proxy to ", r.Host) })
	w.mustPush(w.today(sidecarRule("{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: egress.istio-tutorial.svc.cluster.local, port: {number: 8080}}}}"),
		"egress_httpbin.yml"))
	w.wants(customer, "proxy", map[string]string{
		"http://example.com/": "200 by proxy to example.com", "http://example.com:81/": "200 by proxy to example.com:81",
		"http://httpbin.org/status/418": "418", "http://nobody:8080": "503 no such host",
	})
	w.mustPush(w.today(sidecarRule("{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: none.test, port: {number: 8080}}}}")))
	w.wants(customer, "no such proxy", map[string]string{"http://example.com/": "503"})
}

// TestIngressPorts leads calls at a port of the sidecar to another one of the program.
func TestIngressPorts(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	w.pod("recommendation-v1", says("r"))
	w.otherPort("recommendation", 9000, "9080")
	const ingress = `{workloadSelector: {labels: {app: recommendation}}, ingress: [{port: {number: 9080, protocol: HTTP, name: a}, defaultEndpoint: "127.0.0.1:%d"}]}`
	w.mustPush(w.today())
	w.wants(customer, "without a rule", map[string]string{"http://recommendation:9000": "503 no healthy upstream"})
	w.mustPush(w.today(sidecarRule(fmt.Sprintf(ingress, 8080))))
	w.wants(customer, "with it", map[string]string{"http://recommendation:9000": "200 r", "http://recommendation:8080": "200 r"})
	w.mustPush(w.today(sidecarRule(fmt.Sprintf(ingress, 7000))))
	w.wants(customer, "where nobody listens", map[string]string{"http://recommendation:9000": "503 no healthy upstream"})
}

// TestInboundPool limits the requests under way to a program, at one port and at all.
func TestInboundPool(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	began, end := make(chan struct{}, 9), make(chan struct{})
	w.pod("recommendation-v1", func(http.ResponseWriter, *http.Request) {
		began <- struct{}{}
		<-end
	})
	release := sync.OnceFunc(func() { close(end) })
	defer release()
	const limit = "{tcp: {maxConnections: 1, connectTimeout: 2s}, http: {http1MaxPendingRequests: 1}}"
	for _, spec := range []string{
		"{inboundConnectionPool: " + limit + "}",
		`{ingress: [{port: {number: 8080, protocol: HTTP, name: a}, connectionPool: ` + limit + "}]}",
	} {
		w.mustPush(w.today(sidecarRule(spec)))
		answers := make(chan string, 6)
		send := func() {
			a, err := ask(t.Context(), customer.client(t), "http://recommendation:8080")
			answers <- fmt.Sprint(a, err)
		}
		go send()
		<-began // it waits no longer for its connection
		for range cap(answers) - 1 {
			go send()
		}
		for range cap(answers) - 2 { // one is served, one waits
			if got := <-answers; !strings.HasPrefix(got, "503 upstream connect error or disconnect/reset before headers. reset reason: overflow") {
				t.Errorf("%s: %s", spec, got)
			}
		}
		end <- struct{}{}
		<-began
		end <- struct{}{}
		for range 2 {
			if got := <-answers; !strings.HasPrefix(got, "200") {
				t.Errorf("%s: %s", spec, got)
			}
		}
	}
}
