package routes_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/routes"
)

// tutorial is the objects of deploy/ with both versions of recommendation, and rules.
func tutorial(t *testing.T, rules string) objects.Set {
	t.Helper()
	paths, err := manifests.Kustomization("../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	files := []objects.File{{Name: "rules.yml", Data: []byte(rules)}}
	for _, path := range append(paths, "../../deploy/recommendation/Deployment-v2.yml") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, objects.File{Name: path, Data: data})
	}
	list, err := objects.Parse(files, "istio-tutorial", false)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := objects.Set{}.Change(objects.Create, list, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const split = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: recommendation}
spec: {host: recommendation, subsets: [{name: v2, labels: {version: v2}}, {name: v3, labels: {version: v3}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: recommendation}
spec: {hosts: [recommendation], http: [{route: [{destination: {host: recommendation, subset: v2}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: nobody}
spec: {hosts: [nobody], http: [{route: [{destination: {host: nobody}}]}]}
`

// TestOf has the calls of all workloads of an app to a service: only the clusters that its routes name, with
// their pods that are ready, and what there is to say about the rules once.
func TestOf(t *testing.T) {
	t.Parallel()
	set := tutorial(t, split)
	topology := set.Expected()
	for i, p := range topology.Instances {
		if p.Workload.Name == "recommendation-v2" {
			topology.Instances[i].Ready = false
		}
	}
	list, err := routes.Of(set, topology, routes.Query{To: "recommendation"})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 2 {
		t.Fatalf("%d tables, want one for each workload", len(list))
	}
	for i, r := range list {
		if len(r.Clusters) != 1 || r.Clusters[0].Cluster.Subset != "v2" || r.Clusters[0].Pods != 1 || r.Clusters[0].Ready != 0 {
			t.Errorf("%s: clusters %+v, want v2's alone, with a pod that is not ready", r.From, r.Clusters)
		}
		if (len(r.Warnings) > 0) != (i == 0) {
			t.Errorf("%s: warnings %q", r.From, r.Warnings)
		}
		if !strings.Contains(string(r.Effective), `"v2"`) {
			t.Errorf("%s: effective %s", r.From, r.Effective)
		}
	}
	both, err := routes.Of(set, topology, routes.Query{From: "recommendation", To: "recommendation"})
	if err != nil || len(both) != 2 || both[1].From.Name != "recommendation-v2" {
		t.Errorf("from the app recommendation: %d tables, %v", len(both), err)
	}
	if one, err := routes.Of(set, topology, routes.Query{From: "recommendation-v2", To: "recommendation"}); len(one) != 1 {
		t.Errorf("from one of its Deployments: %d tables, %v", len(one), err)
	}
}

// TestElsewhere says of a host that no rule names where calls go all the same, and of what is not there that it
// is not.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	for _, edition := range []objects.Edition{"classic", "v1"} {
		set, err := tutorial(t, "").In(edition)
		if err != nil {
			t.Fatal(err)
		}
		list, err := routes.Of(set, set.Expected(), routes.Query{From: "customer", To: "a.test"})
		switch {
		case edition == "classic": // a sidecar of 2018 knows only the hosts of rules
			if err == nil || !strings.Contains(err.Error(), `no service "a.test"`) {
				t.Errorf("2018: %+v, %v", list, err)
			}
		case err != nil || len(list) != 1 || list[0].Host.Routes[0].From != "allow_any":
			t.Errorf("today: %+v, %v", list, err)
		}
	}
	set := tutorial(t, "")
	for word, q := range map[string]routes.Query{
		`no deployment "nobody"`: {From: "nobody"},
		`no service "nothing"`:   {To: "nothing"},
	} {
		if _, err := routes.Of(set, set.Expected(), q); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%+v: %v, want %s", q, err, word)
		}
	}
}
