package xds_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/naming"
)

// accesses are the lines of the access log about a world's pods that match.
func (w *world) accesses(match func(envoy.Access) bool) []envoy.Access {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.proxy.dir, "access"))
	if err != nil {
		w.t.Fatal(err)
	}
	var list []envoy.Access
	for line := range bytes.Lines(data) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			continue // being written
		}
		a, err := envoy.ParseAccess(string(line))
		if err != nil {
			w.t.Fatalf("%v: %s", err, line)
		}
		if strings.HasPrefix(a.Pod, w.ns+"/") && match(*a) {
			list = append(list, *a)
		}
	}
	return list
}

// TestAccessLog names the cause of each answer.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	w, preference, v1, v2 := chain(t)
	bad := w.pod("recommendation-v2", faulty)
	caller := w.ns + "/preference-v1"
	for _, c := range []struct {
		name  string
		mesh  mesh.Mesh
		url   string
		match func(envoy.Access) bool
	}{
		{"an answer", w.mesh("route-rule-recommendation-v1.yml"), recommendation + "/a?b", func(a envoy.Access) bool {
			return a.Direction == envoy.Outbound && a.Pod == preference.String() && a.Status == 200 &&
				a.Flags == "-" && a.Details == "via_upstream" && a.Route == "recommendation-default" &&
				a.Method == "GET" && a.Authority == "recommendation:8080" && a.Path == "/a?b" &&
				a.Upstream == v1.Name.Name && a.Attempts == 1 && a.Request != "" && !a.Time.IsZero() &&
				strings.HasPrefix(a.Cluster, "outbound|8080|version=v1|recommendation.") && a.Headers == `{"user-agent":"me"}`
		}},
		{"an arrival", w.mesh("route-rule-recommendation-v1.yml"), recommendation, func(a envoy.Access) bool {
			return a.Direction == envoy.Inbound && a.Pod == v1.Name.String() && a.Route == caller && a.Status == 200
		}},
		{"an abort", w.mesh("route-rule-recommendation-503.yml"), recommendation, func(a envoy.Access) bool {
			return a.Flags == "FI" && a.Details == "fault_filter_abort" && a.Status == 503 && a.Attempts == 0
		}},
		{"a retry", w.mesh("route-rule-recommendation-v2_retry.yml"), recommendation, func(a envoy.Access) bool {
			return a.Attempts == 2 && a.Status == 200 && a.Upstream == v2.Name.Name
		}},
		{"a bad answer", w.mesh("route-rule-recommendation-v2.yml"), recommendation, func(a envoy.Access) bool {
			return a.Direction == envoy.Outbound && a.Status == 503 && a.Details == "via_upstream" && a.Upstream == bad.Name.Name
		}},
		{"no host", w.mesh(), "http://nope:8080", func(a envoy.Access) bool {
			return a.Flags == "NR" && a.Details == "route_not_found" && a.Status == 404 && a.Cluster == "" && a.Route == ""
		}},
		{"a denial", w.mesh("acl-blacklist.yml", denyAll), recommendation, func(a envoy.Access) bool {
			return a.Direction == envoy.Inbound && a.Status == 403 && a.Route == caller && a.Details == "direct_response"
		}},
	} {
		w.mustPush(c.mesh)
		client := preference.client(t)
		labtest.Until(t, func() error {
			if _, err := ask(t.Context(), client, c.url, "User-Agent: me"); err != nil {
				return err
			}
			if len(w.accesses(c.match)) == 0 {
				return fmt.Errorf("%s: not in the access log: %+v", c.name, w.accesses(func(envoy.Access) bool { return true }))
			}
			return nil
		})
	}
}

const denyAll = `
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata:
  name: everyone
spec:
  actions:
  - handler: denycustomerhandler.denier
    instances:
    - denycustomerrequests.checknothing
`

// TestLoggedHeaders logs the headers that counters need.
func TestLoggedHeaders(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	m := w.mesh("recommendation_requestcount.yml")
	for i := range m.Sidecars {
		for j := range m.Sidecars[i].Inbound.Counters {
			c := &m.Sidecars[i].Inbound.Counters[j]
			c.Labels = append(c.Labels, mesh.CounterLabel{Terms: []mesh.Term{{Kind: mesh.RequestHeader, Value: "x-a"}}})
		}
	}
	w.mustPush(m)
	w.get(preference, recommendation, "x-a: \"1\"")
	w.get(preference, recommendation)
	labtest.Until(t, func() error {
		with := w.accesses(func(a envoy.Access) bool { v, _, _ := a.Headers.Get("x-a"); return v == `"1"` })
		without := w.accesses(func(a envoy.Access) bool { _, had, kept := a.Headers.Get("x-a"); return kept && !had })
		if len(with) != 2 || len(without) != 2 {
			return fmt.Errorf("%d lines with the header and %d without", len(with), len(without))
		}
		return nil
	})
}

