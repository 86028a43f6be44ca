package objects_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/objects"
)

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
		offline := objects.Offline{
			Manifests: services, Files: []objects.File{{Name: "-", Data: []byte(c.Rules)}}, Namespace: in,
		}
		list, err := offline.Routes(objects.RouteQuery{From: "preference", To: "recommendation", Namespace: namespace})
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
		return objects.Offline{Files: []objects.File{{Name: "x.yml", Data: []byte(text)}}, Namespace: namespace}.Check()
	}
	if warnings, err := check("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"); warnings != nil || err != nil {
		t.Error(warnings, err)
	}
	if _, err := check("apiVersion: v1\nkind: Namespace\n"); reason(err) != objects.Invalid || !strings.HasPrefix(err.Error(), "x.yml:1: ") {
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
