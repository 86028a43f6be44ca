package gatewayapi_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// TestStatus compares with what the real Istio wrote of the same objects. Its Gateways of the namespace door had no
// pods, so whether they are Programmed is left out there.
func TestStatus(t *testing.T) {
	t.Parallel()
	set, made := recorded(t)
	data, err := os.ReadFile("testdata/status.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	top, seen := manifests.Topology(made), 0
	for _, r := range set.Rules() {
		status := gatewayapi.Status(set, top, &r)
		if status == nil {
			continue
		}
		seen++
		name := r.Key.String()
		if got := plain(t, status, strings.HasPrefix(name, "Gateway door/") && !strings.HasSuffix(name, "/foreign")); !reflect.DeepEqual(got, want[name]) {
			t.Errorf("%s:\n%s, want\n%s", name, text(t, got), text(t, want[name]))
		}
	}
	if seen != len(want) || seen < 70 {
		t.Errorf("%d statuses, want %d", seen, len(want))
	}
}

// recorded is what testdata/status.yml has.
func recorded(t *testing.T) (set rules.Set, made []manifests.Object) {
	t.Helper()
	data, err := os.ReadFile("testdata/status.yml")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := identity.NewSigner(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := signer.Host("a.test")
	if err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString
	filled := strings.NewReplacer(": CERT", ": "+encoded(pair.Certificate), ": KEY", ": "+encoded(pair.Key)).Replace(string(data))
	docs, err := document.Parse("status.yml", strings.NewReader(filled))
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range docs {
		var list []rules.Rule
		switch {
		case strings.HasPrefix(doc.APIVersion, gatewayapi.Group):
			list, err = gatewayapi.Parse([]document.Document{doc}, "door")
		case strings.Contains(doc.APIVersion, "istio.io/"):
			list, err = v1.Parse([]document.Document{doc}, "door")
		default:
			var o manifests.Object
			o, err = manifests.Parse(doc, "door")
			made = append(made, o)
		}
		if err != nil {
			t.Fatal(err)
		}
		set = set.Apply(list...)
	}
	return set, made
}

// plain is a status as JSON has it, without times.
func plain(t *testing.T, status any, unplaced bool) any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(text(t, status)), &fields); err != nil {
		t.Fatal(err)
	}
	if list, ok := fields["conditions"].([]any); ok && unplaced {
		fields["conditions"] = slices.DeleteFunc(list, func(c any) bool { return c.(map[string]any)["type"] == "Programmed" })
		delete(fields, "addresses")
	}
	return timeless(fields)
}

func timeless(value any) any {
	switch v := value.(type) {
	case map[string]any:
		delete(v, "lastTransitionTime")
		for _, below := range v {
			timeless(below)
		}
	case []any:
		for _, below := range v {
			timeless(below)
		}
	}
	return value
}

func text(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
