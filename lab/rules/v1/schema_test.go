package v1_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/manifests"
)

// schema is a structural schema as a CRD publishes it, but for its CEL rules.
type schema struct {
	Type       string             `yaml:"type"`
	Properties map[string]*schema `yaml:"properties"`
	Values     yaml.Node          `yaml:"additionalProperties"`
	Items      *schema            `yaml:"items"`
	Required   []string           `yaml:"required"`
	Enum       []any              `yaml:"enum"`
	Pattern    string             `yaml:"pattern"`
	Minimum    *float64           `yaml:"minimum"`
	Maximum    *float64           `yaml:"maximum"`
	MinItems   int                `yaml:"minItems"`
	MaxItems   *int               `yaml:"maxItems"`
	MinLength  int                `yaml:"minLength"`
	MaxLength  *int               `yaml:"maxLength"`
	OneOf      []*schema          `yaml:"oneOf"`
	AnyOf      []*schema          `yaml:"anyOf"`
	AllOf      []*schema          `yaml:"allOf"`
	MapKeys    []string           `yaml:"x-kubernetes-list-map-keys"`
	Not        *schema            `yaml:"not"`
	Open       bool               `yaml:"x-kubernetes-preserve-unknown-fields"`
	Either     bool               `yaml:"x-kubernetes-int-or-string"`
}

// crds are the published schemas of all kinds, by API version and kind; those of the Gateway API
// are of a channel, standard or experimental.
func crds(t *testing.T, channel string) map[string]*schema {
	t.Helper()
	gateway := filepath.Join(module(t, "sigs.k8s.io/gateway-api"), "config/crd", channel)
	all := map[string]*schema{}
	for _, file := range []string{
		filepath.Join(module(t, "istio.io/api"), "kubernetes/customresourcedefinitions.gen.yaml"),
		filepath.Join(gateway, "gateway.networking.k8s.io_httproutes.yaml"),
		filepath.Join(gateway, "gateway.networking.k8s.io_gateways.yaml"),
		filepath.Join(gateway, "gateway.networking.k8s.io_tlsroutes.yaml"),
	} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		addCRDs(t, all, file, data)
	}
	return all
}

func addCRDs(t *testing.T, all map[string]*schema, file string, data []byte) {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var crd struct {
			Spec struct {
				Group    string
				Names    struct{ Kind string }
				Versions []struct {
					Name   string
					Schema struct {
						Root *schema `yaml:"openAPIV3Schema"`
					}
				}
			}
		}
		switch err := decoder.Decode(&crd); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			t.Fatalf("%s: %v", file, err)
		}
		for _, v := range crd.Spec.Versions {
			all[crd.Spec.Group+"/"+v.Name+" "+crd.Spec.Names.Kind] = v.Schema.Root
		}
	}
}

func module(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// problems are where a value is not of a schema.
func (s *schema) problems(v any, path string) []string {
	list := s.own(v, path)
	switch v := v.(type) {
	case map[string]any:
		for _, key := range s.Required {
			if _, ok := v[key]; !ok {
				list = append(list, path+"."+key+": missing")
			}
		}
		for key, item := range v {
			switch child := s.child(key); {
			case child != nil:
				list = append(list, child.problems(item, path+"."+key)...)
			case s.Type == "object" && !s.Open:
				list = append(list, path+"."+key+": unknown field")
			}
		}
	case []any:
		for i, item := range v {
			if s.Items != nil {
				list = append(list, s.Items.problems(item, fmt.Sprintf("%s[%d]", path, i))...)
			}
		}
	}
	return list
}

func (s *schema) child(key string) *schema {
	if child, ok := s.Properties[key]; ok {
		return child
	}
	var values schema
	if s.Values.Kind == yaml.MappingNode && s.Values.Decode(&values) == nil {
		return &values
	}
	return nil
}

// own is about the value itself, whatever is in it.
func (s *schema) own(v any, path string) []string {
	var list []string
	fail := func(bad bool, what string) {
		if bad {
			list = append(list, fmt.Sprintf("%s: %v: %s", path, v, what))
		}
	}
	fail(s.Type != "" && !s.Either && !isType(v, s.Type), "want type "+s.Type)
	isOne := func(one any) bool { return fmt.Sprint(one) == fmt.Sprint(v) } // numbers of YAML are of another type
	fail(s.Enum != nil && !slices.ContainsFunc(s.Enum, isOne), fmt.Sprint("want one of ", s.Enum))
	if text, ok := v.(string); ok {
		fail(s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text), "want "+s.Pattern)
		fail(len(text) < s.MinLength || s.MaxLength != nil && len(text) > *s.MaxLength, "length")
	}
	if n, ok := v.(float64); ok {
		fail(s.Minimum != nil && n < *s.Minimum || s.Maximum != nil && n > *s.Maximum, "out of range")
	}
	if items, ok := v.([]any); ok {
		fail(len(items) < s.MinItems, "too few")
		fail(s.MaxItems != nil && len(items) > *s.MaxItems, "too many")
		fail(s.MapKeys != nil && repeats(items, s.MapKeys), "two of one key")
	}
	for _, one := range s.AllOf {
		list = append(list, one.problems(v, path)...)
	}
	fail(s.Not != nil && len(s.Not.problems(v, path)) == 0, "what must not be")
	fail(s.OneOf != nil && matching(s.OneOf, v) != 1, "not exactly one of oneOf")
	fail(s.AnyOf != nil && matching(s.AnyOf, v) == 0, "none of anyOf")
	return list
}

