package v1_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	v1 "istio-tutorial/lab/rules/v1"
)

// access is a policy on preference.
func access(name, action, source string) string {
	return fmt.Sprintf(`---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: %s, namespace: istio-tutorial}
spec: {selector: {matchLabels: {app: preference}}, action: %s, rules: [{from: [{source: {%s}}]}]}
`, name, action, source)
}

// TestAuthorization tells who of customer, preference, recommendation, external and the ingress
// may call preference.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	const sa = "cluster.local/ns/istio-tutorial/sa/"
	const empty = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody, namespace: %s}
spec: {}
`
	for name, c := range map[string]struct{ rules, want string }{
		"none":            {"", "cprei"},
		"deny":            {access("a", "DENY", `principals: ["`+sa+`customer"]`), "prei"},
		"allow":           {access("a", "ALLOW", `principals: ["`+sa+`customer"]`), "c"},
		"two allow":       {access("a", "ALLOW", `principals: ["`+sa+`customer"]`) + access("b", "ALLOW", `namespaces: [external]`), "ce"},
		"deny over allow": {access("a", "ALLOW", `namespaces: [istio-tutorial]`) + access("b", "DENY", `principals: ["*/customer"]`), "pr"},
		"prefix":          {access("a", "ALLOW", `principals: ["`+sa+`*"]`), "cpr"},
		"not":             {access("a", "ALLOW", `notNamespaces: [external]`), "cpri"},
		"account":         {access("a", "ALLOW", `serviceAccounts: [customer, external/external]`), "ce"},
		"ingress":         {access("a", "DENY", `namespaces: [istio-system]`), "cpre"},
		"nothing allowed": {fmt.Sprintf(empty, namespace), ""},
		"whole mesh":      {fmt.Sprintf(empty, "istio-system"), ""},
		"elsewhere":       {fmt.Sprintf(empty, "external"), "cprei"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := v1.Resolve(load(t, c.rules), topology())
			s, _ := m.SidecarOf(tutorial("preference-v1"))
			if got := allowed(s.Inbound.Access); got != c.want {
				t.Errorf("may call: %q, want %q; rules %+v", got, c.want, s.Inbound.Access)
			}
		})
	}
}

// allowed is who may call by rules that ask for callers only, a letter each.
func allowed(list []mesh.AccessRule) string {
	var callers string
	for _, name := range []string{"customer-v1", "preference-v1", "recommendation-v1", "external-v1"} {
		if mayCall(list, name) {
			callers += name[:1]
		}
	}
	if mayCall(list, "") {
		callers += "i"
	}
	return callers
}

// mayCall reports whether rules that ask for callers only let a workload call; "" is whoever is none.
func mayCall(list []mesh.AccessRule, workload string) bool {
	who := mesh.IngressIdentity()
	if w, ok := workloadNamed(workload); ok {
		who = w.Identity()
	}
	is := func(r mesh.AccessRule) bool {
		return slices.ContainsFunc(r.Sources, func(terms mesh.AccessTerms) bool {
			return !slices.ContainsFunc(terms, func(t mesh.AccessTerm) bool { return !proves(t, who.URI()) })
		})
	}
	asked, admitted := false, false
	for _, r := range list {
		switch r.Action {
		case mesh.Deny:
			if is(r) {
				return false
			}
		case mesh.Allow:
			asked, admitted = true, admitted || is(r)
		}
	}
	return admitted || !asked
}

func workloadNamed(name string) (mesh.Workload, bool) {
	for _, w := range topology().Workloads {
		if w.Name.Name == name {
			return w, true
		}
	}
	return mesh.Workload{}, false
}

// proves reports whether a term holds of a certificate's identity; "" is none.
func proves(t mesh.AccessTerm, uri string) bool {
	return t.Not != slices.ContainsFunc(t.Conditions, func(c mesh.Condition) bool {
		switch c.Compare {
		case mesh.Present:
			return uri != ""
		case mesh.Prefix:
			return uri != "" && strings.HasPrefix(uri, c.Value)
		case mesh.Suffix:
			return uri != "" && strings.HasSuffix(uri, c.Value)
		case mesh.Regex:
			return uri != "" && regexp.MustCompile("^(?:"+c.Value+")$").MatchString(uri)
		default:
			return uri == c.Value
		}
	})
}

func TestLocalRateLimit(t *testing.T) {
	t.Parallel()
	loaded, err := v1.Parse(file(t, istiofiles+"/v1/recommendation_rate_limit_handler.yml"), "")
	if err != nil {
		t.Fatal(err)
	}
	m := v1.Resolve(rules.Set{}.Apply(loaded...), topology())
	for _, s := range m.Sidecars {
		limits := s.Inbound.Limits
		if want := s.Workload.Name == "recommendation-v2"; want != (len(limits) == 1) {
			t.Errorf("limits of %s: %+v", s.Workload, limits)
		} else if want && (limits[0].Bucket != "" || !limits[0].Callers.Others ||
			limits[0].Answer != mesh.Response{Status: 429, Body: "local_rate_limited"}) {
			t.Errorf("limit %+v", limits[0])
		}
	}
}

func TestOutboundTrafficPolicy(t *testing.T) {
	t.Parallel()
	const sidecar = `---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: %s, namespace: %s}
