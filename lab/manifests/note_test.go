package manifests_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
)

func noted(o manifests.Object) []string {
	var paths []string
	for _, n := range o.Notes {
		paths = append(paths, n.Path)
	}
	return paths
}

// TestServiceNotes takes what a cluster serves outside, and says that the lab does not.
func TestServiceNotes(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string][]string{
		"type: ClusterIP":                      nil,
		"type: NodePort":                       {"spec.type"},
		"type: LoadBalancer":                   {"spec.type"},
		"clusterIP: None":                      {"spec.clusterIP"},
		"clusterIP: 10.0.0.1":                  nil,
		"sessionAffinity: ClientIP":            {"spec.sessionAffinity"},
		"externalIPs: [192.0.2.1]":             {"spec.externalIPs"},
		"externalTrafficPolicy: Local":         nil,
		"internalTrafficPolicy: Cluster":       nil,
		"loadBalancerSourceRanges: [\"::/0\"]": nil,
	} {
		o := mustParse(t, "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  "+spec+
			"\n  selector: {app: web}\n  ports:\n  - {name: http, port: 80, nodePort: 30080}\n"+
			"  - {name: dns, port: 80, protocol: UDP}\n")[0]
		if want = append(slices.Clone(want), "spec.ports[1].protocol"); !slices.Equal(noted(o), want) {
			t.Errorf("%s: notes on %q, want %q", spec, noted(o), want)
		}
		port := mesh.ServicePort{Name: "http", Number: 80, Protocol: mesh.HTTP}
		equal(t, o.Service.Ports, []mesh.ServicePort{port})
	}
}

// TestChart reads a Deployment as charts write it.
func TestChart(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/chart.yml")
	if err != nil {
		t.Fatal(err)
	}
	o := mustParse(t, string(data))[0]
	var got []string
	for _, e := range o.Deployment.Container.Env {
		got = append(got, e.Name+"="+e.Value+e.Field)
	}
	want := "HOST_IP=status.podIP NODE=lab TIER=back NOTE="
	if env := strings.Join(got, " "); env != want {
		t.Errorf("environment %s, want %s", env, want)
	}
	container := "spec.template.spec.containers[0]"
	equal(t, noted(o), []string{
		"spec.minReadySeconds", container + ".lifecycle.preStop", container + ".ports[0].hostPort",
	})
}
