package v1_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
	v1 "istio-tutorial/lab/rules/v1"
)

const istiofiles = "../../../istiofiles"

// difference is where a file of today means something else than the one of 2018, and why.
type difference struct {
	reason string
	erase  func(*mesh.Mesh) // takes it out of both meshes
}

// twin is a file that both editions have. With are files that must be loaded too.
type twin struct {
	classic, today []string // loaded before
	differences    []difference
}

func everywhere() []difference {
	return []difference{
		{"today's proxies treat all requests in their own way", func(m *mesh.Mesh) {
			m.Gateway.ProxyDefaults = mesh.ProxyDefaults{}
			for i := range m.Sidecars {
				m.Sidecars[i].Outbound.ProxyDefaults, m.Sidecars[i].Inbound.ProxyDefaults = mesh.ProxyDefaults{}, mesh.ProxyDefaults{}
			}
		}},
		{"rules have other names", routes(func(r *mesh.Route) { r.From, r.Part = "", "" })},
		{"and policies", policies(func(p *mesh.Policy) { p.From = "" })},
		{"today's sidecars retry twice what no pod has seen, and never the same pod first",
			routes(func(r *mesh.Route) {
				switch {
				case r.Retry == nil:
				case slices.Contains(r.Retry.On, "unavailable"):
					r.Retry = nil
				default:
					r.Retry.OtherHosts = false
				}
			})},
		{"5xx, as Envoy has it, includes failed connections and refused streams",
			routes(func(r *mesh.Route) {
				if r.Retry != nil && r.Retry.On[0] == "5xx" {
					r.Retry.On = r.Retry.On[:1]
				}
			})},
		{"2018 ignored a time of each try without a longer one of the whole request",
			routes(func(r *mesh.Route) {
				if r.Retry != nil && r.Retry.PerTry >= r.Timeout {
					r.Retry.PerTry = 0
				}
			})},
		{"today's default is the less busy of two, not in turn", policies(func(p *mesh.Policy) {
			if p.Balance == mesh.LeastRequest {
				p.Balance = mesh.RoundRobin
			}
		})},
		{"today's Istio never panics, ejects no pod more than the percentage, and none by its rate",
			policies(func(p *mesh.Policy) {
				p.Panic = 0
				if p.Outlier != nil {
					p.Outlier.AlwaysOne, p.Outlier.BySuccessRate = false, false
				}
			})},
		{"what no rule limits had Envoy's own limits in 2018, and has none today", func(m *mesh.Mesh) {
			policies(func(p *mesh.Policy) { p.Limits.Unlimited = false })(m)
			inbound(func(in *mesh.Inbound) { in.Unlimited = false })(m)
		}},
		{"2018 wrote HOST-shadow into a mirrored request, and traced it", routes(func(r *mesh.Route) {
			for i := range r.Mirrors {
				r.Mirrors[i].Suffix, r.Mirrors[i].Traced = false, false
			}
		})},
		{"today's sidecars prove to each other who they are", func(m *mesh.Mesh) {
			policies(func(p *mesh.Policy) { p.Mutual = mesh.Never })(m)
			inbound(func(in *mesh.Inbound) { in.Authentication = mesh.Authentication{} })(m)
		}},
		{"today's rules name subsets", clusters(func(c *mesh.Cluster) { c.Subset = "" })},
		{"today every client may change to WebSocket", routes(func(r *mesh.Route) { r.NoWebsocket = false })},
		{"today's sidecars let every call out", func(m *mesh.Mesh) {
			for i := range m.Sidecars {
				m.Sidecars[i].Outbound.AllowAny = false
				m.Sidecars[i].Outbound.Unknown = mesh.Response{}
			}
		}},
	}
}

func allVersions() []difference {
	return []difference{{"the label app is every pod's", clusters(func(c *mesh.Cluster) {
		if c.Labels["app"] != "" {
			c.Labels = nil
		}
	})}}
}

func onlyPreference() []difference {
	return []difference{{"today's rule selects the client too", func(m *mesh.Mesh) {
		m.Sidecars = slices.DeleteFunc(m.Sidecars, func(s mesh.Sidecar) bool {
			return s.Workload.Name != "preference-v1"
		})
	}}}
}

func denials() []difference {
	return []difference{
		{"today's policies are asked by request, 2018's lists by caller", func(m *mesh.Mesh) {
			for i := range m.Sidecars {
				in := &m.Sidecars[i].Inbound
				in.Denials = append(in.Denials, refusals(in.Access, m.Workloads)...)
				in.Access = nil
			}
		}},
		{"2018 told each caller's name in its refusal; today all read the same",
			inbound(func(in *mesh.Inbound) {
				var one mesh.Denial
				for _, d := range in.Denials {
					one.Callers.Workloads = append(one.Callers.Workloads, d.Callers.Workloads...)
					one.Callers.Others = one.Callers.Others || d.Callers.Others
				}
				if in.Denials != nil {
					in.Denials = []mesh.Denial{one}
				}
			})},
		{"2018 could not tell who came through the ingress, and let it pass",
			inbound(func(in *mesh.Inbound) {
				for i := range in.Denials {
					in.Denials[i].Callers.Others = false
				}
			})},
	}
}

