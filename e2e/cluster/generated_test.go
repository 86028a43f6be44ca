//go:build cluster

package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/cmdline"
)

// ofEachKind is how many rules are made of each kind.
const ofEachKind = 190

// TestGenerated has an API server take or refuse rules that are made from those of the tutorial, each changed in a
// place or two, and holds that the lab does the same. What the lab refuses as its own limit is left out.
func TestGenerated(t *testing.T) {
	checked := cmdline.Run(t, "kubectl", "get", "validatingwebhookconfigurations", "-o", "name") != ""
	if !checked {
		t.Log("no Istio checks rules here: what the lab alone refuses is not looked at")
	}
	g := generator{rand.New(rand.NewPCG(14, 1)), t}
	list := g.all()
	answered, said := refusedByServer(t, list), refusedByLab(t, list)
	var differ []string
	accepted := 0
	for _, doc := range list {
		lab, server := said[doc.name], answered[doc.name]
		switch {
		case server == "":
			accepted++
			if checked && lab.text != "" && !lab.limit {
				differ = append(differ, fmt.Sprintf("the lab alone refuses: %s\n%s", lab.text, doc.json))
			}
		case lab == refusal{}:
			differ = append(differ, fmt.Sprintf("the server alone refuses: %s\n%s", server, doc.json))
		}
	}
	t.Logf("%d rules, %d taken by the server, %d differ", len(list), accepted, len(differ))
	if len(differ) > 0 || len(list) < 2000 {
		t.Errorf("%d of %d differ:\n%s", len(differ), len(list), strings.Join(differ, "\n"))
	}
}

// made is a rule that was made.
type made struct{ path, name, json string }

var proxied = regexp.MustCompile(`Starting to serve on (127\.0\.0\.1:\d+)`)

// refusedByServer is what the API server has against rules, by their names: "" where it would create them.
func refusedByServer(t *testing.T, list []made) map[string]string {
	t.Helper()
	proxy, url := cmdline.Start(t, "kubectl", "proxy", "--port=0"), ""
	if err := await.Until(time.Minute, func() error {
		m := proxied.FindStringSubmatch(proxy.String())
		if m == nil {
			return fmt.Errorf("kubectl proxy: %s", proxy)
		}
		url = "http://" + m[1]
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, doc := range list {
		res, err := http.Post(url+doc.path+"?dryRun=All&fieldValidation=Strict", "application/json", strings.NewReader(doc.json))
		if err != nil {
			t.Fatal(err)
		}
		var status struct{ Message string }
		err = json.NewDecoder(res.Body).Decode(&status)
		_ = res.Body.Close()
		switch {
		case err != nil || res.StatusCode == http.StatusNotFound:
			t.Fatalf("%s: %s: %v", doc.path, res.Status, err)
		case res.StatusCode != http.StatusCreated:
			said[doc.name] = status.Message
		}
	}
	return said
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
		path, s := g.published(seeds[kind][0])
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
			list = append(list, made{path, name, string(text)})
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

// published is where a kind is in the API, and the schema of its spec.
func (g generator) published(doc map[string]any) (path string, spec *schema) {
	api, _ := doc["apiVersion"].(string)
	group, version, _ := strings.Cut(api, "/")
	for _, c := range g.crds() {
		for _, v := range c.Spec.Versions {
			if c.Spec.Group == group && c.Spec.Names.Kind == doc["kind"] && v.Name == version {
				return "/apis/" + api + "/namespaces/" + namespace + "/" + c.Spec.Names.Plural, v.Schema.OpenAPIV3Schema.Properties["spec"]
			}
		}
	}
	g.Fatalf("no schema of %s", doc["kind"])
	return "", nil
}

type crd struct {
	Spec struct {
		Group    string
		Names    struct{ Kind, Plural string }
		Versions []struct {
			Name   string
			Schema struct{ OpenAPIV3Schema *schema }
		}
	}
}

func (g generator) crds() []crd {
	var all struct{ Items []crd }
	if err := json.Unmarshal([]byte(cmdline.Run(g.T, "kubectl", "get", "crd", "-o", "json")), &all); err != nil {
		g.Fatal(err)
	}
	return all.Items
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
