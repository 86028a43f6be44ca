package pick_test

import (
	"slices"
	"testing"
	"time"

	"istio-tutorial/lab/daemon/pick"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example/web:1, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: empty, namespace: shop}
spec: {selector: {app: nobody}, ports: [{name: http, port: 8080}]}
`

func applied(t *testing.T) objects.Set {
	t.Helper()
	list, err := objects.Parse([]objects.File{{Name: "x.yml", Data: []byte(manifest)}}, "shop", false)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := objects.Set{}.Change(objects.Create, list, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func pod(name, status string) pods.Pod {
	return pods.Pod{
		Name: mesh.Name{Namespace: "shop", Name: name}, Workload: mesh.Name{Namespace: "shop", Name: "web"},
		Labels: mesh.Labels{"app": "web"}, Status: status,
	}
}

// TestPodsOf has each way to mean pods, and what is said where there are none.
func TestPodsOf(t *testing.T) {
	t.Parallel()
	set := applied(t)
	old, first, second := pod("web-0", pods.Terminating), pod("web-1", "Running"), pod("web-2", "Running")
	for name, c := range map[string]struct {
		all     []pods.Pod
		args    []string
		labels  string
		want    []string
		problem string
	}{
		"POD":                 {[]pods.Pod{old, first}, []string{"web-0"}, "", []string{"web-0"}, ""},
		"Deployment":          {[]pods.Pod{old, first, second}, []string{"deployment/web"}, "", []string{"web-1", "web-2"}, ""},
		"Service":             {[]pods.Pod{old, first}, []string{"svc/web"}, "", []string{"web-1"}, ""},
		"only ending ones":    {[]pods.Pod{old}, []string{"deployment/web"}, "", []string{"web-0"}, ""},
		"labels":              {[]pods.Pod{old, first}, nil, "app=web", []string{"web-0", "web-1"}, ""},
		"other labels":        {[]pods.Pod{first}, nil, "app=x", nil, "no pods found"},
		"Service without any": {[]pods.Pod{first}, []string{"service/empty"}, "", nil, "service/empty has no pods"},
		"Deployment as POD":   {[]pods.Pod{first}, []string{"web"}, "", nil, `pods "web" not found; did you mean deployment/web?`},
		"two":                 {[]pods.Pod{first, second}, []string{"web-1", "web-2"}, "", nil, "name one pod, or KIND/NAME"},
	} {
		var got []string
		list, err := pick.PodsOf(set, c.all, objects.Selection{Args: c.args, Namespace: "shop", Labels: c.labels})
		for _, p := range list {
			got = append(got, p.Name.Name)
		}
		problem := ""
		if err != nil {
			problem = err.Error()
		}
		if problem != c.problem || err == nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %q; want %q, %q", name, got, problem, c.want, c.problem)
		}
	}
}
