package objects_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

const namespace = "istio-tutorial"

func parse(t testing.TB, texts ...string) []objects.Object {
	t.Helper()
	var files []objects.File
	for i, text := range texts {
		files = append(files, objects.File{Name: fmt.Sprintf("%d.yml", i), Data: []byte(text)})
	}
	return parseFiles(t, files)
}

func parseFiles(t testing.TB, files []objects.File) []objects.Object {
	t.Helper()
	list, err := objects.Parse(files, namespace, false)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// tutorial is the files of deploy/, with version 2 of recommendation.
func tutorial(t testing.TB) []objects.File {
	t.Helper()
	paths, err := manifests.Kustomization("../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	var files []objects.File
	for _, path := range append(paths, "../../deploy/recommendation/Deployment-v2.yml") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, objects.File{Name: path, Data: data})
	}
	return files
}

// deployed is what tutorial makes.
func deployed(t testing.TB) objects.Set {
	t.Helper()
	s, _, err := objects.Set{}.Change(objects.Create, parseFiles(t, tutorial(t)), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rule(name, spec string) string {
	return "apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nmetadata: {name: " + name +
		"}\nspec:\n  destination: {name: recommendation}\n" + spec
}

func reason(err error) objects.Reason {
	if e, ok := errors.AsType[*objects.Error](err); ok {
		return e.Reason
	}
	return ""
}

func TestVerbs(t *testing.T) {
	t.Parallel()
	one, other := parse(t, rule("r", "")), parse(t, rule("r", "  precedence: 1\n"))
	two := parse(t, rule("r", ""), rule("s", ""))
	for _, c := range []struct {
		name   string
		first  []objects.Object // created before
		verb   objects.Verb
		list   []objects.Object
		done   string
		reason objects.Reason
		left   int
	}{
		{"create", nil, objects.Create, two, "created created", "", 2},
		{"create, there", one, objects.Create, two, "", objects.AlreadyExists, 1},
		{"create, twice", nil, objects.Create, append(slices.Clone(one), one...), "", objects.AlreadyExists, 0},
		{"replace", one, objects.Replace, other, "replaced", "", 1},
		{"replace, missing", one, objects.Replace, two, "", objects.NotFound, 1},
		{"apply", nil, objects.Apply, one, "created", "", 1},
		{"apply, same", one, objects.Apply, two, "unchanged created", "", 2},
		{"apply, other", one, objects.Apply, other, "configured", "", 1},
		{"delete", two, objects.Delete, one, "deleted", "", 1},
		{"delete, missing", one, objects.Delete, two, "deleted", objects.NotFound, 0},
		{"nonsense", one, "paint", one, "", objects.Invalid, 1},
	} {
		before, _, err := objects.Set{}.Change(objects.Create, c.first, time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		after, results, err := before.Change(c.verb, c.list, time.Unix(2, 0))
		var done []string
		for _, r := range results {
			done = append(done, r.Done)
		}
		if got := strings.Join(done, " "); got != c.done || reason(err) != c.reason || len(after.All()) != c.left {
			t.Errorf("%s: %q, %v, %d left", c.name, got, err, len(after.All()))
		}
		if len(before.All()) != len(c.first) {
			t.Errorf("%s: changed the old set", c.name)
		}
	}
}

// An object that is replaced stays as old as it is, and keeps its place.
func TestReplaced(t *testing.T) {
	t.Parallel()
	s, _, err := objects.Set{}.Change(objects.Create, parse(t, rule("a", ""), rule("b", "")), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	s, results, err := s.Change(objects.Apply, parse(t, rule("a", "  precedence: 1\n")), time.Unix(2, 0))
	if err != nil {
		t.Fatal(err)
	}
	a := s.All()[0]
	if a.Name != "a" || !a.Created.Equal(time.Unix(1, 0)) || a.Revision != 3 || results[0].Revision != 3 {
		t.Errorf("object %+v, results %+v", a, results)
	}
}

func TestParseNamesEveryProblem(t *testing.T) {
	t.Parallel()
	files := []objects.File{
		{Name: "a.yml", Data: []byte(rule("A", "  x: 1\n"))},
		{Name: "b.yml", Data: []byte("kind: [")},
		{Name: "c.yml", Data: []byte(rule("c", "") + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n")},
		{Name: "d.yml", Data: []byte(strings.Replace(rule("d", ""), "config.istio.io/v1alpha2", "networking.k8s.io/v1", 1))},
		{Name: "e.yml", Data: []byte(strings.Replace(rule("e", ""), "name: e", "name: e, namespace: other", 1))},
	}
	_, err := objects.Parse(files, namespace, true)
	text := fmt.Sprint(err)
	for _, want := range []string{
		"a.yml:6: spec.x: unknown field", "b.yml:", "c.yml:8: kind: the lab knows no manifest of kind Pod",
		"d.yml:1: apiVersion: want config.istio.io/v1alpha2", `e.yml:3: metadata.namespace: the namespace from the provided object "other" does not match`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if reason(err) != objects.Invalid {
		t.Errorf("reason %s", reason(err))
	}
}

// A rule without a name is one for istioctl alone: none is kept.
func TestUnnamed(t *testing.T) {
	t.Parallel()
	list := parse(t, rule("a", "")+"---\n"+strings.Replace(rule("b", ""), "{name: b}", "{}", 1))
	for _, verb := range []objects.Verb{objects.Create, objects.Apply, objects.Replace, objects.Delete} {
		s, _, err := objects.Set{}.Change(verb, list, time.Unix(1, 0))
		if !strings.Contains(fmt.Sprint(err), "0.yml:9: metadata.name: missing") || len(s.All()) > 0 {
			t.Errorf("%s: %v, %d kept", verb, err, len(s.All()))
		}
	}
	file := objects.File{Name: "x", Data: []byte(strings.Replace(rule("b", ""), "{name: b}", "{}", 1))}
	said := objects.Set{}.Analyze([]objects.File{file}, namespace)
	if len(said) != 1 || said[0].Line != 3 || !strings.HasSuffix(said[0].Text, "metadata.name: missing") {
		t.Errorf("%+v", said)
	}
	named, problems := objects.Named(list)
	if len(named) != 1 || named[0].Name != "a" || len(problems) != 1 {
		t.Errorf("%+v, %v", named, problems)
	}
	for _, text := range []string{"apiVersion: v1\nkind: Namespace\n", "apiVersion: v1\nkind: Namespace\nmetadata: {name: 1}\n"} {
		if _, err := objects.Parse([]objects.File{{Name: "x", Data: []byte(text)}}, namespace, false); reason(err) != objects.Invalid {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestFindKind(t *testing.T) {
	t.Parallel()
	for _, k := range objects.Kinds() {
		words := []string{k.Kind, k.Singular(), k.Plural, k.String(), k.Resource(), strings.ToUpper(k.Plural)}
		if k.String() == "gateways.networking.istio.io" { // without the group, the other kind is meant
			words = []string{k.String(), k.Resource(), k.Short}
		}
		for _, word := range words {
			if got, err := objects.FindKind(word); err != nil || got != k {
				t.Errorf("%s: %+v, %v", word, got, err)
			}
		}
	}
	for word, want := range map[string]string{
		"po": "Pod", "svc": "Service", "deploy": "Deployment", "deployments.v1.apps": "Deployment", "ns": "Namespace",
		"route-rule": "RouteRule", "destinationpolicies": "DestinationPolicy", "rules": "rule", "ing": "Ingress",
		"vs": "VirtualService", "dr": "DestinationRule", "se": "ServiceEntry", "ap": "AuthorizationPolicy",
		"pa": "PeerAuthentication", "gw": "Gateway", "gtw": "Gateway", "telemetry": "Telemetry",
		"virtualservices.v1.networking.istio.io": "VirtualService", "httproute": "HTTPRoute",
		"gateways.gateway.networking.k8s.io": "Gateway", "virtualservice.security.istio.io": "",
		"deployments.x": "", "": "", ".apps": "", "all": "", "podsx": "", "istio-io": "",
	} {
		got, err := objects.FindKind(word)
		if got.Kind != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", word, got.Kind, err)
		}
	}
}

func TestPicks(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"pods":                        "pods",
		"po,svc":                      "pods, services",
		"all":                         "pods, services, deployments.apps",
		"routerule a b":               "routerules.config.istio.io a b",
		"vs,po":                       "virtualservices.networking.istio.io, pods",
		"gw a":                        "gateways.networking.istio.io a",
		"gateway a":                   "gateways.gateway.networking.k8s.io a",
		"gateway-api":                 "grpcroutes.gateway.networking.k8s.io, gateways.gateway.networking.k8s.io, httproutes.gateway.networking.k8s.io, referencegrants.gateway.networking.k8s.io, tlsroutes.gateway.networking.k8s.io",
		"deploy/b deployment/a":       "deployments.apps b a",
		"deploy/a svc/b deployment/c": "deployments.apps a, services b, deployments.apps c",
		"":                            "", "x": "", "pods,x": "", "pods/": "", "/a": "", "pods,svc a": "", "pod/a b": "", "pods svc/a": "",
	} {
		picks, err := objects.Selection{Args: strings.Fields(args)}.Picks()
		var list []string
		for _, p := range picks {
			list = append(list, strings.Join(append([]string{p.Kind.String()}, p.Names...), " "))
		}
		if got := strings.Join(list, ", "); got != want || err == nil && want == "" || err != nil && reason(err) != objects.Invalid {
			t.Errorf("%q: %q, %v", args, got, err)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	s := deployed(t)
	safari := rule("safari", "  match: {request: {headers: {user-agent: {regex: x}}}}\n")
	s, results, err := s.Change(objects.Create, parse(t, safari), time.Unix(2, 0))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Explain(objects.Set{}, results, s.Expected()); len(got[0].Warnings) != 0 {
		t.Errorf("warnings %q", got[0].Warnings)
	}
	next, results, err := s.Change(objects.Create, parse(t, rule("all", "")), time.Unix(3, 0))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"safari never acts: all (precedence 0, earlier name) takes every request first"}
	if got := next.Explain(s, results, next.Expected())[0].Warnings; !slices.Equal(got, want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
	if again := next.Explain(next, nil, next.Expected()); again != nil {
		t.Errorf("of nothing: %+v", again)
	}
	if results[0].Warnings != nil {
		t.Error("the given results were changed")
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	s := deployed(t)
	deployment := func(name string) []objects.Ref {
		k, err := objects.FindKind("deployment")
		if err != nil {
			t.Fatal(err)
		}
		return []objects.Ref{objects.NewRef(k, namespace, name)}
	}
	two := 2
	for name, err := range map[string]error{
		"current":  failure(s.Scale(deployment("customer"), 3, &two, time.Time{})),
		"range":    failure(s.Scale(deployment("customer"), -1, nil, time.Time{})),
		"variable": failure(s.SetEnv(deployment("customer"), map[string]string{"=": ""}, nil, time.Time{})),
	} {
		if reason(err) != objects.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := s.Scale(deployment("nobody"), 1, nil, time.Time{}); reason(err) != objects.NotFound {
		t.Errorf("error %v", err)
	}
	next, results, err := s.Scale(deployment("customer"), 3, nil, time.Time{})
	if err != nil || results[0].Done != "scaled" {
		t.Fatalf("%+v, %v", results, err)
	}
	for _, d := range next.Deployments() {
		if d.Workload.Name.Name == "customer" && d.Replicas != 3 {
			t.Errorf("replicas %d", d.Replicas)
		}
	}
	if n := len(next.Expected().Instances); n != 6 {
		t.Errorf("%d instances are expected, want 6", n)
	}
}

func failure(_ objects.Set, _ []objects.Result, err error) error { return err }

func TestPick(t *testing.T) {
	t.Parallel()
	s := deployed(t)
	k, err := objects.FindKind("deployments")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		selection objects.Selection
		names     []string
		found     int
		reason    objects.Reason
	}{
		{objects.Selection{Namespace: namespace}, nil, 4, ""},
		{objects.Selection{Namespace: "default"}, nil, 0, ""},
		{objects.Selection{AllNamespaces: true}, nil, 4, ""},
		{objects.Selection{Namespace: namespace, Labels: "app=recommendation"}, nil, 2, ""},
		{objects.Selection{Namespace: namespace, Labels: "app=recommendation,version!=v1"}, nil, 1, ""},
		{objects.Selection{Namespace: namespace, Labels: "app in ("}, nil, 0, objects.Invalid},
		{objects.Selection{Namespace: namespace}, []string{"customer", "nobody"}, 1, objects.NotFound},
	} {
		found, err := s.Pick(c.selection, objects.Pick{Kind: k, Names: c.names})
		if len(found) != c.found || reason(err) != c.reason {
			t.Errorf("%+v %q: %d, %v", c.selection, c.names, len(found), err)
		}
	}
	names := []string{"recommendation-v1", "customer", "preference"}
	found, err := s.Pick(objects.Selection{Namespace: namespace}, objects.Pick{Kind: k, Names: names})
	var got []string
	for _, o := range found {
		got = append(got, o.Name)
	}
	if err != nil || !slices.Equal(got, names) {
		t.Errorf("found %q, %v; want %q", got, err, names)
	}
}

func TestEffective(t *testing.T) {
	t.Parallel()
	s := deployed(t)
	target := objects.Target{
		Client:  mesh.Name{Namespace: namespace, Name: "preference"},
		Service: mesh.Name{Namespace: namespace, Name: "recommendation"}, Port: 8080,
	}
	if _, err := s.Effective(s.Expected(), target); err != nil {
		t.Error(err)
	}
	target.Port = 1
	if _, err := s.Effective(s.Expected(), target); err == nil {
		t.Error("no such port")
	}
	if m := s.Mesh(s.Expected()); len(m.Sidecars) != 4 || len(m.Gateway.Hosts) != 2 {
		t.Errorf("%d sidecars, %d hosts", len(m.Sidecars), len(m.Gateway.Hosts))
	}
}
