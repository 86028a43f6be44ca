package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTextPaths(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "recommendation", "kubernetes", "Service.yml")
	if err := os.MkdirAll(filepath.Dir(own), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own, []byte("apiVersion: v1\nkind: Namespace\nmetadata: {name: own}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, here := range textPaths() {
		got := surroundings{}.run(t, "validate", "-f", path)
		if got.status != ok || got.stderr != "the text's "+path+" is "+here+" here\n" || !strings.Contains(got.stdout, here) {
			t.Errorf("%s: %+v", path, got)
		}
	}
	for path, want := range map[string]string{
		// of the folder before it, not of the lab's home
		"../../../customer/kubernetes/Service.yml": "the text's ../../../customer/kubernetes/Service.yml is deploy/customer/Service.yml here\n",
		// nothing is at home in a folder that is not there
		"/nowhere/ingress/ingress.yaml":         "the text's /nowhere/ingress/ingress.yaml is deploy/ingress/ingress.yml here\n",
		own:                                     "", // what is there is meant
		"customer/kubernetes/Deployment-v2.yml": "Error: stat customer/kubernetes/Deployment-v2.yml: no such file or directory\n",
		"xcustomer/kubernetes/Service.yml":      "Error: stat xcustomer/kubernetes/Service.yml: no such file or directory\n",
		"addon/istio/":                          "Error: addon/istio/: the lab brings its mesh along: there is nothing to install\n",
		"./yaml/istio-bookinfo/bookinfo.yaml": "Error: ./yaml/istio-bookinfo/bookinfo.yaml: the sample Bookinfo is not part of this " +
			"tutorial; the lab runs customer, preference and recommendation already\n",
	} {
		if got := (surroundings{}).run(t, "validate", "-f", path); got.stderr != want {
			t.Errorf("%s: %+v, want %q", path, got, want)
		}
	}
	got := surroundings{}.run(t, "kube-inject", "-f", "preference/kubernetes/Deployment.yml")
	if got.status != ok || !strings.Contains(got.stdout, "name: preference\n") ||
		!strings.HasSuffix(got.stderr, "is deploy/preference/Deployment.yml here\n") {
		t.Errorf("kube-inject: %+v", got)
	}
}

func TestIsShell(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"/bin/bash": true, "sh": true, "bash -l": true, "bash -c true": false, "sh script": false, "curl": false,
	} {
		if got := isShell(strings.Fields(line)); got != want {
			t.Errorf("%s: %t", line, got)
		}
	}
}
