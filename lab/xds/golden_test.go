package xds_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
	"istio-tutorial/lab/xds"
)

var update = flag.Bool("update", false, "write the golden files anew")

// tutorial is one pod each of customer, preference and both versions of recommendation.
func tutorial() mesh.Topology {
	var t mesh.Topology
	for _, app := range []string{"customer", "preference", "recommendation"} {
		t.Services = append(t.Services, mesh.Service{
			Name:     mesh.Name{Namespace: "istio-tutorial", Name: app},
			Selector: mesh.Labels{"app": app},
			Ports:    []mesh.ServicePort{{Name: "http", Number: 8080, Protocol: mesh.HTTP}},
		})
	}
	for i, name := range []string{"customer-v1", "preference-v1", "recommendation-v1", "recommendation-v2"} {
		app, version, _ := strings.Cut(name, "-")
		w := mesh.Workload{
			Name:   mesh.Name{Namespace: "istio-tutorial", Name: name},
			Labels: mesh.Labels{"app": app, "version": version},
		}
		t.Workloads = append(t.Workloads, w)
		t.Instances = append(t.Instances, mesh.Instance{
			Name: mesh.Name{Namespace: w.Namespace, Name: name + "-pod"}, Workload: w.Name, Labels: w.Labels,
			Addresses: map[int]string{8080: fmt.Sprintf("127.0.0.1:2000%d", i)},
			Proxy:     fmt.Sprintf("127.0.0.1:3000%d", i), Ready: true,
		})
	}
	t.Ingresses = []mesh.Ingress{{Path: "/", Service: t.Services[0].Name, Port: 8080}}
	return t
}

// classicMesh is what files of 2018 make of the tutorial.
func classicMesh(t *testing.T, files []string) mesh.Mesh {
	t.Helper()
	var loaded []rules.Rule
	for _, doc := range documents(t, files) {
		parsed, err := classic.Parse([]document.Document{doc}, "istio-tutorial")
		if err != nil {
			t.Fatal(err)
		}
		loaded = append(loaded, parsed...)
	}
	return classic.Resolve(rules.Set{}.Apply(loaded...), tutorial())
}

// todaysMesh is what files of today make of it, with the Services that are in them.
func todaysMesh(t *testing.T, files []string) mesh.Mesh {
	t.Helper()
	top := tutorial()
	set := rules.Set{}
	for _, doc := range documents(t, files) {
		if manifests.Known(doc) {
			object, err := manifests.Parse(doc, "istio-tutorial")
			if err != nil {
				t.Fatal(err)
			}
			top.Services = append(top.Services, manifests.Topology([]manifests.Object{object}).Services...)
			continue
		}
		parse := v1.Parse
		if strings.HasPrefix(doc.APIVersion, gatewayapi.Group) {
			parse = gatewayapi.Parse
		}
		loaded, err := parse([]document.Document{doc}, "istio-tutorial")
		if err != nil {
			t.Fatal(err)
		}
		set = set.Apply(loaded...)
	}
	return gatewayapi.Resolve(set, top)
}

func documents(t *testing.T, files []string) []document.Document {
	t.Helper()
	var list []document.Document
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join("../../istiofiles", file))
		if err != nil {
			t.Fatal(err)
		}
		docs, err := document.Parse(file, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, docs...)
	}
	return list
}

// limits are the rate limits that Envoy may ask for, as text.
func limits(s xds.Snapshot) map[string]any {
	list := map[string]any{}
	for name, l := range s.Limits {
		list["limit "+name] = map[string]any{
			"bucket": l.Bucket, "tokens": l.Tokens, "interval": l.Interval.String(), "answer": l.Answer,
		}
	}
	return list
}

// configuration is all of Envoy's for a mesh, by part.
func configuration(t *testing.T, m mesh.Mesh) map[string]any {
	t.Helper()
	snapshot, err := xds.NewBuilder(xds.Config{
		Sockets: "/sockets", Ingress: "127.0.0.1:8280", Authorities: "/authorities.pem",
		AccessLog: "/dev/stdout", Zipkin: "127.0.0.1:9411",
		Identify: func(name string, who mesh.Identity) (mesh.Secret, error) {
			return mesh.Secret{Name: name, Chain: []byte(who.URI()), Key: []byte("key"), Roots: []byte("roots")}, nil
		},
	}).Build(m)
	if err != nil {
		t.Fatal(err)
	}
	parts := limits(snapshot)
	for name, m := range snapshot.Parts() {
		text, err := protojson.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatal(err)
		}
		parts[name] = value
	}
	return parts
}

// seenByPreference leaves out what others than preference, its servers and the ingress have.
func seenByPreference(part string) bool {
	owner := part[strings.Index(part, "@")+1:]
	return !strings.Contains(part, "@") || strings.HasPrefix(owner, "istio-tutorial/preference") ||
		strings.HasPrefix(owner, "ingress") ||
		strings.Contains(part, "inbound|") && strings.HasPrefix(owner, "istio-tutorial/recommendation")
}