// refusals are the callers whom rules refuse whatever they ask for.
func refusals(list []mesh.AccessRule, workloads []mesh.Workload) []mesh.Denial {
	if list == nil {
		return nil
	}
	refused := mesh.Denial{Callers: mesh.Callers{Others: !mayCall(list, "")}}
	for _, w := range workloads {
		if !mayCall(list, w.Name.Name) {
			refused.Callers.Workloads = append(refused.Callers.Workloads, w.Name)
		}
	}
	return []mesh.Denial{refused}
}

func limited() []difference {
	return []difference{{
		"today each pod counts for itself and for all callers; 2018 had a limit of 5000 as well, " +
			"and its own words",
		inbound(func(in *mesh.Inbound) {
			limits := in.Limits
			in.Limits = nil
			for _, l := range limits {
				if slices.Contains(l.Callers.Workloads, tutorial("preference-v1")) && l.Tokens == 1 {
					l.From, l.Bucket, l.Answer, l.Callers = "", "", mesh.Response{}, mesh.Callers{}
					in.Limits = append(in.Limits, l)
				}
			}
		}),
	}}
}

func counted() []difference {
	return []difference{{
		"today the metric is Istio's own, with the tag added",
		inbound(func(in *mesh.Inbound) {
			terms := map[string]bool{}
			for _, c := range in.Counters {
				for _, l := range c.Labels {
					if l.Name == "user_agent" {
						terms[l.Terms[0].Value] = true
					}
				}
			}
			n := len(in.Counters)
			in.Counters = nil
			if n > 0 && len(terms) == 1 {
				in.Counters = []mesh.Counter{{Name: "counts by user_agent"}}
			}
		}),
	}}
}

// twins are all classic files.
func twins() map[string]twin {
	const half = "route-rule-recommendation-v1_and_v2_50_50.yml"
	const first, only = "route-rule-recommendation-v1.yml", "egress_registry_only.yml"
	canary := twin{classic: []string{first}}
	policy := twin{classic: []string{half}, today: []string{half}, differences: onlyPreference()}
	all := map[string]twin{
		"acl-blacklist.yml":                          {differences: denials()},
		"acl-whitelist.yml":                          {differences: denials()},
		"egress_httpbin.yml":                         {today: []string{only}},
		"recommendation_cb_policy_pool_ejection.yml": policy,
		"recommendation_cb_policy_version_v2.yml":    policy,
		"recommendation_lb_policy_app.yml":           {},
		"recommendation_requestcount.yml":            {differences: counted()},
		"route-rule-recommendation-503.yml":          {differences: allVersions()},
		"route-rule-recommendation-delay.yml":        {differences: allVersions()},
		"route-rule-recommendation-timeout.yml":      {differences: allVersions()},
		"route-rule-firefox-recommendation-v2.yml":   canary,
		"route-rule-mobile-recommendation-v2.yml":    canary,
		"route-rule-safari-recommendation-v2.yml":    canary,
	}
	all["egress_github.yml"] = twin{today: []string{only}, differences: []difference{{
		"2018 checked no certificate", func(m *mesh.Mesh) {
			policies(func(p *mesh.Policy) { p.TLS = unchecked(p.TLS) })(m)
			for i := range m.External {
				m.External[i].TLS = unchecked(m.External[i].TLS)
			}
		},
	}}}
	all["recommendation_rate_limit_handler.yml"] = twin{
		classic:     []string{"rate_limit_rule.yml", "recommendation_rate_limit_quota_spec.yml"},
		differences: limited(),
	}
	all["route-rule-recommendation-v1-mirror-v2.yml"] = twin{differences: []difference{{
		"a weight of 0 is not a destination", routes(func(r *mesh.Route) {
			r.Destinations = slices.DeleteFunc(r.Destinations, func(d mesh.Destination) bool {
				return d.Weight == 0
			})
		}),
	}}}
	for _, name := range []string{
		"v1", "v1_and_v2", half, "v1_and_v2_75_25", "v1_and_v2_retry", "v2", "v2_503", "v2_retry",
	} {
		if !strings.HasSuffix(name, ".yml") {
			name = "route-rule-recommendation-" + name + ".yml"
		}
		all[name] = twin{}
	}
	return all
}

func unchecked(t *mesh.TLS) *mesh.TLS {
	if t == nil {
		return nil
	}
	return &mesh.TLS{SNI: t.SNI}
}

// withoutTwin are classic files whose meaning another file of today has.
func withoutTwin() map[string]string {
	return map[string]string{
		"rate_limit_rule.yml":                      "one EnvoyFilter says what three files said",
		"recommendation_rate_limit_quota_spec.yml": "one EnvoyFilter says what three files said",
	}
}

