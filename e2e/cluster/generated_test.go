//go:build cluster

package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/e2e/cmdline"
)

// How many rules are made of each kind, and how many of all may be taken or refused by one side alone.
const (
	ofEachKind  = 190
	mostDiffers = 12
)

// TestGenerated has an API server with Istio take or refuse rules that are made from those of the tutorial, each
// changed in a place or two, and holds that the lab does the same: of the few others each kind has its reason in
// docs/refused.md. What the lab refuses as its own limit is left out.
func TestGenerated(t *testing.T) {
	if os.Getenv("BARE") == "" && cmdline.Run(t, "kubectl", "get", "validatingwebhookconfigurations", "-o", "name") == "" {
		t.Fatal("no Istio checks rules here")
	}
	g := generator{rand.New(rand.NewPCG(14, 1)), t}
	list := g.all()
	taken, said := takenByServer(t, list), refusedByLab(t, list)
	var differ []string
	for _, doc := range list {
		why := said[doc.name]
		if why.limit || taken[doc.name] == (why.text == "") {
			continue
		}
		text := doc.json
		if taken[doc.name] {
			differ = append(differ, fmt.Sprintf("the lab alone refuses: %s\n%s", why.text, text))
			continue
		}
		_, err := cmdline.Line{Argv: dryCreate(), Stdin: text}.Try(t)
		out, _ := cmdline.Line{Argv: dryCreate(), Stdin: text}.Try(t)
		differ = append(differ, fmt.Sprintf("the server alone refuses: %v %s\n%s", err, out, text))
	}
	t.Logf("%d rules, %d taken by the server, %d differ", len(list), len(taken), len(differ))
	if len(differ) > mostDiffers || len(list) < 2000 {
		t.Errorf("%d of %d differ:\n%s", len(differ), len(list), strings.Join(differ, "\n"))
	}
}

func dryCreate() []string {
	return []string{"kubectl", "-n", namespace, "create", "--dry-run=server", "--validate=strict", "-f", "-"}
}

// made is a rule that was made.
type made struct{ kind, name, json string }

var created = regexp.MustCompile(`(?m)^\S+/(\S+) created`)

// takenByServer are the names of those that the API server would create.
func takenByServer(t *testing.T, list []made) map[string]bool {
	t.Helper()
	taken := map[string]bool{}
	for part := range slices.Chunk(list, 300) {
		var all strings.Builder
		for _, doc := range part {
			all.WriteString(doc.json + "\n---\n")
		}
		out, _ := cmdline.Line{Argv: dryCreate(), Stdin: all.String()}.Try(t) // it fails where one is refused
		for _, m := range created.FindAllStringSubmatch(out, -1) {
			taken[m[1]] = true
		}
	}
	return taken
}

// refusal is why the lab does not take a rule.
type refusal struct {
	text  string
	limit bool // it is the lab's own
}

