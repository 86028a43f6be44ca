//go:build cluster

package cluster

import (
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
	makeNamespace(t)
	installCRDs(t)
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

// crds are those that the lab was made for: a cluster of a later Istio has more fields.
func (g generator) crds() []crd {
	gateway := filepath.Join(module(g.T, "sigs.k8s.io/gateway-api"), "config/crd/experimental/gateway.networking.k8s.io_")
	argv := []string{"kubectl", "create", "--dry-run=client", "--validate=false", "-o", "json",
		"-f", filepath.Join(module(g.T, "istio.io/api"), "kubernetes/customresourcedefinitions.gen.yaml")}
	for _, plural := range []string{"gateways", "httproutes", "grpcroutes", "tlsroutes", "referencegrants"} {
		argv = append(argv, "-f", gateway+plural+".yaml")
	}
	var all []crd
	for d := json.NewDecoder(strings.NewReader(cmdline.Run(g.T, argv...))); ; {
		var one crd
		if err := d.Decode(&one); err == io.EOF {
			return all
		} else if err != nil {
			g.Fatal(err)
		}
		all = append(all, one)
	}
}