// edition is a folder of rule files, and what they make of the tutorial.
type edition struct {
	folder string
	mesh   func(*testing.T, []string) mesh.Mesh
	more   map[string][]string // files that act together only
}

// TestGolden holds the configuration that each file of the tutorial leads to: what it adds and
// changes for preference's proxy and for those of recommendation; null is what goes.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, e := range []edition{
		{".", classicMesh, combinations()},
		{"v1", todaysMesh, todaysCombinations()},
		{"gateway-api", todaysMesh, nil},
	} {
		t.Run(e.folder, func(t *testing.T) {
			t.Parallel()
			e.golden(t)
		})
	}
}

func (e edition) golden(t *testing.T) {
	cases := map[string][]string{}
	files, err := filepath.Glob(filepath.Join("../../istiofiles", e.folder, "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no rule files:", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		cases[strings.TrimSuffix(name, ".yml")] = []string{name}
	}
	maps.Copy(cases, e.more)
	plain := configuration(t, e.mesh(t, nil))
	golden(t, filepath.Join(e.folder, "none"), maps.Clone(plain))
	for name, files := range cases {
		for i, file := range files {
			files[i] = filepath.Join(e.folder, file)
		}
		ruled := configuration(t, e.mesh(t, files))
		change := map[string]any{}
		for part, value := range ruled {
			if !reflect.DeepEqual(plain[part], value) {
				change[part] = value
			}
		}
		for part := range plain {
			if _, stays := ruled[part]; !stays {
				change[part] = nil
			}
		}
		golden(t, filepath.Join(e.folder, name), change)
	}
	orphans(t, e.folder, append(slices.Collect(maps.Keys(cases)), "none"))
}

// todaysCombinations are files that act together only.
func todaysCombinations() map[string][]string {
	const half = "route-rule-recommendation-v1_and_v2_50_50.yml"
	return map[string][]string{
		"with-half-cb_version_v2":  {half, "recommendation_cb_policy_version_v2.yml"},
		"with-half-pool_ejection":  {half, "recommendation_cb_policy_pool_ejection.yml"},
		"with-half-lb_policy_app":  {half, "recommendation_lb_policy_app.yml"},
		"with-egress-closed":       {"egress_registry_only.yml", "egress_httpbin.yml", "egress_github.yml"},
		"with-acl-both":            {"acl-blacklist.yml", "acl-whitelist.yml"},
		"with-limit-and-blacklist": {"recommendation_rate_limit_handler.yml", "acl-blacklist.yml"},
	}
}

// combinations are those whose outcome was seen on Istio 0.7.1, and files that act together only.
func combinations() map[string][]string {
	rule := func(names ...string) []string {
		for i, name := range names {
			names[i] = "route-rule-" + name + ".yml"
		}
		return names
	}
	const prefix = "recommendation-"
	canary := []string{"firefox-recommendation-v2", "mobile-recommendation-v2", "safari-recommendation-v2"}
	half := rule(prefix + "v1_and_v2_50_50")
	return map[string][]string{
		"with-v2_503-v2_retry":     rule(prefix+"v2_503", prefix+"v2_retry"),
		"with-503-delay":           rule(prefix+"503", prefix+"delay"),
		"with-timeout-v1":          rule(prefix+"timeout", prefix+"v1"),
		"with-503-firefox":         rule(prefix+"503", canary[0]),
		"with-v1_and_v2-safari":    rule(prefix+"v1_and_v2", canary[2]),
		"with-v1-canary":           rule(append(canary, prefix+"v1")...),
		"with-timeout-v2_retry":    rule(prefix+"timeout", prefix+"v2_retry"),
		"with-mirror-canary":       rule(append(slices.Clone(canary), prefix+"v1-mirror-v2")...),
		"with-half-cb_version_v2":  append(slices.Clone(half), "recommendation_cb_policy_version_v2.yml"),
		"with-half-pool_ejection":  append(slices.Clone(half), "recommendation_cb_policy_pool_ejection.yml"),
		"with-acl-both":            {"acl-blacklist.yml", "acl-whitelist.yml"},
		"with-rate_limit-complete": rateLimited(),
	}
}

func golden(t *testing.T, name string, parts map[string]any) {
	t.Helper()
	maps.DeleteFunc(parts, func(part string, _ any) bool { return !seenByPreference(part) })
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetIndent("", " ")
	out.SetEscapeHTML(false)
	if err := out.Encode(parts); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return
	}
	if diff := firstDifference(text.String(), string(want)); diff != "" {
		t.Errorf("%s: %s; if that is right: go test -run Golden -update", file, diff)
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "no line", "no line"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d: %s, want %s", i+1, x, y)
		}
	}
	return ""
}

// orphans are golden files of no case.
func orphans(t *testing.T, folder string, names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.Contains(names, strings.TrimSuffix(filepath.Base(file), ".json")) {
			t.Errorf("%s belongs to no case", file)
		}
	}
}
