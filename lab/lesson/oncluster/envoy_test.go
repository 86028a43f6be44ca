package oncluster

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/labtest"
)

// bootstrap is of an Envoy with two clusters, named as Istio names them.
const bootstrap = `
admin: {address: {socket_address: {address: 127.0.0.1, port_value: %s}}}
static_resources:
  clusters:
  - name: outbound|8080||recommendation.ours.svc.cluster.local
    alt_stat_name: outbound|8080||recommendation.ours.svc.cluster.local;
    type: STATIC
    load_assignment:
      cluster_name: outbound|8080||recommendation.ours.svc.cluster.local
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 8080}}}
        - {health_status: UNHEALTHY, endpoint: {address: {socket_address: {address: 10.0.0.2, port_value: 8080}}}}
  - name: outbound|8080||preference.ours.svc.cluster.local
    type: STATIC
`

// TestProxy asks a real Envoy what the ground asks of a pod's: a tunnel to it is all that a cluster adds.
func TestProxy(t *testing.T) {
	t.Parallel()
	p := newPods(&Ground{Tools: cluster.Tools{Namespace: "ours"}})
	p.proxies["pod"] = tunnel{startEnvoy(t), func() {}}
	labtest.Until(t, func() error {
		return p.askOnce(t.Context(), "pod", "/ready", func(string) {})
	})
	if what, err := p.old(t.Context(), "pod"); what != "" || err != nil {
		t.Errorf("%s, %v", what, err)
	}
	gauges, err := p.stats(t.Context(), "pod", unsettled)
	if len(gauges) != 4 || err != nil {
		t.Errorf("gauges %v, %v: one of them has another name", gauges, err)
	}
	known, err := p.known(t.Context(), "pod")
	if got := sprint(known, err); got != "map[preference:[] recommendation:[10.0.0.1:8080]] <nil>" {
		t.Error(got)
	}
	p.seen.endpoints = map[string][]string{"recommendation": {"10.0.0.1:8080"}}
	if what, err := p.unlike(t.Context(), "pod"); what != "" || err != nil {
		t.Errorf("%s, %v", what, err)
	}
	p.seen.endpoints["recommendation"] = append(p.seen.endpoints["recommendation"], "10.0.0.9:8080")
	if what, err := p.unlike(t.Context(), "pod"); !strings.Contains(what, "10.0.0.9:8080") || err != nil {
		t.Errorf("%s, %v", what, err)
	}
	values, err := p.stats(t.Context(), "pod", pattern("outbound|8080||recommendation.istio-tutorial.svc.cluster.local.membership_total", "ours"))
	if got := sprint(values, err); got != "map[cluster.outbound|8080||recommendation.ours.svc.cluster.local.membership_total:2] <nil>" {
		t.Error(got)
	}
	if values, err := p.stats(t.Context(), "pod", pattern("ship_total", "ours")); len(values) != 0 || err != nil {
		t.Errorf("%v, %v: half a name", values, err)
	}
}

// startEnvoy starts one, and returns the address of its administration.
func startEnvoy(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs("../../../out/envoy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("no Envoy: make out/envoy")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, port, _ := strings.Cut(address, ":")
	file := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, bootstrap, port), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-c", file, "--concurrency", "1", "--use-dynamic-base-id", "-l", "error")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Wait() // the context has ended it
		if t.Failed() {
			t.Log(said.String())
		}
	})
	return address
}
