package oncluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/objects"
)

func sprint(a ...any) string { return strings.TrimSpace(fmt.Sprintln(a...)) }

const listed = `[
{"kind": "Deployment", "metadata": {"name": "recommendation-v2"}, "spec": {
	"selector": {"matchLabels": {"app": "recommendation", "version": "v2"}},
	"template": {"spec": {"containers": [{"name": "recommendation", "image": "host/istio-tutorial-recommendation:v2"}]}}}},
{"kind": "Deployment", "metadata": {"name": "egresshttpbin"}, "spec": {
	"selector": {"matchLabels": {"app": "egresshttpbin"}},
	"template": {"spec": {"containers": [{"name": "egresshttpbin", "image": "istio-tutorial-egresshttpbin:v1"}]}}}},
{"kind": "Pod", "metadata": {"name": "r2-a", "labels": {"app": "recommendation", "version": "v2", "x": "y"}},
	"spec": {"containers": [{"name": "recommendation"}], "initContainers": [{"name": "istio-proxy"}]},
	"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
{"kind": "Pod", "metadata": {"name": "r2-starting", "labels": {"app": "recommendation", "version": "v2"}},
	"status": {"conditions": [{"type": "Ready", "status": "False"}]}},
{"kind": "Pod", "metadata": {"name": "r2-ending", "labels": {"app": "recommendation", "version": "v2"}, "deletionTimestamp": "2026-01-01T00:00:00Z"},
	"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
{"kind": "Pod", "metadata": {"name": "r1", "labels": {"app": "recommendation", "version": "v1"}},
	"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
{"kind": "EndpointSlice", "metadata": {"name": "s", "labels": {"kubernetes.io/service-name": "recommendation"}},
	"ports": [{"port": 8080}],
	"endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}}, {"addresses": ["10.0.0.2"], "conditions": {"ready": false}}, {"addresses": ["10.0.0.3"]}]}
]`

// TestInventory has the pods that serve, and no others.
func TestInventory(t *testing.T) {
	t.Parallel()
	var items []item
	if err := json.Unmarshal([]byte(listed), &items); err != nil {
		t.Fatal(err)
	}
	p := newPods(&Ground{Tools: cluster.Tools{Namespace: "ours"}})
	p.seen = newInventory()
	for _, i := range items {
		p.seen.add(i)
	}
	list, err := p.of("recommendation-v2")
	if got := sprint(list, err); got != "[{r2-a  map[app:recommendation version:v2 x:y] true}] <nil>" {
		t.Error(got)
	}
	_, err = p.of("recommendation-v3")
	if refused, ok := errors.AsType[*objects.Error](err); !ok || refused.Reason != objects.NotFound {
		t.Errorf("%v", err)
	}
	if got := p.seen.deployments["recommendation-v2"].program + " " + p.seen.deployments["egresshttpbin"].program; got != "recommendation egress" {
		t.Error(got)
	}
	if got := sprint(p.seen.endpoints); got != "map[recommendation:[10.0.0.1:8080 10.0.0.3:8080]]" {
		t.Error(got)
	}
}

// TestHost reads Envoy's list of hosts: those of a whole Service of the namespace that are there.
func TestHost(t *testing.T) {
	t.Parallel()
	g := &Ground{Tools: cluster.Tools{Namespace: "ours"}}
	for line, want := range map[string]string{
		"outbound|8080||recommendation.ours.svc.cluster.local::10.0.0.1:8080::health_flags::healthy":            "recommendation true 10.0.0.1:8080 healthy",
		"outbound|8080||recommendation.ours.svc.cluster.local::10.0.0.1:8080::health_flags::/failed_eds_health": "recommendation true 10.0.0.1:8080 /failed_eds_health",
		"outbound|8080||recommendation.ours.svc.cluster.local::10.0.0.1:8080::cx_active::1":                     "recommendation true",
		"outbound|8080||recommendation.ours.svc.cluster.local::observability_name::x":                           "recommendation true",
		"outbound|8080|version-v2|recommendation.ours.svc.cluster.local::10.0.0.1:8080::health_flags::healthy":  "false",
		"outbound|8080||recommendation.theirs.svc.cluster.local::10.0.0.1:8080::health_flags::healthy":          "false",
		"outbound|80||httpbin.org::1.2.3.4:80::health_flags::healthy":                                           "false",
	} {
		service, ok := g.serviceOf(line)
		got := sprint(service, ok)
		if m := host.FindStringSubmatch(line); ok && m != nil {
			got += " " + m[3] + " " + m[4]
		}
		if got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

// TestCopy gives every sidecar the ground's configuration, and leaves the repository as it is.
func TestCopy(t *testing.T) {
	t.Parallel()
	g := &Ground{Tools: cluster.Tools{Namespace: "ours"}, Folder: "../../.."}
	dir := t.TempDir()
	if err := g.copyFiles(dir); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"deploy/recommendation/Deployment-v2.yml":   "        proxy.istio.io/config: '{\"concurrency\":1",
		"deploy/egress/egressgithub/Deployment.yml": "        proxy.istio.io/config: '{\"concurrency\":1",
		"deploy/ingress/ingress.yml":                "gateways: [ours-ingress/way-in]",
		"istiofiles/v1/ingress.yml":                 "    istio: ours #",
		"istiofiles/v1/token-route.yml":             "      istio: ours\n",
		"istiofiles/v1/access-ingress.yml":          "ns/ours-ingress/sa/way-in]",
		"istiofiles/gateway-api/ingress.yml":        "value: way-in.ours-ingress.svc.cluster.local",
		"bin/lab":                                   "#!/bin/sh",
	} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: no %q; %v", file, want, err)
		}
	}
	if found, err := filepath.Glob(filepath.Join(dir, "istiofiles", "v1", "*")); err != nil || len(found) < 30 {
		t.Errorf("%d files; %v", len(found), err)
	}
}

// TestExcess knows where an object is that a page has left.
func TestExcess(t *testing.T) {
	t.Parallel()
	state := map[string]string{}
	for where, list := range map[string]string{
		"":        `{"items": [{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "new"}}, {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "old"}}]}`,
		atGateway: `{"items": [{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "certificate"}}]}`,
	} {
		if err := note(list, where, state); err != nil {
			t.Fatal(err)
		}
	}
	extra, beside := excess(map[string]string{"service old": ""}, state)
	if got := sprint(extra, beside); got != "[service/new] [secret/certificate]" {
		t.Error(got)
	}
}

// TestMeans is the same for what the cluster changes by itself, and not for what a page changes.
func TestMeans(t *testing.T) {
	t.Parallel()
	read := func(text string) string {
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			t.Fatal(err)
		}
		name, meaning, err := means(object)
		if err != nil {
			t.Fatal(err)
		}
		return name + meaning
	}
	base := read(`{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "labels": {"l": "1"}, "resourceVersion": "1"}, "spec": {"replicas": 1}}`)
	if !strings.HasPrefix(base, "deployment.apps a{") {
		t.Error(base)
	}
	if got := read(`{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "labels": {"l": "1"}, "generation": 7}, "spec": {"replicas": 1}, "status": {}}`); got != base {
		t.Error(got)
	}
	for _, other := range []string{
		`{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "labels": {"l": "1"}}, "spec": {"replicas": 2}}`,
		`{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": 1}}`,
	} {
		if got := read(other); got == base {
			t.Errorf("%s: the same", other)
		}
	}
}
