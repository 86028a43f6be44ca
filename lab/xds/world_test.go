package xds_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
)

// world is the mesh of one test, in a namespace of its own.
type world struct {
	t     *testing.T
	proxy *proxy
	ns    string
	top   mesh.Topology
	rules rules.Set
}

var namespaces atomic.Int64

func newWorld(t *testing.T) *world {
	t.Helper()
	p, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return newWorldOn(t, p)
}

func newWorldOn(t *testing.T, p *proxy) *world {
	w := &world{t: t, proxy: p, ns: fmt.Sprintf("ns%d", namespaces.Add(1))}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), labtest.Deadline)
		defer cancel()
		if err := p.push(ctx, w.ns, mesh.Mesh{}); err != nil {
			t.Error("cleaning up:", err)
		}
	})
	return w
}

// pod is a program and its place in the mesh.
type pod struct {
	mesh.Instance
	requests atomic.Int64
}

// pod adds a ready instance APP-VERSION-n with its own program, and the service APP.
func (w *world) pod(name string, program http.HandlerFunc) *pod {
	w.t.Helper()
	app, version, _ := strings.Cut(name, "-")
	labels := mesh.Labels{"app": app, "version": version}
	p := &pod{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		p.requests.Add(1)
		program(rw, r)
	}))
	w.t.Cleanup(server.Close)
	p.Instance = mesh.Instance{
		Name:      mesh.Name{Namespace: w.ns, Name: fmt.Sprintf("%s-%d", name, len(w.top.Instances))},
		Workload:  mesh.Name{Namespace: w.ns, Name: name},
		Labels:    labels,
		Addresses: map[int]string{8080: server.Listener.Addr().String()},
		Proxy:     freeAddress(),
		Ready:     true,
	}
	w.top.Instances = append(w.top.Instances, p.Instance)
	if _, ok := w.top.Workload(p.Workload); !ok {
		w.top.Workloads = append(w.top.Workloads, mesh.Workload{Name: p.Workload, Labels: labels})
	}
	service := mesh.Service{
		Name:     mesh.Name{Namespace: w.ns, Name: app},
		Selector: mesh.Labels{"app": app},
		Ports:    []mesh.ServicePort{{Name: "http", Number: 8080, Protocol: mesh.HTTP}},
	}
	if _, ok := w.top.ServiceAt(service.Host()); !ok {
		w.top.Services = append(w.top.Services, service)
	}
	return p
}

// freeAddress is an address on which nothing listens, and that no system gives to outgoing
// connections, nor a lab or a test of e2e takes, which may run at the same time.
func freeAddress() string {
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 12_000+rand.IntN(4_000))
		if _, taken := addresses.LoadOrStore(address, true); taken {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
}

// addresses are those that freeAddress has given.
var addresses sync.Map

// apply loads rule files of the tutorial, and text that is none.
func (w *world) apply(rules ...string) {
	w.t.Helper()
	if err := w.try(rules...); err != nil {
		w.t.Fatal(err)
	}
}

// try is apply with an error.
func (w *world) try(rules ...string) error {
	w.t.Helper()
	next := w.with(rules...)
	err := w.push(classic.Resolve(next, w.top))
	if err == nil {
		w.rules = next
	}
	return err
}

// with adds rules to those that are loaded.
func (w *world) with(rules ...string) rules.Set {
	w.t.Helper()
	next := w.rules
	for _, rule := range rules {
		text := rule
		if !strings.Contains(rule, "\n") {
			data, err := os.ReadFile("../../istiofiles/" + rule)
			if err != nil {
				w.t.Fatal(err)
			}
			text = string(data)
		}
		text = strings.ReplaceAll(text, "istio-tutorial", w.ns)
		docs, err := document.Parse(rule, strings.NewReader(text))
		if err != nil {
			w.t.Fatal(err)
		}
		parsed, err := classic.Parse(docs, w.ns)
		if err != nil {
			w.t.Fatal(err)
		}
		next = next.Apply(parsed...)
	}
	return next
}

func (w *world) push(m mesh.Mesh) error {
	ctx, cancel := context.WithTimeout(w.t.Context(), labtest.Deadline)
	defer cancel()
	return w.proxy.push(ctx, w.ns, m)
}

// answer is what a client got.
type answer struct {
	status int
	body   string
	header http.Header
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.body) }

// client makes calls as a pod does, through its sidecar.
func (p *pod) client(t *testing.T) *http.Client {
	transport := &http.Transport{
		Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: p.Proxy}),
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: labtest.Deadline}
}

// get asks as a pod; headers are "name: value".
func (w *world) get(from *pod, url string, headers ...string) answer {
	w.t.Helper()
	return get(w.t, from.client(w.t), url, headers...)
}

func get(t *testing.T, c *http.Client, url string, headers ...string) answer {
	t.Helper()
	a, err := ask(t.Context(), c, url, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func ask(ctx context.Context, c *http.Client, url string, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
		if name == "host" {
			req.Host = value
		}
	}
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(body), resp.Header}, err
}