func refusedByLab(t *testing.T, list []made) map[string]refusal {
	t.Helper()
	dir := t.TempDir()
	said := map[string]refusal{}
	for _, doc := range list {
		if err := os.WriteFile(filepath.Join(dir, doc.name+".yml"), []byte(doc.json), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, _ := cmdline.Line{Argv: []string{"bin/lab", "-n", namespace, "analyze", "-o", "json", dir}}.Try(t)
	var findings []struct{ Code, Level, Message, Reference string }
	if err := json.Unmarshal([]byte(out[strings.Index(out, "["):]), &findings); err != nil {
		t.Fatalf("%v: %.300s", err, out)
	}
	for _, f := range findings {
		name, _, _ := strings.Cut(filepath.Base(f.Reference), ".")
		old := said[name]
		if f.Level == "Unsupported" {
			old.limit = true
		}
		if f.Code == "IST0106" && f.Level == "Error" || f.Level == "Fatal" {
			old.text += f.Message + "; "
		}
		said[name] = old
	}
	return said
}

type generator struct {
	*rand.Rand
	*testing.T
}

// schema is what a CRD publishes of a field.
type schema struct {
	Type       string             `json:"type"`
	Properties map[string]*schema `json:"properties"`
	Values     *schema            `json:"additionalProperties"`
	Items      *schema            `json:"items"`
	Enum       []any              `json:"enum"`
}

// all are the rules of all kinds that the tutorial has, in a fixed order.
func (g generator) all() []made {
	seeds := g.seeds()
	var list []made
	for _, kind := range slices.Sorted(maps.Keys(seeds)) {
		s := g.schemaOf(seeds[kind][0])
		for i := range ofEachKind {
			doc := copied(seeds[kind][i%len(seeds[kind])])
			name := fmt.Sprintf("%s-%d", strings.ToLower(kind), i)
			doc["metadata"] = map[string]any{"name": name}
			spec := doc["spec"]
			for range 1 + g.IntN(2) {
				spec = g.changed(spec, s)
			}
			doc["spec"] = spec
			text, err := json.Marshal(doc)
			if err != nil {
				g.Fatal(err)
			}
			list = append(list, made{kind, name, string(text)})
		}
	}
	return list
}

// seeds are the tutorial's rules by their kinds.
func (g generator) seeds() map[string][]map[string]any {
	out := cmdline.Run(g.T, "kubectl", "create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "istiofiles/v1", "-f", "istiofiles/gateway-api")
	seeds := map[string][]map[string]any{}
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var doc map[string]any
		if err := d.Decode(&doc); err == io.EOF {
			return seeds
		} else if err != nil {
			g.Fatal(err)
		}
		if group, _ := doc["apiVersion"].(string); strings.Contains(group, "istio.io/") || strings.HasPrefix(group, "gateway.networking.k8s.io/") {
			kind, _ := doc["kind"].(string)
			if strings.HasPrefix(group, "gateway.") {
				kind = "K8s" + kind
			}
			seeds[kind] = append(seeds[kind], doc)
		}
	}
}

// schemaOf is that of the spec of a kind.
func (g generator) schemaOf(doc map[string]any) *schema {
	group, version, _ := strings.Cut(doc["apiVersion"].(string), "/")
	var crds struct {
		Items []struct {
			Spec struct {
				Group    string
				Names    struct{ Kind string }
				Versions []struct {
					Name   string
					Schema struct{ OpenAPIV3Schema *schema }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(cmdline.Run(g.T, "kubectl", "get", "crd", "-o", "json")), &crds); err != nil {
		g.Fatal(err)
	}
	for _, c := range crds.Items {
		for _, v := range c.Spec.Versions {
			if c.Spec.Group == group && c.Spec.Names.Kind == doc["kind"] && v.Name == version {
				return v.Schema.OpenAPIV3Schema.Properties["spec"]
			}
		}
	}
	g.Fatalf("no schema of %s", doc["kind"])
	return nil
}

func copied(doc map[string]any) map[string]any {
	data, _ := json.Marshal(doc) // it was JSON
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var c map[string]any
	_ = d.Decode(&c)
	return c
}

func pick[E any](g generator, list ...E) E { return list[g.IntN(len(list))] }

// changed is a value with a change somewhere in it.
func (g generator) changed(value any, s *schema) any {
	here := g.IntN(4) == 0
	switch v := value.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		if here || len(keys) == 0 {
			return g.changedMap(v, keys, s)
		}
		key := pick(g, keys...)
		v[key] = g.changed(v[key], below(s, key))
		return v
	case []any:
		if here || len(v) == 0 {
			return g.changedList(v, s)
		}
		i := g.IntN(len(v))
		v[i] = g.changed(v[i], itemsOf(s))
		return v
	}
	return g.odd(value, s)
}

func below(s *schema, key string) *schema {
	switch {
	case s == nil:
		return nil
	case s.Properties[key] != nil:
		return s.Properties[key]
	}
	return s.Values
}

func itemsOf(s *schema) *schema {
	if s == nil {
		return nil
	}
	return s.Items
}

func (g generator) changedMap(v map[string]any, keys []string, s *schema) any {
	what := g.IntN(8)
	if len(keys) == 0 || what < 4 && s != nil && len(s.Properties) > 0 { // a field that is not there yet
		if s == nil || len(s.Properties) == 0 {
			v["a"] = g.odd("b", nil)
			return v
		}
		key := pick(g, slices.Sorted(maps.Keys(s.Properties))...)
		v[key] = g.value(key, s.Properties[key], 3)
		return v
	}
	key := pick(g, keys...)
	switch what {
	case 4: // misspelt
		v[key+"s"] = v[key]
		delete(v, key)
	case 5: // misspelt, and nothing
		v[key+"x"] = nil
	case 6:
		delete(v, key)
	default:
		v[key] = pick[any](g, nil, "", 7, true, []any{}, map[string]any{}, []any{nil}, "x")
	}
	return v
}

func (g generator) changedList(v []any, s *schema) any {
	if len(v) == 0 {
		return []any{g.value("", itemsOf(s), 2)}
	}
	switch g.IntN(4) {
	case 0:
		return []any{}
	case 1: // given twice
		return append(v, v[0])
	case 2:
		return append(v, g.value("", itemsOf(s), 2))
	}
	return append(v, nil)
}

// odd is in the place of a text, a number or nothing.
func (g generator) odd(value any, s *schema) any {
	if s != nil && len(s.Enum) > 0 && g.IntN(2) == 0 {
		return pick(g, s.Enum...)
	}
	switch g.IntN(3) {
	case 0:
		return pick[any](g, nil, "", 7, 0, -1, true, []any{}, map[string]any{}, 1.5, 70000, "7")
	case 1:
		return g.text("")
	}
	if text, ok := value.(string); ok {
		return text + pick(g, "*", ".", "x", " ", "/", "-", "ä", "é.test", strings.Repeat("y", 300))
	}
	return pick[any](g, 1, 100, 599, 65536)
}

func (g generator) text(field string) string {
	if strings.Contains(strings.ToLower(field), "host") && g.IntN(2) == 0 {
		return pick(g, "recommendation", "*.test", "customer.example")
	}
	return pick(g, "a", "recommendation", "*", "a.test", "*.test", "5s", "1ms", "0s", "/a", "/", "A", "a b", "a_b", "10.0.0.0/8", "10.0.0.1", "istio-tutorial/a",
		"./*", "http://a.test", "100", "a-*", "{*}", "^(", "kubernetes://a", "x-a", ":authority", "mesh", "GET", "0", "2001:db8::1", "a..b", "-a")
}

// value is something for a field, so deep at most.
func (g generator) value(field string, s *schema, depth int) any {
	switch {
	case s == nil || g.IntN(25) == 0:
		return pick[any](g, nil, "a", 1, true)
	case len(s.Enum) > 0:
		return pick(g, s.Enum...)
	}
	switch s.Type {
	case "object":
		return g.object(s, depth)
	case "array":
		list := []any{}
		for range g.IntN(3) {
			list = append(list, g.value(field, s.Items, depth-1))
		}
		return list
	case "boolean":
		return g.IntN(2) == 0
	case "integer", "number":
		return pick[any](g, 0, 1, 50, 100, 200, 503, 8080, 65535, -1)
	}
	return g.text(field)
}

func (g generator) object(s *schema, depth int) any {
	v := map[string]any{}
	if s.Values != nil {
		v[pick(g, "a", "x-a", "a.b/c")] = g.value("", s.Values, depth-1)
	}
	keys := slices.Sorted(maps.Keys(s.Properties))
	for range min(len(keys), 1+g.IntN(2)) {
		if key := pick(g, keys...); depth > 0 {
			v[key] = g.value(key, s.Properties[key], depth-1)
		}
	}
	return v
}