// collector is a Zipkin that remembers.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []span
}

type span struct {
	TraceID, ParentID, ID, Kind, Name string
	LocalEndpoint                     struct{ ServiceName string }
	Tags                              map[string]string
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var spans []span
		if err == nil {
			err = json.Unmarshal(body, &spans)
		}
		if err != nil || r.URL.Path != "/api/v2/spans" {
			t.Errorf("collector: %s %v: %s", r.URL, err, body)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.spans = append(c.spans, spans...)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(c.Close)
	return c
}

// TestTracing follows a request from the ingress through two programs that pass the headers on.
func TestTracing(t *testing.T) {
	t.Parallel()
	zipkin := newCollector(t)
	relay := httptest.NewServer(envoy.RelaySpans(zipkin.Listener.Addr().String()))
	defer relay.Close()
	p := ownProxy(t)
	p.zipkin = relay.Listener.Addr().String()
	w := newWorldOn(t, p)
	var toPreference *http.Client
	customer := w.pod("customer-v1", func(rw http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://preference:8080", nil)
		if err != nil {
			t.Error(err)
		}
		for _, name := range []string{"x-request-id", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled"} {
			if v := r.Header.Get(name); v != "" {
				req.Header.Set(name, v)
			}
		}
		resp, err := toPreference.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
	})
	toPreference = customer.client(t)
	preference := w.pod("preference-v1", says("p"))
	w.top.Ingresses = []mesh.Ingress{{Path: "/", Service: mesh.Name{Namespace: w.ns, Name: "customer"}, Port: 8080}}
	w.apply()
	get(t, http.DefaultClient, "http://"+p.ingress)

	want := map[string]string{ // by service and kind, the pod
		"istio-ingress CLIENT": "ingress",
		"customer SERVER":      customer.Name.String(),
		"customer CLIENT":      customer.Name.String(),
		"preference SERVER":    preference.Name.String(),
	}
	labtest.Until(t, func() error {
		zipkin.mu.Lock()
		defer zipkin.mu.Unlock()
		byKind := map[string]span{}
		for _, s := range zipkin.spans {
			byKind[s.LocalEndpoint.ServiceName+" "+s.Kind] = s
		}
		for key, pod := range want {
			if got := byKind[key]; got.Tags["pod"] != pod || got.TraceID != zipkin.spans[0].TraceID {
				return fmt.Errorf("%s of %s: %+v in %+v", key, pod, got, zipkin.spans)
			}
		}
		if len(zipkin.spans) != len(want) {
			return fmt.Errorf("%d spans: %+v", len(zipkin.spans), zipkin.spans)
		}
		root, in := byKind["istio-ingress CLIENT"], byKind["customer SERVER"]
		out, last := byKind["customer CLIENT"], byKind["preference SERVER"]
		if in.ID != root.ID || out.ParentID != in.ID || last.ID != out.ID {
			return fmt.Errorf("not joined: %+v", zipkin.spans)
		}
		return nil
	})
}

// TestSplitStat reads the names that Envoy really gives.
func TestSplitStat(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.apply("route-rule-recommendation-v2.yml")
	w.several(2, preference, recommendation)
	stats, err := w.proxy.admin.Stats(t.Context(), "@"+w.ns+"/preference")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, s := range stats {
		pod, name, ok := naming.SplitStat(s.Name)
		if !ok || pod != preference.Name {
			t.Errorf("%s is of %s", s.Name, pod)
		}
		values[name] = s.Value
	}
	cluster := "cluster.outbound|8080|version=v2|recommendation." + w.ns + ".svc.cluster.local."
	for name, want := range map[string]string{
		cluster + "upstream_rq_200": "2", cluster + "upstream_rq_total": "2",
		"http.outbound.downstream_rq_2xx": "2",
	} {
		if values[name] != want {
			t.Errorf("%s: %s, want %s; there are %v", name, values[name], want, values)
		}
	}
}