spec: {%s outboundTrafficPolicy: {mode: %s}}
`
	const some = "workloadSelector: {labels: {app: preference}}, "
	closed := fmt.Sprintf(sidecar, "default", namespace, "", "REGISTRY_ONLY")
	for name, c := range map[string]struct {
		rules string
		open  bool
	}{
		"none":            {"", true},
		"namespace":       {closed, false},
		"other namespace": {fmt.Sprintf(sidecar, "a", "external", "", "REGISTRY_ONLY"), true},
		"whole mesh":      {fmt.Sprintf(sidecar, "a", "istio-system", "", "REGISTRY_ONLY"), false},
		"workload":        {closed + fmt.Sprintf(sidecar, "a", namespace, some, "ALLOW_ANY"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := v1.Resolve(load(t, c.rules), topology())
			s, _ := m.SidecarOf(tutorial("preference-v1"))
			if s.Outbound.AllowAny != c.open || !c.open && s.Outbound.Unknown.Status != 502 {
				t.Errorf("outbound: any %t, unknown %+v", s.Outbound.AllowAny, s.Outbound.Unknown)
			}
		})
	}
}

func TestTLSOrigination(t *testing.T) {
	t.Parallel()
	const rules = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: github}
spec:
  hosts: [api.github.com]
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: github}
spec:
  host: api.github.com
  trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]}
`
	m := v1.Resolve(load(t, rules), topology())
	want := mesh.TLS{SNI: "api.github.com", Verify: true, Names: []string{"api.github.com"}}
	if len(m.External) != 1 || m.External[0].Target != 443 || !reflect.DeepEqual(*m.External[0].TLS, want) {
		t.Fatalf("external %+v", m.External)
	}
	s, _ := m.SidecarOf(tutorial("preference-v1"))
	last := s.Outbound.Clusters[len(s.Outbound.Clusters)-1]
	if last.Cluster.Port != 80 || last.Policy.TLS == nil || !reflect.DeepEqual(*last.Policy.TLS, want) {
		t.Errorf("cluster %+v", last)
	}
}

// What clients encrypt themselves is led on unread, whatever a VirtualService says.
func TestEncryptedByClients(t *testing.T) {
	t.Parallel()
	const rules = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: github}
spec:
  hosts: [api.github.com]
  resolution: %s
  ports:
  - {number: 443, name: https, protocol: %s}
  - {number: 80, name: http, protocol: HTTP}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: github}
spec:
  hosts: [api.github.com]
  http: [{timeout: 1s, route: [{destination: {host: api.github.com}}]}]
`
	for _, c := range []struct {
		resolution, protocol string
		want                 mesh.Protocol
	}{
		{"DNS", "TLS", mesh.TCP}, {"NONE", "HTTPS", mesh.TCP}, {"DNS_ROUND_ROBIN", "tcp", mesh.TCP}, {"NONE", "http", mesh.HTTP},
	} {
		m := v1.Resolve(load(t, fmt.Sprintf(rules, c.resolution, c.protocol)), topology())
		s, _ := m.SidecarOf(tutorial("preference-v1"))
		for _, h := range s.Outbound.Hosts[len(s.Outbound.Hosts)-2:] {
			read := h.Port == 80 || c.want == mesh.HTTP
			if r := h.Routes[0]; (r.Timeout > 0) != read || (r.Retry != nil) != read {
				t.Errorf("%+v, port %d: %+v", c, h.Port, r)
			}
		}
		if got := m.External[0].Protocol; got != c.want {
			t.Errorf("%+v: protocol %v", c, got)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	loaded, err := parse(access("a", "DENY", "namespaces: [x]")+access("b", "DENY", "namespaces: [x]"), namespace)
	if err != nil {
		t.Fatal(err)
	}
	a, b := loaded[0], loaded[1]
	one := rules.Set{}.Apply(b)
	two := one.Apply(a).Apply(b)
	if oldest := rules.Of[security.AuthorizationPolicy](two); oldest[0].Key != b.Key || oldest[1].Key != a.Key {
		t.Errorf("oldest %v: a rule that is applied again keeps its age", oldest)
	}
	if oldest := rules.Of[security.AuthorizationPolicy](rules.Set{}.Apply(b, a)); oldest[0].Key != a.Key {
		t.Errorf("oldest %v: names decide within a change", oldest)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(istiofiles + "/v1/*.yml")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	top := topology()
	f.Fuzz(func(_ *testing.T, text string) {
		docs, err := document.Parse("fuzz.yml", strings.NewReader(text))
		if err != nil {
			return
		}
		if loaded, err := v1.Parse(docs, namespace); err == nil {
			set := rules.Set{}.Apply(loaded...)
			v1.Findings(set, top)
			v1.Resolve(set, top)
		}
	})
}