func TestTwins(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(istiofiles + "/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	table := twins()
	for _, file := range files {
		name := filepath.Base(file)
		if _, ok := withoutTwin()[name]; ok {
			continue
		}
		pair, ok := table[name]
		if !ok {
			t.Errorf("%s has no twin", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, now := classicMesh(t, append(pair.classic, name)), todaysMesh(t, append(pair.today, name))
			for _, d := range append(everywhere(), pair.differences...) {
				d.erase(&before)
				d.erase(&now)
			}
			if !reflect.DeepEqual(settled(before), settled(now)) {
				t.Errorf("2018\n%s\ntoday\n%s", canonical(t, before), canonical(t, now))
			}
			if reflect.DeepEqual(settled(now), settled(nothing())) {
				t.Error("the rule does nothing, or its whole meaning was erased")
			}
		})
	}
}

// nothing is the mesh without rules, as far as the editions agree.
func nothing() mesh.Mesh {
	m := v1.Resolve(rules.Set{}, topology())
	for _, d := range everywhere() {
		d.erase(&m)
	}
	return m
}

// settled orders clusters, which are in the order of first use, and drops empty lists.
func settled(m mesh.Mesh) mesh.Mesh {
	for i := range m.Sidecars {
		out := &m.Sidecars[i].Outbound
		slices.SortFunc(out.Clusters, func(a, b mesh.Upstream) int {
			return strings.Compare(a.Cluster.Key(), b.Cluster.Key())
		})
	}
	if len(m.External) == 0 {
		m.External = nil
	}
	return m
}

func classicMesh(t *testing.T, names []string) mesh.Mesh {
	t.Helper()
	var set rules.Set
	for _, name := range names {
		loaded, err := classic.Parse(file(t, istiofiles+"/"+name), namespace)
		if err != nil {
			t.Fatal(err)
		}
		set = set.Apply(loaded...)
	}
	return classic.Resolve(set, topology())
}

func todaysMesh(t *testing.T, names []string) mesh.Mesh {
	t.Helper()
	var set rules.Set
	for _, name := range names {
		loaded, err := v1.Parse(file(t, istiofiles+"/v1/"+name), "default")
		if err != nil {
			t.Fatal(err)
		}
		set = set.Apply(loaded...)
	}
	return v1.Resolve(set, topology())
}

func file(t *testing.T, path string) []document.Document {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	docs, err := document.Parse(path, f)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// TestOwnFilesAreQuiet holds that analyze has nothing to say about them.
func TestOwnFilesAreQuiet(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(istiofiles + "/v1/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var all rules.Set // as a folder is read
	for _, path := range files {
		loaded, err := v1.Parse(file(t, path), "default")
		if err != nil {
			t.Error(err)
		}
		for _, f := range v1.Findings(rules.Set{}.Apply(loaded...), withCredential(t)) {
			t.Errorf("%s: %s", path, f)
		}
		all = all.Apply(loaded...)
	}
	for _, f := range v1.Findings(all, withCredential(t)) {
		t.Errorf("all together: %s", f)
	}
}

// withCredential has the Secrets that files need.
func withCredential(t *testing.T) mesh.Topology {
	t.Helper()
	signer, err := identity.NewSigner(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := signer.Host("customer.example")
	if err != nil {
		t.Fatal(err)
	}
	top := topology()
	for name, data := range map[string]map[string][]byte{
		"customer-certificate":        {"tls.crt": pair.Certificate, "tls.key": pair.Key},
		"customer-certificate-cacert": {"ca.crt": pair.Certificate},
	} {
		top.Credentials = append(top.Credentials, mesh.Credential{
			Name: mesh.Name{Namespace: "istio-system", Name: name}, Data: data,
		})
	}
	return top
}

func outbounds(do func(*mesh.Outbound)) func(*mesh.Mesh) {
	return func(m *mesh.Mesh) {
		for i := range m.Sidecars {
			do(&m.Sidecars[i].Outbound)
		}
		do(&m.Gateway)
	}
}

func routes(do func(*mesh.Route)) func(*mesh.Mesh) {
	return outbounds(func(out *mesh.Outbound) {
		for _, h := range out.Hosts {
			for i := range h.Routes {
				do(&h.Routes[i])
				for _, d := range h.Routes[i].Destinations {
					for j := range d.Faults {
						d.Faults[j].From = h.Routes[i].From
					}
				}
			}
		}
	})
}

func policies(do func(*mesh.Policy)) func(*mesh.Mesh) {
	return outbounds(func(out *mesh.Outbound) {
		for i := range out.Clusters {
			do(&out.Clusters[i].Policy)
		}
	})
}

func clusters(do func(*mesh.Cluster)) func(*mesh.Mesh) {
	return outbounds(func(out *mesh.Outbound) {
		for i := range out.Clusters {
			do(&out.Clusters[i].Cluster)
		}
		for _, h := range out.Hosts {
			for _, r := range h.Routes {
				for i := range r.Destinations {
					do(&r.Destinations[i].Cluster)
				}
				for i := range r.Mirrors {
					do(&r.Mirrors[i].Cluster)
				}
			}
		}
	})
}

func inbound(do func(*mesh.Inbound)) func(*mesh.Mesh) {
	return func(m *mesh.Mesh) {
		for i := range m.Sidecars {
			do(&m.Sidecars[i].Inbound)
		}
	}
}
