package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"istio-tutorial/lab/objects"
)

// whole are objects that the lab takes, by the headings of docs/refused.md.
func whole() map[string]string {
	const route = `"route": [{"destination": {"host": "recommendation"}}]`
	const backend = `{"name": "recommendation", "port": 8080}`
	return map[string]string{
		"VirtualService": `networking.istio.io/v1 {"hosts": ["recommendation"], "http": [{` + route + `}]}`,
		"DestinationRule": `networking.istio.io/v1 {"host": "recommendation", "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}, ` +
			`"tunnel": {"targetHost": "a.test", "targetPort": 80}}}`,
		"ServiceEntry": `networking.istio.io/v1 {"hosts": ["example.com"], "resolution": "DNS", ` +
			`"ports": [{"number": 80, "name": "http", "protocol": "HTTP"}]}`,
		"Sidecar": `networking.istio.io/v1 {"egress": [{"hosts": ["*/*"]}], ` +
			`"ingress": [{"port": {"number": 9080, "name": "http", "protocol": "HTTP"}}]}`,
		"Gateway (networking.istio.io)": `networking.istio.io/v1 {"selector": {"istio": "ingressgateway"}, ` +
			`"servers": [{"hosts": ["*"], "port": {"number": 80, "name": "http", "protocol": "HTTP"}}]}`,
		"EnvoyFilter":           `networking.istio.io/v1alpha3 {"configPatches": []}`,
		"AuthorizationPolicy":   `security.istio.io/v1 {"rules": [{"from": [{"source": {"namespaces": ["x"]}}], "when": [{"key": "request.headers[a]", "values": ["10.0.0.1"]}]}]}`,
		"RequestAuthentication": `security.istio.io/v1 {"jwtRules": [{"issuer": "a", "jwksUri": "https://a.test/jwks"}]}`,
		"Telemetry":             `telemetry.istio.io/v1 {"metrics": [{"overrides": [{"match": {"metric": "REQUEST_COUNT", "mode": "SERVER"}}]}]}`,
		"HTTPRoute": `gateway.networking.k8s.io/v1 {"parentRefs": [{"group": "", "kind": "Service", "name": "recommendation", ` +
			`"port": 8080}], "rules": [{"backendRefs": [` + backend + `], "filters": [{"type": "RequestMirror", ` +
			`"requestMirror": {"backendRef": ` + backend + `}}]}]}`,
		"GRPCRoute": `gateway.networking.k8s.io/v1 {"parentRefs": [{"group": "", "kind": "Service", "name": "recommendation", ` +
			`"port": 8080}], "rules": [{"backendRefs": [` + backend + `], "filters": [{"type": "RequestMirror", ` +
			`"requestMirror": {"backendRef": ` + backend + `}}]}]}`,
		"TLSRoute": `gateway.networking.k8s.io/v1 {"parentRefs": [{"name": "web"}], "hostnames": ["a.test"], ` +
			`"rules": [{"backendRefs": [` + backend + `]}]}`,
		"Gateway (gateway.networking.k8s.io)": `gateway.networking.k8s.io/v1 {"gatewayClassName": "istio", ` +
			`"listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}`,
	}
}

// typed are values of fields that must have their type to be looked at.
func typedValues() map[string]string {
	return map[string]string{
		"allowedListeners": `{"namespaces": {"from": "All"}}`,
		"addresses":        `[{"value": "1.2.3.4"}]`,
		"infrastructure":   `{"labels": {"a": "b"}}`,
	}
}

var span = regexp.MustCompile("`([^`]+)`")

