package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

func tutorial(name string) mesh.Name { return mesh.Name{Namespace: "istio-tutorial", Name: name} }

func podRow(name, version string) control.Row {
	ref := objects.Ref{Kind: "Pod", Resource: "pod", Namespace: "istio-tutorial", Name: name}
	return control.Row{Ref: ref, Cells: []string{name, "2/2", "Running", "0", "5s", "127.0.0.1:40001"}, YAML: `apiVersion: v1
kind: Pod
metadata:
  labels:
    app: recommendation
    version: ` + version + `
  name: ` + name + `
spec: # a comment
  text: |
    a

    b
`}
}

func podTable(rows ...control.Row) control.Table {
	return control.Table{
		Ref: objects.Ref{Kind: "Pod", Resource: "pod", Namespace: "istio-tutorial"},
		Columns: []control.Column{
			{Name: "NAME"}, {Name: "READY"}, {Name: "STATUS"}, {Name: "RESTARTS"}, {Name: "AGE"},
			{Name: "ADDRESS", Wide: true},
		},
		Rows: rows,
	}
}

func services() control.Table {
	ref := objects.Ref{Kind: "Service", Resource: "service", Namespace: "istio-tutorial"}
	row := control.Row{Ref: ref, Cells: []string{"customer", "8080/TCP"}, YAML: "apiVersion: v1\nkind: Service\nmetadata:\n  name: customer\n"}
	row.Name = "customer"
	return control.Table{Ref: ref, Columns: []control.Column{{Name: "NAME"}, {Name: "PORT(S)"}}, Rows: []control.Row{row}}
}

func rules() control.Table {
	ref := objects.Ref{
		Kind: "RouteRule", Resource: "routerule.config.istio.io", Type: "route-rule", Namespace: "istio-tutorial",
	}
	t := control.Table{Ref: ref, Columns: []control.Column{{Name: "NAME"}, {Name: "KIND"}, {Name: "NAMESPACE"}}}
	for _, name := range []string{"recommendation-503", "recommendation-safari"} {
		row := control.Row{Ref: ref, Cells: []string{name, "RouteRule.config.istio.io.v1alpha2", "istio-tutorial"}}
		row.Name = name
		row.YAML = "apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nmetadata:\n  name: " + name + "\n"
		t.Rows = append(t.Rows, row)
	}
	t.Rows[1].Warnings = []string{"recommendation-safari never acts: recommendation-503 (precedence 2, earlier name) takes every request first"}
	return t
}

// golden compares with a file in testdata; `-args update` rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if flag.Arg(0) == "update" {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	two := podTable(podRow("recommendation-v1-6fc97476f8-m2ntp", "v1"), podRow("recommendation-v2-77b9f6cc68-5xs27", "v2"))
	one := podTable(podRow("recommendation-v1-6fc97476f8-m2ntp", "v1"))
	for name, c := range map[string]struct {
		args   string
		flags  string
		tables []control.Table
	}{
		"pods":          {"pods", "", []control.Table{two}},
		"pods-wide":     {"pods", "-o wide --show-labels", []control.Table{two}},
		"pods-bare":     {"pods", "--no-headers", []control.Table{two}},
		"pods-name":     {"pods", "-o name", []control.Table{two}},
		"pods-yaml":     {"pods", "-o yaml", []control.Table{two}},
		"pods-json":     {"pods", "-o json", []control.Table{two}},
		"pods-jsonpath": {"pods", "-o jsonpath={.items[*].metadata.name}", []control.Table{two}},
		"pod-yaml":      {"pod recommendation-v1-6fc97476f8-m2ntp", "-o yaml", []control.Table{one}},
		"pod-json":      {"pod/recommendation-v1-6fc97476f8-m2ntp", "-o json", []control.Table{one}},
		"pod-jsonpath":  {"pod recommendation-v1-6fc97476f8-m2ntp", "-o jsonpath={.metadata.labels.version}{.no.such}", []control.Table{one}},
		"none":          {"pods", "", []control.Table{podTable()}},
		"none-at-all":   {"pods", "-A", nil},
		"none-yaml":     {"pods", "-o yaml", []control.Table{podTable()}},
		"none-json":     {"pods", "-o json", []control.Table{podTable()}},
		"none-name":     {"pods", "-o name", []control.Table{podTable()}},
		"all":           {"all", "", []control.Table{two, services(), rules()}},
		"all-yaml":      {"all", "-o yaml", []control.Table{services(), rules()}},
		"rules":         {"routerules", "", []control.Table{rules()}},
		"rules-short":   {"routerules", "-o short", []control.Table{rules()}},
		"rules-yaml":    {"routerules", "-o yaml", []control.Table{rules()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			o := output{app: &app{namespace: "istio-tutorial"}}
			o.stdout, o.stderr = &stdout, &stderr
			cmd := &cobra.Command{}
			o.declare(cmd)
			if err := cmd.ParseFlags(strings.Fields(c.flags)); err != nil {
				t.Fatal(err)
			}
			if err := o.check(strings.Fields(c.args)); err != nil {
				t.Fatal(err)
			}
			if err := o.list(c.tables, nil); err != nil {
				t.Fatal(err)
			}
			golden(t, "get-"+name, stdout.String()+"-- stderr --\n"+stderr.String())
		})
	}
}

