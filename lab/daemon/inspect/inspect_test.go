package inspect_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/inspect"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

const rules = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens}
spec:
  jwtRules:
  - issuer: a
    jwksUri: http://a.test/keys
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
`

// looked is a lab without pods that has the rules.
func looked(t *testing.T, keyless ...control.Keyless) inspect.Lab {
	t.Helper()
	list, err := objects.Parse([]objects.File{{Name: "rules.yml", Data: []byte(rules)}}, "ns", false)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := objects.Set{}.Change(objects.Create, list, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	manager := pods.NewManager(pods.Config{})
	t.Cleanup(func() {
		if err := manager.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return inspect.Lab{
		Objects: func() objects.Set { return set }, Pods: manager,
		Keyless: func() []control.Keyless { return keyless },
	}
}

// TestAnalyze says at its line of the file which rule's keys nobody could fetch, and nothing of a rule that is gone.
func TestAnalyze(t *testing.T) {
	t.Parallel()
	lab := looked(t,
		control.Keyless{Namespace: "ns", Name: "tokens", Field: "spec.jwtRules[0]", Issuer: "a", Problem: "no such host"},
		control.Keyless{Namespace: "ns", Name: "gone", Field: "spec.jwtRules[0]", Issuer: "b"})
	found, err := lab.Analyze(t.Context(), struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, f := range found {
		if strings.Contains(f.Text, "no such host") {
			keys++
			if f.Line != 6 || f.File != "rules.yml" || f.Name != "tokens" {
				t.Errorf("%+v: want line 6 of rules.yml", f)
			}
		}
		if f.Name == "gone" {
			t.Errorf("%+v", f)
		}
	}
	if keys != 1 {
		t.Errorf("%d sentences about keys in %+v, want 1", keys, found)
	}
}

// TestRules are the rules alone, with the files that they come from.
func TestRules(t *testing.T) {
	t.Parallel()
	got := inspect.Rules(looked(t).Objects())
	if len(got) != 1 || got[0].Name != "tokens" || got[0].Namespace != "ns" || got[0].File != "rules.yml" {
		t.Errorf("rules %+v", got)
	}
}

// TestGetOfNothing says of a name that it is not there, beside what is.
func TestGetOfNothing(t *testing.T) {
	t.Parallel()
	lab := looked(t)
	tables, err := lab.Get(t.Context(), objects.Selection{Args: []string{"configmap/settings", "configmap/none"}, Namespace: "ns"})
	var missing *objects.Error
	if !errors.As(err, &missing) || missing.Reason != objects.NotFound || !strings.Contains(err.Error(), `"none" not found`) {
		t.Errorf("error %v", err)
	}
	if len(tables) != 1 || len(tables[0].Rows) != 1 || tables[0].Rows[0].Name != "settings" {
		t.Errorf("tables %+v", tables)
	}
}
