package gatewayapi_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules/gatewayapi"
)

// routeWith is a route with a rule of its own, and with other fields beside.
func routeWith(rule, fields string) string {
	return routeOf("a", "{name: web}", fields+"rules: [{"+rule+"backendRefs: [{name: customer, port: 8080}]}]")
}

// experimental are the fields that the standard channel does not have, by their published paths.
func experimental() map[string]string {
	const auth = "filters: [{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: customer, port: 8080}}}]"
	return map[string]string{
		"HTTPRoute spec.rules[].retry":                  routeWith("retry: {attempts: 1}, ", ""),
		"HTTPRoute spec.rules[].sessionPersistence":     routeWith("sessionPersistence: {type: Cookie}, ", ""),
		"HTTPRoute spec.useDefaultGateways":             routeWith("", "useDefaultGateways: All, "),
		"HTTPRoute spec.rules[].filters[].externalAuth": routeWith(auth+", ", ""),
		"HTTPRoute spec.rules[].backendRefs[].filters[].externalAuth": routeOf("a", "{name: web}",
			"rules: [{backendRefs: [{name: customer, port: 8080, "+auth+"}]}]"),
		"GRPCRoute spec.useDefaultGateways":         callsOf("{name: web}", "useDefaultGateways: All, rules: []"),
		"GRPCRoute spec.rules[].sessionPersistence": callsOf("{name: web}", "rules: [{sessionPersistence: {}}]"),
		"TLSRoute spec.useDefaultGateways":          tlsRouteOf("useDefaultGateways: All, "),
		"Gateway spec.defaultScope":                 strings.Replace(aGateway, "spec:", "spec:\n  defaultScope: All", 1),
	}
}

// TestStandardFields holds every document to the difference of the two channels as published.
func TestStandardFields(t *testing.T) {
	t.Parallel()
	tested := experimental()
	for _, kind := range gatewayapi.Kinds() {
		standard := published(t, "standard", kind.Plural)
		for path := range published(t, "experimental", kind.Plural) {
			above := path[:max(0, strings.LastIndexAny(path, "."))]
			_, known := standard[path]
			_, whole := standard[strings.TrimSuffix(above, "[]")]
			name := kind.Kind + " " + path
			if known || !whole || strings.HasSuffix(path, "[]") {
				continue
			}
			text, ok := tested[name]
			if !ok {
				t.Errorf("no test of %s, of the experimental channel alone", name)
				continue
			}
			field := strings.ReplaceAll(path, "[]", "[0]") + ": unknown field in the standard channel"
			if said := inChannel(t, text, gatewayapi.Standard); !strings.Contains(said, field) {
				t.Errorf("%s: %q", name, said)
			}
			if said := inChannel(t, text, gatewayapi.Experimental); said != "" {
				t.Errorf("%s in the experimental channel: %s", name, said)
			}
			delete(tested, name)
		}
	}
	if len(tested) > 0 {
		t.Errorf("of both channels: %v", tested)
	}
}

// TestExperimentalValues is what only the experimental channel refuses.
func TestExperimentalValues(t *testing.T) {
	t.Parallel()
	const change = "filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: %s}]}}], "
	with := func(text, value string) string { return strings.Replace(text, "%s", value, 1) }
	for text, want := range map[string]string{
		routeWith(with(change, "'a b'"), ""):                                 "",
		routeWith(with(change, "'a  b'"), ""):                                `filters[0].requestHeaderModifier.set[0].value: "a  b": the experimental channel`,
		routeWith("matches: [{headers: [{name: a, value: 'ü'}]}], ", ""):     `matches[0].headers[0].value: "ü": the experimental channel`,
		routeOf("a", "{name: web}", "rules: [{name: x}, {name: y}]"):         "",
		routeOf("a", "{name: web}", "rules: [{name: x}, {}, {}, {name: x}]"): "spec.rules[3].name: x given twice",
	} {
		if said := inChannel(t, text, gatewayapi.Experimental); (said == "") != (want == "") || !strings.Contains(said, want) {
			t.Errorf("%s: %q, want %q", text, said, want)
		}
		if said := inChannel(t, text, gatewayapi.Standard); said != "" {
			t.Errorf("%s in the standard channel: %s", text, said)
		}
	}
}

func inChannel(t *testing.T, text string, hold func(document.Document) error) string {
	t.Helper()
	docs, err := document.Parse("rules.yml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, doc := range docs {
		if err := hold(doc); err != nil {
			said += err.Error()
		}
	}
	return said
}

// published are the paths of a kind's fields, as the CRD of a channel has them.
func published(t *testing.T, channel, plural string) map[string]bool {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "config/crd", channel, gatewayapi.Group+"_"+plural+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					Root fields `yaml:"openAPIV3Schema"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(data, &crd); err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	for _, version := range crd.Spec.Versions {
		version.Schema.Root.Properties["spec"].walk("spec", paths)
	}
	return paths
}

type fields struct {
	Properties map[string]fields
	Items      *fields
}

func (f fields) walk(path string, paths map[string]bool) {
	paths[path] = true
	for name, below := range f.Properties {
		below.walk(path+"."+name, paths)
	}
	if f.Items != nil {
		f.Items.walk(path+"[]", paths)
	}
}
