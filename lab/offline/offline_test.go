package offline_test

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/offline"
	"istio-tutorial/lab/routes"
)

const namespace = "istio-tutorial"

// tutorial is the files of deploy/, with version 2 of recommendation.
func tutorial(t *testing.T) []objects.File {
	t.Helper()
	paths, err := manifests.Kustomization("../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	var files []objects.File
	for _, path := range append(paths, "../../deploy/recommendation/Deployment-v2.yml") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, objects.File{Name: path, Data: data})
	}
	return files
}

// Files alone make what the real Istio 0.7.1 made of them.
func TestOffline(t *testing.T) {
	t.Parallel()
	services := tutorial(t)
	data, err := os.ReadFile("../rules/classic/testdata/classic-routing.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		ID, Rules, Namespace string
		Effective            any
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	agreed := 0
	for _, c := range cases {
		in := namespace
		if c.Namespace != "" {
			in = c.Namespace
		}
		lab := offline.Lab{
			Manifests: services, Files: []objects.File{{Name: "-", Data: []byte(c.Rules)}}, Namespace: in,
		}
		list, err := lab.Routes(routes.Query{From: "preference", To: "recommendation", Namespace: namespace})
		if err != nil {
			if strings.Contains(err.Error(), "not supported by the lab") {
				continue // by name, as the dialect's own tests hold it
			}
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		var got any
		if err := json.Unmarshal(list[0].Effective, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, c.Effective) {
			t.Errorf("%s: %s", c.ID, list[0].Effective)
		}
		agreed++
	}
	if agreed < 170 {
		t.Errorf("agreed with %d of %d", agreed, len(cases))
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	check := func(text string) ([]string, error) {
		return offline.Lab{Files: []objects.File{{Name: "x.yml", Data: []byte(text)}}, Namespace: namespace}.Check()
	}
	if warnings, err := check("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"); warnings != nil || err != nil {
		t.Error(warnings, err)
	}
	if _, err := check("apiVersion: v1\nkind: Namespace\n"); !isInvalid(err) || !strings.HasPrefix(err.Error(), "x.yml:1: ") {
		t.Error(err)
	}
	const unnamed = "apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nspec: {destination: {name: customer}}\n"
	warnings, err := check(unnamed + "---\n" + unnamed)
	want := []string{
		"x.yml:1: metadata.name: missing; istioctl let that pass, create does not",
		"x.yml:5: metadata.name: missing; istioctl let that pass, create does not",
	}
	if err != nil || !slices.Equal(warnings, want) {
		t.Errorf("warnings %q, error %v", warnings, err)
	}
}

func isInvalid(err error) bool {
	e, ok := errors.AsType[*objects.Error](err)
	return ok && e.Reason == objects.Invalid
}
