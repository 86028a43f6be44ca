package objects_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

func today(kind, name, spec string) string {
	return "apiVersion: networking.istio.io/v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec:\n" + spec
}

// sends leads all calls of recommendation to a host.
func sends(name, to string) string {
	return today("VirtualService", name, "  hosts: [recommendation]\n  http:\n"+
		"  - name: by-"+name+"\n    route: [{destination: {host: "+to+"}}]\n")
}

const plainRoute = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: plain}
spec:
  parentRefs: [{group: "", kind: Service, name: preference, port: 8080}]
  rules: [{backendRefs: [{name: preference, port: 8080}]}]
`

// change does a verb on texts at a second.
func change(t *testing.T, s objects.Set, verb objects.Verb, second int64, texts ...string) objects.Set {
	t.Helper()
	s, _, err := s.Change(verb, parse(t, texts...), time.Unix(second, 0))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// defaults are what of a mesh tells the editions apart: whether any host may be called, how often
// a call of recommendation is retried, and whether the least busy instance gets it.
func defaults(t *testing.T, s objects.Set) string {
	t.Helper()
	sidecar, ok := s.Mesh(s.Expected()).SidecarOf(mesh.Name{Namespace: namespace, Name: "preference"})
	if !ok {
		t.Fatal("no preference")
	}
	for _, host := range sidecar.Outbound.Hosts {
		if !slices.Contains(host.Names, "recommendation") {
			continue
		}
		cluster := host.Routes[len(host.Routes)-1].Destinations[0].Cluster
		for _, u := range sidecar.Outbound.Clusters {
			if u.Cluster.Key() == cluster.Key() {
				retries := 0
				if r := host.Routes[0].Retry; r != nil {
					retries = r.Attempts
				}
				return fmt.Sprint(sidecar.Outbound.AllowAny, retries, u.Policy.Balance == mesh.LeastRequest)
			}
		}
	}
	t.Fatal("no recommendation")
	return ""
}

// Without a rule the edition says what holds; with one, the rule's API does.
func TestEditions(t *testing.T) {
	t.Parallel()
	const before, now = "false 0 false", "true 2 true"
	classic := rule("r", "  precedence: 1\n")
	for _, c := range []struct {
		edition objects.Edition
		rule    string
		want    string
	}{
		{"", "", before}, {objects.Classic, "", before}, {objects.V1, "", now}, {objects.GatewayAPI, "", now},
		{objects.V1, classic, before}, {objects.Classic, plainRoute, now},
		{objects.Classic, sends("r", "recommendation"), now},
	} {
		s, err := deployed(t).In(c.edition)
		if err != nil {
			t.Fatal(err)
		}
		if c.rule != "" {
			s = change(t, s, objects.Create, 2, c.rule)
		}
		if got := defaults(t, s); got != c.want {
			t.Errorf("edition %q with %q: %s, want %s", c.edition, c.rule, got, c.want)
		}
	}
	if _, err := (objects.Set{}).In("v2"); err == nil {
		t.Error("there is no edition v2")
	}
}

// The APIs of today act together, and never with that of 2018.
func TestOneDialect(t *testing.T) {
	t.Parallel()
	s := change(t, deployed(t), objects.Create, 2, sends("r", "recommendation"), plainRoute)
	_, _, err := s.Change(objects.Create, parse(t, rule("r", "")), time.Unix(3, 0))
	want := `0.yml:1: routerules.config.istio.io "r" is of config.istio.io/v1alpha2, and virtualservices.networking.istio.io "r" ` +
		"of networking.istio.io/v1 and gateway.networking.k8s.io/v1: " +
		"delete the rules of one API before you create those of the other"
	if reason(err) != objects.Conflict || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
}

// Of two rules for one host the older acts; of one change, the one of the earlier name.
func TestOldest(t *testing.T) {
	t.Parallel()
	acting := func(s objects.Set) string {
		k, err := objects.FindKind("vs")
		if err != nil {
			t.Fatal(err)
		}
		var ignored []string
		for _, f := range s.Findings(s.Expected()) {
			if f.Kind == k.Kind && f.Line > 0 && f.File != "" {
				ignored = append(ignored, f.Name)
			}
		}
		if len(ignored) == 0 {
			t.Errorf("nobody is told: %+v", s.Findings(s.Expected()))
		}
		target := objects.Target{
			Client:  mesh.Name{Namespace: namespace, Name: "preference"},
			Service: mesh.Name{Namespace: namespace, Name: "recommendation"}, Port: 8080,
		}
		said, err := s.Effective(s.Expected(), target)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(fmt.Sprintf("%+v", said), "customer") {
			return "z"
		}
		return "a"
	}
	z, a := sends("z", "customer"), sends("a", "recommendation")
	together := change(t, deployed(t), objects.Create, 2, z, a)
	later := change(t, change(t, deployed(t), objects.Create, 2, z), objects.Create, 3, a)
	kept := change(t, later, objects.Replace, 4, z)
	again := change(t, change(t, later, objects.Delete, 5, z), objects.Create, 6, z)
	for name, c := range map[string]struct {
		set  objects.Set
		want string
	}{"together": {together, "a"}, "later": {later, "z"}, "replaced": {kept, "z"}, "created again": {again, "a"}} {
		if got := acting(c.set); got != c.want {
			t.Errorf("%s: %s acts, want %s", name, got, c.want)
		}
	}
}

// The two kinds of Gateway are two objects, even of one name.
func TestGateways(t *testing.T) {
	t.Parallel()
	const servers = "  selector: {istio: ingressgateway}\n  servers:\n  - hosts: ['*']\n    port: {number: 80, name: http, protocol: HTTP}\n"
	const listeners = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec:\n" +
		"  gatewayClassName: istio\n  listeners: [{name: http, port: 80, protocol: HTTP}]\n"
	s := change(t, deployed(t), objects.Create, 2, today("Gateway", "g", servers), listeners)
	for word, want := range map[string]string{
		"gateway": "istio", "gtw": "istio", "gateways.gateway.networking.k8s.io": "istio",
		"gw": "", "gateway.networking.istio.io": "", "gateways.v1.networking.istio.io": "",
	} {
		k, err := objects.FindKind(word)
		if err != nil {
			t.Fatal(err)
		}
		found, err := s.Pick(objects.Selection{Namespace: namespace}, objects.Pick{Kind: k, Names: []string{"g"}})
		if err != nil || len(found) != 1 || found[0].Field("spec", "gatewayClassName") != want {
			t.Errorf("%s: %+v, %v", word, found, err)
		}
	}
	g := s.Rules()[0]
	if got := g.Field("spec", "selector"); got != `{"istio":"ingressgateway"}` {
		t.Errorf("selector %s", got)
	}
	if g.Field("spec", "selector", "istio", "x") != "" || g.Field("nothing") != "" {
		t.Error("found what is not there")
	}
	if s = change(t, s, objects.Delete, 3, listeners); len(s.Rules()) != 1 {
		t.Errorf("%+v", s.Rules())
	}
}

// Files are looked at in the company of the set, each for itself where two have the same object.
func TestAnalyze(t *testing.T) {
	t.Parallel()
	s, err := deployed(t).In(objects.V1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		texts []string
		want  string // FILE:LINE LEVEL CODE TEXT…
	}{
		{"nothing", []string{sends("r", "recommendation")}, ""},
		{"unknown host", []string{"# x\n" + sends("r", "nobody")}, `0.yml:9 Error IST0101 Referenced host not found: "nobody"`},
		{
			"steps", []string{sends("r", "nobody"), sends("r", "recommendation")},
			`0.yml:8 Error IST0101 Referenced host not found: "nobody"`,
		},
		{
			"refused", []string{today("VirtualService", "r", "  host: x\n"), sends("s", "recommendation")},
			"0.yml:5 Error IST0106 Schema validation error: spec.host: unknown field",
		},
		{"broken", []string{"a: [\n"}, "0.yml:1 Error  "},
		{
			"autoscaler", []string{"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: c}\n"},
			"0.yml:1 Info  no effect in the lab: it does nothing with a HorizontalPodAutoscaler",
		},
		{"config", []string{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"}, ""},
		{
			"misspelt", []string{"apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: c}\n"},
			"0.yml:2 Error IST0106 Schema validation error: kind: there is no kind Deploymnet; did you mean Deployment?",
		},
		{
			"no namespace", []string{strings.Replace(plainRoute, "{name: plain}", "{name: plain, namespace: nowhere}", 1)},
			"0.yml:1 Warning  a cluster refuses it: there is no namespace nowhere",
		},
	} {
		var files []objects.File
		for i, text := range c.texts {
			files = append(files, objects.File{Name: fmt.Sprintf("%d.yml", i), Data: []byte(text)})
		}
		findings := s.Analyze(files, namespace)
		if c.want == "" {
			if len(findings) > 0 {
				t.Errorf("%s: %+v", c.name, findings)
			}
			continue
		}
		var said []string
		for _, f := range findings {
			said = append(said, fmt.Sprintf("%s:%d %s %s %s", f.File, f.Line, f.Level, f.Code, f.Text))
			if f.Unreadable() != (c.name == "broken") {
				t.Errorf("%s: unreadable %v", c.name, f.Unreadable())
			}
		}
		if !slices.ContainsFunc(said, func(one string) bool { return strings.HasPrefix(one, c.want) }) {
			t.Errorf("%s: %q, want %q", c.name, said, c.want)
		}
	}
	if found := change(t, s, objects.Create, 2, sends("r", "nobody")).Analysis(); len(found) != 1 ||
		found[0].Sentence() != `[IST0101] (VirtualService istio-tutorial/r) Referenced host not found: "nobody"` {
		t.Errorf("%+v", found)
	}
}

func TestConvert(t *testing.T) {
	t.Parallel()
	s := deployed(t)
	for _, c := range []struct {
		name  string
		texts []string
		to    objects.Edition
		want  string
		fails bool
	}{
		{"v1", []string{rule("r", "")}, objects.V1, "kind: VirtualService", false},
		{"gateway-api", []string{rule("r", "")}, objects.GatewayAPI, "kind: HTTPRoute", false},
		{"nothing", nil, objects.V1, "no rule to convert", true},
		{"of today", []string{sends("r", "recommendation")}, objects.V1, `"r" is of today already`, true},
		{
			"each that cannot be said", []string{
				rule("a", "  httpFault: {abort: {percent: 50, httpStatus: 503}}\n"),
				strings.Replace(rule("b", "  httpFault: {delay: {percent: 50, fixedDelay: 7s}}\n"), "recommendation", "preference", 1),
			}, objects.GatewayAPI, "1.yml:", true,
		},
	} {
		with := s
		if len(c.texts) > 0 {
			with = change(t, s, objects.Create, 2, c.texts...)
		}
		text, err := with.Convert(c.to)
		if c.fails && (reason(err) != objects.Invalid || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if !c.fails && (err != nil || !strings.Contains(string(text), c.want)) {
			t.Errorf("%s: %v, no %q in\n%s", c.name, err, c.want, text)
		}
	}
}

// Every file of today can be applied, shown, and taken away again.
func TestFilesOfToday(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../istiofiles/[vg]*/*.yml")
	if err != nil || len(files) < 40 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before := deployed(t)
		s := change(t, before, objects.Apply, 2, string(data))
		if m := s.Mesh(s.Expected()); len(m.Sidecars) != len(before.Mesh(before.Expected()).Sidecars) {
			t.Errorf("%s: %d sidecars", file, len(m.Sidecars))
		}
		for _, o := range s.Rules() {
			text, err := o.YAML()
			if err != nil {
				t.Fatal(err)
			}
			if again := parse(t, string(text)); len(again) != 1 || again[0].Ref != o.Ref {
				t.Errorf("%s: %s reads as %+v", file, text, again)
			}
		}
		if s = change(t, s, objects.Delete, 3, string(data)); len(s.Rules()) > 0 {
			t.Errorf("%s: left %+v", file, s.Rules())
		}
	}
}