// Rows that come later stand below the first ones, whatever their width, without a header.
func TestFollow(t *testing.T) {
	t.Parallel()
	errTest := errors.New("the end")
	late := podRow("x", "v1")
	late.Cells[1] = "0/2"
	changes := func(yield func([]control.Table, error) bool) {
		_ = yield([]control.Table{podTable()}, nil) &&
			yield([]control.Table{podTable(podRow("recommendation-v1-6fc97476f8-m2ntp", "v1"))}, nil) &&
			yield([]control.Table{podTable(late)}, nil) &&
			yield(nil, errTest)
	}
	var stdout, stderr bytes.Buffer
	o := output{app: &app{process: process{stderr: &stderr}, stdout: &stdout}}
	if err := o.follow(changes, false); !errors.Is(err, errTest) {
		t.Errorf("error %v", err)
	}
	golden(t, "get-watch", stdout.String()+"-- stderr --\n"+stderr.String())
}

func TestWords(t *testing.T) {
	t.Parallel()
	rule := objects.Ref{Resource: "routerule.config.istio.io", Type: "route-rule", Namespace: "istio-tutorial", Name: "recommendation-default"}
	deployment := objects.Ref{Resource: "deployment.apps", Namespace: "istio-tutorial", Name: "recommendation-v2"}
	for _, c := range []struct {
		verb   objects.Verb
		result objects.Result
		want   string
	}{
		{objects.Create, objects.Result{Ref: rule, Done: "created", Revision: 101},
			"Created config route-rule/istio-tutorial/recommendation-default at revision 101"},
		{objects.Replace, objects.Result{Ref: rule, Done: "replaced", Revision: 104},
			"Updated config route-rule/istio-tutorial/recommendation-default to revision 104"},
		{objects.Delete, objects.Result{Ref: rule, Done: "deleted"},
			"Deleted config: route-rule/istio-tutorial/recommendation-default"},
		{objects.Apply, objects.Result{Ref: rule, Done: "configured", Revision: 104},
			"routerule.config.istio.io/recommendation-default configured"},
		{objects.Create, objects.Result{Ref: deployment, Done: "created", Revision: 101},
			"deployment.apps/recommendation-v2 created"},
		{objects.Delete, objects.Result{Ref: deployment, Done: "deleted"},
			`deployment.apps "recommendation-v2" deleted`},
	} {
		if got := (&change{verb: c.verb}).words(c.result); got != c.want {
			t.Errorf("%s: %q, want %q", c.verb, got, c.want)
		}
	}
	gone := objects.Result{Ref: rule, Done: "deleted"}
	for typed, want := range map[string]string{
		"routerules":                       "Deleted config: routerules recommendation-default",
		"routerule/recommendation-default": "Deleted config: routerule recommendation-default",
		"pods,routerules":                  "Deleted config: routerule recommendation-default",
		"all":                              "Deleted config: routerule recommendation-default",
	} {
		if got := (&removal{}).byName(gone, typed); got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	list := []control.Description{
		{Fields: []control.Field{
			{Name: "Name", Value: "recommendation-v1"}, {Name: "Labels", Value: "app=recommendation"},
			{Value: "version=v1"}, {Name: "Containers"}, {Depth: 1, Name: "recommendation"},
			{Depth: 2, Name: "Image", Value: "istio-tutorial-recommendation:v1"},
		}},
		{Fields: []control.Field{{Name: "Name", Value: "b"}}},
	}
	var got bytes.Buffer
	if err := writeDescriptions(&got, list); err != nil {
		t.Fatal(err)
	}
	golden(t, "describe", got.String())
}

func TestStatus(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := control.Status{
		Name: "tutorial", PID: 7, Phase: control.Running, Edition: objects.Classic, Started: now.Add(-90*time.Second - 300*time.Millisecond),
		Ingress: "http://127.0.0.1:8280", Metrics: "http://127.0.0.1:9/metrics",
		Proxy: control.ProxyStatus{Version: "1.40.0", Path: "/usr/bin/envoy", PID: 8, State: "Ready"},
		Pods:  []pods.Pod{{Name: tutorial("a"), Containers: 2, Ready: 2}},
	}
	full := s
	full.Proxy.Restarts, full.Tracing, full.Internet = 2, "zipkin", true
	full.Pods = append(full.Pods,
		pods.Pod{Name: tutorial("b"), Containers: 2, Ready: 1, Status: "CrashLoopBackOff", Reason: "exit status 2"},
		pods.Pod{Name: tutorial("c"), Containers: 2, Status: "Pending"})
	full.Rules = []objects.Ref{{Type: "route-rule", Name: "recommendation-default"}, {Type: "denier", Name: "d"}}
	var got bytes.Buffer
	for _, status := range []control.Status{s, full} {
		if err := writeStatus(&got, status, now); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
	}
	golden(t, "status", got.String())
}
