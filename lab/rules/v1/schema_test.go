package v1_test

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	OneOf      []*schema          `yaml:"oneOf"`
	AnyOf      []*schema          `yaml:"anyOf"`
	Not        *schema            `yaml:"not"`
	Open       bool               `yaml:"x-kubernetes-preserve-unknown-fields"`
	Either     bool               `yaml:"x-kubernetes-int-or-string"`
}

// crds are the published schemas of all kinds, by API version and kind.
func crds(t *testing.T) map[string]*schema {
	t.Helper()
	const experimental = "config/crd/experimental/gateway.networking.k8s.io_"
	gateway := module(t, "sigs.k8s.io/gateway-api")
	all := map[string]*schema{}
	for _, file := range []string{
		filepath.Join(module(t, "istio.io/api"), "kubernetes/customresourcedefinitions.gen.yaml"),
		filepath.Join(gateway, experimental+"httproutes.yaml"),
		filepath.Join(gateway, experimental+"gateways.yaml"),
	} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		addCRDs(t, all, data)
	}
	return all
}

func addCRDs(t *testing.T, all map[string]*schema, data []byte) {
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
		if err := decoder.Decode(&crd); err != nil {
			return // the end
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
	fail(s.Enum != nil && !slices.Contains(s.Enum, v), fmt.Sprint("want one of ", s.Enum))
	if text, ok := v.(string); ok && s.Pattern != "" {
		fail(!regexp.MustCompile(s.Pattern).MatchString(text), "want "+s.Pattern)
	}
	if n, ok := v.(float64); ok {
		fail(s.Minimum != nil && n < *s.Minimum || s.Maximum != nil && n > *s.Maximum, "out of range")
	}
	if items, ok := v.([]any); ok {
		fail(len(items) < s.MinItems, "too few")
	}
	fail(s.Not != nil && len(s.Not.problems(v, path)) == 0, "what must not be")
	fail(s.OneOf != nil && matching(s.OneOf, v) != 1, "not exactly one of oneOf")
	fail(s.AnyOf != nil && matching(s.AnyOf, v) == 0, "none of anyOf")
	return list
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

// TestFilesAreOfTheSchemas holds the files against the CRDs that a cluster has.
func TestFilesAreOfTheSchemas(t *testing.T) {
	t.Parallel()
	all := crds(t)
	var files []string
	for _, folder := range []string{"v1", "gateway-api"} {
		found, err := filepath.Glob(istiofiles + "/" + folder + "/*.yml")
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		files = append(files, found...)
	}
	for _, path := range files {
		for _, doc := range file(t, path) {
			if manifests.Known(doc) {
				continue // Kubernetes' own
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
				t.Errorf("%s:%d: %s", path, doc.Line, problem)
			}
		}
	}
}

// TestSchemasFindMistakes holds that the check above can fail.
func TestSchemasFindMistakes(t *testing.T) {
	t.Parallel()
	spec := crds(t)["networking.istio.io/v1 VirtualService"].Properties["spec"]
	for text, want := range map[string]string{
		`{"http": [{"timeout": 1}]}`:                                      "want type string",
		`{"http": [{"timout": "1s"}]}`:                                    "unknown field",
		`{"http": [{"route": [{}]}]}`:                                     "destination: missing",
		`{"http": [{"match": [{"uri": {"exact": "a", "prefix": "b"}}]}]}`: "oneOf",
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(spec.problems(v, "spec")); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %q", text, got, want)
		}
	}
}