// repeats reports whether two items have the same keys.
func repeats(items []any, keys []string) bool {
	seen := map[string]bool{}
	for _, item := range items {
		fields, _ := item.(map[string]any)
		var key []any
		for _, name := range keys {
			key = append(key, fields[name])
		}
		if seen[fmt.Sprint(key)] {
			return true
		}
		seen[fmt.Sprint(key)] = true
	}
	return false
}

func matching(list []*schema, v any) int {
	n := 0
	for _, s := range list {
		if len(s.problems(v, "")) == 0 {
			n++
		}
	}
	return n
}

func isType(v any, name string) bool {
	switch v := v.(type) {
	case map[string]any:
		return name == "object"
	case []any:
		return name == "array"
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case float64:
		return name == "number" || name == "integer" && v == float64(int64(v))
	default:
		return false
	}
}

// problemsOf holds a file against the CRDs that a cluster has.
func problemsOf(t *testing.T, path string, all map[string]*schema) []string {
	t.Helper()
	var list []string
	for _, doc := range file(t, path) {
		if manifests.Known(doc) {
			continue // Kubernetes' own, which manifests decodes with Kubernetes' types
		}
		data, err := doc.JSON()
		var v map[string]any
		if err == nil {
			err = json.Unmarshal(data, &v)
		}
		if err != nil {
			t.Fatal(err)
		}
		root := all[doc.APIVersion+" "+doc.Kind]
		if root == nil {
			t.Errorf("%s:%d: no schema of %s %s", path, doc.Line, doc.APIVersion, doc.Kind)
			continue
		}
		for _, problem := range root.Properties["spec"].problems(v["spec"], "spec") {
			list = append(list, fmt.Sprintf("%s:%d: %s", path, doc.Line, problem))
		}
	}
	return list
}

// TestFilesAreOfTheSchemas holds every file, those of the overlays too. Retries of HTTPRoutes are
// of the experimental channel, as their files say; all else is of the standard one.
func TestFilesAreOfTheSchemas(t *testing.T) {
	t.Parallel()
	standard, experimental := crds(t, "standard"), crds(t, "experimental")
	var files []string
	for _, pattern := range []string{
		istiofiles + "/v1/*.yml", istiofiles + "/gateway-api/*.yml", "../../../deploy/overlays/*/*.yml",
		"../../../deploy/overlays/observability/spans/telemetry.yaml",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, found, err)
		}
		files = append(files, found...)
	}
	for _, path := range files {
		for _, problem := range problemsOf(t, path, experimental) {
			t.Error(problem)
		}
		problems := problemsOf(t, path, standard)
		if !strings.HasPrefix(path, istiofiles+"/gateway-api/") || !strings.HasSuffix(path, "_retry.yml") {
			for _, problem := range problems {
				t.Error(problem)
			}
		} else if len(problems) != 1 || !strings.Contains(problems[0], ".retry: unknown field") {
			t.Errorf("%s in the standard channel: %q", path, problems)
		}
	}
	if len(files) < 45 {
		t.Errorf("%d files only", len(files))
	}
}

// TestSchemasFindMistakes holds that the check above can fail.
func TestSchemasFindMistakes(t *testing.T) {
	t.Parallel()
	all := crds(t, "standard")
	for _, c := range []struct{ kind, text, want string }{
		{"networking.istio.io/v1 VirtualService", `{"http": [{"timeout": 1}]}`, "want type string"},
		{"networking.istio.io/v1 VirtualService", `{"http": [{"timout": "1s"}]}`, "unknown field"},
		{"networking.istio.io/v1 VirtualService", `{"http": [{"route": [{}]}]}`, "destination: missing"},
		{
			"networking.istio.io/v1 VirtualService",
			`{"http": [{"match": [{"uri": {"exact": "a", "prefix": "b"}}]}]}`, "oneOf",
		},
		{
			"gateway.networking.k8s.io/v1 Gateway",
			`{"gatewayClassName": "", "listeners": [{"name": "a", "port": 1, "protocol": "HTTP"}]}`, "length",
		},
		{
			"gateway.networking.k8s.io/v1 Gateway", `{"gatewayClassName": "a", "listeners": [
			{"name": "a", "port": 1, "protocol": "HTTP"}, {"name": "a", "port": 2, "protocol": "HTTP"}]}`,
			"two of one key",
		},
	} {
		var v any
		if err := json.Unmarshal([]byte(c.text), &v); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(all[c.kind].Properties["spec"].problems(v, "spec"))
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %q", c.text, got, c.want)
		}
	}
}
