package main

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// oracle is what Istio 0.7.1's own parser, validators and Pilot made of rules; lab/rules/classic
// says where it is from.
func oracle[C any](t *testing.T, file string) []C {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, "lab", "rules", "classic", "testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var cases []C
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// unsupported is how the lab refuses what the tutorial does not need.
func unsupported(got answer) bool {
	return got.status == failed && strings.Contains(got.stderr, "not supported by the lab")
}

// plain is JSON without its layout, and with the order of fields that encoding/json has.
func plain(t *testing.T, data []byte) string {
	t.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRoutesAgreeWithIstio(t *testing.T) {
	t.Parallel()
	type routing struct {
		ID, Rules, Namespace string
		Effective            json.RawMessage
	}
	agreed := 0
	for _, c := range oracle[routing](t, "classic-routing.json") {
		lab := surroundings{stdin: strings.NewReader(c.Rules)}
		got := lab.run(t, "routes", "-f", "-", "-o", "json", "-n", cmp.Or(c.Namespace, "istio-tutorial"))
		switch {
		case unsupported(got):
			continue
		case got.status != ok:
			t.Errorf("%s: %+v", c.ID, got)
			continue
		}
		if want := plain(t, c.Effective); plain(t, []byte(got.stdout)) != want {
			t.Errorf("%s: rules\n%s\ngot\n%s\nwant\n%s", c.ID, c.Rules, plain(t, []byte(got.stdout)), want)
		}
		agreed++
	}
	if agreed != 178 {
		t.Errorf("%d cases agree, want 178", agreed)
	}
}

func TestCreateAgreesWithIstio(t *testing.T) {
	t.Parallel()
	type validation struct {
		ID, YAML string
		Valid    bool
		Error    string
	}
	agreed := 0
	for _, c := range oracle[validation](t, "classic-validation.json") {
		lab := surroundings{stdin: strings.NewReader(c.YAML)}
		got := lab.run(t, "create", "--dry-run", "-f", "-")
		if c.Valid && unsupported(got) || c.ID == "doc/kind-service" {
			continue // istioctl left it to kubectl, which the lab is too
		}
		if (got.status == ok) != c.Valid {
			t.Errorf("%s: %+v, want valid %t (%s)\n%s", c.ID, got, c.Valid, c.Error, c.YAML)
		}
		if got.status != ok && !strings.HasPrefix(got.stderr, "Error: ") {
			t.Errorf("%s: stderr %q", c.ID, got.stderr)
		}
		agreed++
	}
	if agreed != 118 {
		t.Errorf("%d cases agree, want 118", agreed)
	}
}
