package naming_test

import (
	"testing"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/naming"
)

// TestSplitStat leaves what no proxy keeps as it is, and finds the owner and Istio's name of the rest: of a pod as of
// the ingress, whose name has no namespace.
func TestSplitStat(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"server.live", "listener_manager.lds.version", "http.outbound@ingress.downstream_rq_2xx"} {
		if _, rest, ok := naming.SplitStat(name); ok || rest != name {
			t.Errorf("%s: %s, %v", name, rest, ok)
		}
	}
	to := mesh.Cluster{Host: "b.ns.svc.cluster.local", Port: 8080, Subset: "v2"}
	for _, owner := range []mesh.Name{{Name: "ingress"}, {Namespace: "ns", Name: "a-1"}} {
		stat := "cluster." + naming.Stat(naming.Cluster(owner, to)) + ".upstream_rq_200"
		pod, name, ok := naming.SplitStat(stat)
		if want := "cluster.outbound|8080|v2|b.ns.svc.cluster.local.upstream_rq_200"; !ok || pod != owner || name != want {
			t.Errorf("%s: %s of %s, %v; want %s of %s", stat, name, pod, ok, want, owner)
		}
	}
}