// TestRefusedPage holds that what the page says is refused is refused, by its field's name.
func TestRefusedPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(repository, "docs", "refused.md"))
	if err != nil {
		t.Fatal(err)
	}
	objects, rows := whole(), 0
	for text := range strings.SplitSeq(string(page), "\n## ") {
		heading, body, _ := strings.Cut(text, "\n")
		object, there := objects[heading]
		if !there {
			continue
		}
		delete(objects, heading)
		if said := dryRun(t, heading, object); said.status != ok {
			t.Errorf("%s: as it is: %+v", heading, said)
		}
		for line := range strings.Lines(body) {
			cells := strings.Split(line, " | ")
			if !strings.HasPrefix(line, "| `") {
				continue
			}
			for _, m := range span.FindAllStringSubmatch(cells[0], -1) {
				rows++
				field, value, _ := strings.Cut(m[1], ": ")
				said := dryRun(t, heading, with(t, object, heading, field, value))
				last := field[strings.LastIndex(field, ".")+1:]
				if said.status == ok || !strings.Contains(said.stderr, "not supported by the lab") ||
					!strings.Contains(said.stderr, strings.TrimSuffix(last, "[]")) {
					t.Errorf("%s: %s: %+v", heading, m[1], said)
				}
			}
		}
	}
	if len(objects) > 0 || rows < 59 {
		t.Errorf("no heading of %v; %d fields", objects, rows)
	}
}

// dryRun creates an object, API VERSION and SPEC, of a kind.
func dryRun(t *testing.T, heading, object string) answer {
	t.Helper()
	kind, _, _ := strings.Cut(heading, " ")
	version, spec, _ := strings.Cut(object, " ")
	text := `{"apiVersion": "` + version + `", "kind": "` + kind + `", "metadata": {"name": "x"}, "spec": ` + spec + `}`
	lab := surroundings{stdin: strings.NewReader(text)}
	return lab.run(t, "create", "--dry-run", "-f", "-")
}

// with is an object that has a field besides; [] in its path is the first of a list.
func with(t *testing.T, object, heading, field, value string) string {
	t.Helper()
	version, text, _ := strings.Cut(object, " ")
	var spec map[string]any
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		t.Fatal(err)
	}
	if heading == "DestinationRule" {
		field = "trafficPolicy." + field
	}
	if value == "" {
		value = typedValues()[field]
	}
	var leaf any
	if json.Unmarshal([]byte(value), &leaf) != nil {
		leaf = value
	}
	put(spec, strings.Split(field, "."), leaf)
	changed, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	return version + " " + string(changed)
}

func put(m map[string]any, path []string, leaf any) {
	name, isList := strings.CutSuffix(path[0], "[]")
	switch {
	case len(path) == 1:
		m[name] = leaf
		return
	case m[name] == nil && isList:
		m[name] = []any{map[string]any{}}
	case m[name] == nil:
		m[name] = map[string]any{}
	}
	next := m[name]
	if isList {
		next = next.([]any)[0]
	}
	put(next.(map[string]any), path[1:], leaf)
}

// TestRefusedKinds holds the page's list of them.
func TestRefusedKinds(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(repository, "docs", "refused.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(strings.ReplaceAll(string(page), "\n", " "), "All others are refused: ")
	list, _, _ = strings.Cut(list, ".")
	kinds := span.FindAllStringSubmatch(list, -1)
	for _, m := range kinds {
		said := dryRun(t, m[1], "networking.istio.io/v1 {}")
		if said.status == ok || !strings.Contains(said.stderr, m[1]) {
			t.Errorf("%s: %+v", m[1], said)
		}
	}
	if len(kinds) < 10 {
		t.Errorf("kinds %q", kinds)
	}
}

// TestEveryKindHasASection holds the page to the table of kinds.
func TestEveryKindHasASection(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(repository, "docs", "refused.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range objects.Kinds() {
		if k.Set == "" { // of 2018, or no rule
			continue
		}
		plain, qualified := "\n## "+k.Kind+"\n", "\n## "+k.Kind+" ("+k.Group+")\n"
		if !strings.Contains(string(page), plain) && !strings.Contains(string(page), qualified) {
			t.Errorf("docs/refused.md has no section on %s of %s", k.Kind, k.Group)
		}
	}
}
