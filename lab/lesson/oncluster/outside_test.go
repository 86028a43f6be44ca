package oncluster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
)

// scriptedKubectl are tools whose kubectl is a script: for what a cluster cannot be brought to at will.
func scriptedKubectl(t *testing.T, script string) cluster.Tools {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "kubectl"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return cluster.Tools{Namespace: "ours", Environ: []string{"PATH=" + folder + string(filepath.ListSeparator) + os.Getenv("PATH")}}
}

// TestCallsOut is of the pages that need hosts outside.
func TestCallsOut(t *testing.T) {
	t.Parallel()
	pages, err := book.ReadAll("../../../docs")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if out := CallsOut(p); out != (p.Number == 16 || p.Number == 21) {
			t.Errorf("%s: %t", p.File, out)
		}
	}
}

// TestNoInternet ends a run that wants the real hosts where there are none, and says what to do.
func TestNoInternet(t *testing.T) {
	t.Parallel()
	g := &Ground{Tools: scriptedKubectl(t, "echo 'recommendation: no such host' >&2; exit 1")}
	if err := g.reachInternet(t.Context()); err != nil {
		t.Errorf("nobody wants it: %v", err)
	}
	g.Internet = true
	err := g.reachInternet(t.Context())
	want := "--internet: no pod of this cluster reaches httpbin.org: recommendation: no such host; without --internet a pod stands in for it"
	if _, ok := errors.AsType[*lesson.NoGroundError](err); !ok || err.Error() != want {
		t.Errorf("%v", err)
	}
}

// TestTaken ends a run that would take somebody's namespace, or one of an earlier run.
func TestTaken(t *testing.T) {
	t.Parallel()
	for labels, want := range map[string]string{"": "it is there, and not made by verify", `"istio-tutorial.verify":"true"`: "--reuse"} {
		g := &Ground{Tools: scriptedKubectl(t, `echo '{"metadata":{"labels":{`+labels+`}}}'`)}
		err := g.claim(t.Context(), "ours", nil)
		if _, ok := errors.AsType[*lesson.NoGroundError](err); !ok || !strings.Contains(err.Error(), want) || len(g.made) > 0 {
			t.Errorf("%v; to be removed: %v", err, g.made)
		}
	}
}

// TestNoIstio tells a cluster without Istio from one whose istiod does not answer.
func TestNoIstio(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		`Istio is not present in the cluster: no running Istio pods in namespace "istio-system"`: "the cluster has no Istio that runs;",
		"": "the cluster has no Istio that runs;",
		"error executing Kubernetes exec: connection refused": "istiod does not answer: error executing Kubernetes exec: connection refused",
	} {
		if err := noIstio(words); !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", words, err)
		}
	}
}
