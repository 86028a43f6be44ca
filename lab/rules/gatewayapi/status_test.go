package gatewayapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
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

// TestNothingOfIt holds of what Istio makes nothing: of a whole route that has a host for a Service's name, and of a
// listener that conflicts with an earlier one.
func TestNothingOfIt(t *testing.T) {
	t.Parallel()
	const listeners = "listeners: [{name: a, port: 80, protocol: HTTP, hostname: a.test}, " +
		"{name: b, port: 80, protocol: HTTPS, hostname: a.test, tls: {certificateRefs: [{name: c}]}}]"
	broken := "---\n" + routeOf("a", "{name: web}", "rules: [{matches: [{path: {value: /x}}], backendRefs: [{name: customer, port: 8080}]}, "+
		"{backendRefs: [{name: customer.a, port: 8080}]}]")
	for name, c := range map[string]struct{ rules, hosts string }{
		"whole":  {"---\n" + routeOf("a", "{name: web}", "rules: [{backendRefs: [{name: customer, port: 8080}]}]"), "1 hosts, 0 doors"},
		"broken": {broken, "0 hosts, 0 doors"},
	} {
		set := load(t, gatewayWith(listeners)+c.rules)
		m := gatewayapi.Resolve(set, keeping(t))
		if got := fmt.Sprintf("%d hosts, %d doors", len(m.Gateway.Hosts), len(m.Gateway.Secure)); got != c.hosts {
			t.Errorf("%s: %s, want %s", name, got, c.hosts)
		}
		const said = "listener b takes no connections: Listener has a conflict with another listener attached to the same Gateway"
		if found := fmt.Sprint(gatewayapi.Findings(set, keeping(t))); !strings.Contains(found, said) {
			t.Errorf("%s: findings %s, want %q", name, found, said)
		}
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
