package manifests_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
)

// objectsOf is KIND/NAME of everything in a file.
func objectsOf(t *testing.T, name string, data []byte) []document.Document {
	t.Helper()
	docs, err := document.Parse(name, strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func listed(t *testing.T, dir string) []document.Document {
	t.Helper()
	files, err := manifests.Kustomization(dir)
	if err != nil {
		t.Fatal(err)
	}
	var docs []document.Document
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, objectsOf(t, file, data)...)
	}
	return docs
}

func names(docs []document.Document) []string {
	var list []string
	for _, d := range docs {
		list = append(list, d.Kind+"/"+d.Name)
	}
	slices.Sort(list)
	return list
}

// TestOverlays holds that they have all of deploy/ but the Ingress, and what they add.
func TestOverlays(t *testing.T) {
	t.Parallel()
	base := slices.DeleteFunc(names(listed(t, deploy)), func(n string) bool {
		return strings.HasPrefix(n, "Ingress/")
	})
	for name, c := range map[string]struct {
		labels map[string]string
		adds   []string
	}{
		"istio": {
			map[string]string{"istio-injection": "enabled"},
			[]string{"Gateway/customer-gateway", "HTTPRoute/customer"},
		},
		"ambient": {
			map[string]string{"istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "waypoint"},
			[]string{"Gateway/customer-gateway", "Gateway/waypoint", "HTTPRoute/customer"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(deploy, overlays, name)
			docs := listed(t, dir)
			want := append(slices.Clone(base), c.adds...)
			slices.Sort(want)
			equal(t, names(docs), want)
			for _, doc := range docs {
				if doc.Kind != "Namespace" {
					continue
				}
				var ns corev1.Namespace
				if err := doc.Decode(&ns); err != nil {
					t.Error(err)
				}
				for key, value := range c.labels {
					if ns.Labels[key] != value || len(ns.Labels) != len(c.labels) {
						t.Errorf("labels %v, want %v", ns.Labels, c.labels)
					}
				}
			}
			sameFile(t, filepath.Join(dir, "gateway.yml"), istiofiles+"/gateway-api/ingress.yml")
		})
	}
}

func sameFile(t *testing.T, a, b string) {
	t.Helper()
	x, errX := os.ReadFile(a)
	y, errY := os.ReadFile(b)
	if errX != nil || errY != nil || string(x) != string(y) {
		t.Errorf("%s is not %s: %v %v", a, b, errX, errY)
	}
}

// TestKubectlAgrees holds that kubectl makes of each kustomization what the lab does.
func TestKubectlAgrees(t *testing.T) {
	t.Parallel()
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("no kubectl here")
	}
	for _, dir := range []string{".", "overlays/istio", "overlays/ambient", "customer"} {
		out, err := exec.Command(kubectl, "kustomize", filepath.Join(deploy, dir)).CombinedOutput()
		if err != nil {
			t.Errorf("kubectl kustomize %s: %v\n%s", dir, err, out)
			continue
		}
		equal(t, names(objectsOf(t, dir, out)), names(listed(t, filepath.Join(deploy, dir))))
	}
}

// TestComponents holds that each component of the overlay observability builds on each base, and what
// it adds. The lab reads none of it.
func TestComponents(t *testing.T) {
	t.Parallel()
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("no kubectl here")
	}
	build := func(dir string) string {
		out, err := exec.Command(kubectl, "kustomize", dir).CombinedOutput()
		if err != nil {
			t.Errorf("kubectl kustomize %s: %v\n%s", dir, err, out)
		}
		return string(out)
	}
	for component, adds := range map[string][]string{
		"dashboard":  {"name: dashboard-chain\n", `grafana_dashboard: "1"`, `"uid": "istio-tutorial-chain"`},
		"scrape":     {"name: prometheus-scrape-chain\n", "job_name: istio-tutorial\n"},
		"podmonitor": {"kind: PodMonitor\n"},
		"zipkin":     {"value: zipkin\n", "value: http://zipkin.istio-system:9411/api/v2/spans\n"},
		"jaeger":     {"value: jaeger\n", "value: http://jaeger-collector.istio-system:14268/api/traces\n"},
		"spans":      {"kind: Telemetry\n"},
	} {
		for _, base := range []string{".", "overlays/istio", "overlays/ambient", "overlays/observability"} {
			if base == "overlays/observability" && component == "dashboard" {
				continue // it has that already
			}
			dir := t.TempDir()
			text := "resources: [" + from(t, dir, base) + "]\ncomponents: [" +
				from(t, dir, "overlays/observability/"+component) + "]\n"
			if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			out := build(dir)
			for _, want := range adds {
				times := 1
				if strings.HasPrefix(want, "value:") {
					times = 3 // the programs of the chain
				}
				if strings.Count(out, want) != times {
					t.Errorf("%s on %s has %q %d times, want %d", component, base, want, strings.Count(out, want), times)
				}
			}
		}
	}
	if out := build(filepath.Join(deploy, "overlays/observability")); !strings.Contains(out, "kind: Gateway\n") ||
		!strings.Contains(out, "name: dashboard-chain\n") {
		t.Errorf("the overlay lacks the Gateway or the dashboard:\n%s", out)
	}
}

// from returns the way from a folder to one of deploy/.
func from(t *testing.T, dir, to string) string {
	t.Helper()
	target, err := filepath.Abs(filepath.Join(deploy, to))
	if err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Rel(real, target)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
