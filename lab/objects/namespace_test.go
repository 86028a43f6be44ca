package objects_test

import (
	"slices"
	"testing"
	"time"

	"istio-tutorial/lab/objects"
)

const twoNamespaces = `apiVersion: v1
kind: Namespace
metadata: {name: one, labels: {a: b}}
---
apiVersion: v1
kind: Namespace
metadata: {name: two}
---
apiVersion: v1
kind: Service
metadata: {name: inside, namespace: one}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: rule, namespace: one}
spec: {destination: {name: inside}}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: two}
spec: {ports: [{name: http, port: 80}]}
`

// TestNamespaceIsEmptied holds that a namespace takes with it what nothing else has deleted.
func TestNamespaceIsEmptied(t *testing.T) {
	t.Parallel()
	full, _, err := objects.Set{}.Change(objects.Create, parse(t, twoNamespaces), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := objects.FindKind("ns")
	byName, results, err := full.Remove([]objects.Ref{objects.NewRef(kind, "", "one")})
	if err != nil || len(results) != 1 || len(results[0].With) != 2 {
		t.Errorf("by name: %v, %v; want the service and the rule with it", results, err)
	}
	byFile, results, err := full.Change(objects.Delete, parse(t, twoNamespaces)[:3], time.Now())
	if err != nil || len(results) != 3 || len(results[0].With) != 1 || results[0].With[0].Name != "rule" {
		t.Errorf("by file: %v, %v; want the rule with it, and no error about the service", results, err)
	}
	for _, s := range []objects.Set{byName, byFile} {
		if left := s.All(); slices.ContainsFunc(left, func(o objects.Object) bool { return o.Namespace == "one" }) {
			t.Errorf("left: %v", left)
		}
	}
	if _, ok := byName.Find(full.All()[4].Ref); !ok {
		t.Error("the other namespace is emptied too")
	}
}

// TestClaims holds that only a bare namespace that is there as at the start is taken for made.
func TestClaims(t *testing.T) {
	t.Parallel()
	start, _, err := objects.Set{}.Change(objects.Create, parse(t, twoNamespaces)[:1], time.Now())
	if err != nil {
		t.Fatal(err)
	}
	changed, _, err := start.Change(objects.Replace, parse(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: one}\n"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	const bare = "apiVersion: v1\nkind: Namespace\nmetadata: {name: "
	for _, c := range []struct {
		why  string
		now  objects.Set
		verb objects.Verb
		text string
		want bool
	}{
		{"as at the start", start, objects.Create, bare + "one}\n", true},
		{"another verb", start, objects.Apply, bare + "one}\n", false},
		{"another name", start, objects.Create, bare + "two}\n", false},
		{"with labels", start, objects.Create, bare + "one, labels: {a: b}}\n", false},
		{"with another object", start, objects.Create, twoNamespaces, false},
		{"changed since", changed, objects.Create, bare + "one}\n", false},
		{"deleted since", objects.Set{}, objects.Create, bare + "one}\n", false},
	} {
		if _, got := c.now.Claims(c.verb, parse(t, c.text), start); got != c.want {
			t.Errorf("%s: %t", c.why, got)
		}
	}
}
