package classic_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
)

const rr = "route-rule-recommendation-"

// summary is the routes of recommendation as preference's sidecar tries them, one to a line.
func summary(t *testing.T, set rules.Set) string {
	t.Helper()
	sidecar, _ := classic.Resolve(set, topology()).SidecarOf(tutorial("preference-v1"))
	var lines []string
	for _, r := range hostNamed(t, sidecar.Outbound, "recommendation").Routes {
		lines = append(lines, line(r))
	}
	return strings.Join(lines, "\n")
}

func line(r mesh.Route) string {
	var b strings.Builder
	b.WriteString(r.From)
	for _, c := range r.Match {
		fmt.Fprintf(&b, " if %s", c.Value)
	}
	for _, d := range r.Destinations {
		fmt.Fprintf(&b, " %d:%s", d.Weight, d.Cluster.Labels)
		for _, f := range d.Faults {
			fmt.Fprintf(&b, " fault(%s)", f.From)
		}
	}
	if r.Timeout > 0 {
		fmt.Fprintf(&b, " timeout %s", r.Timeout)
	}
	if r.Retry != nil {
		fmt.Fprintf(&b, " retry %d", r.Retry.Attempts)
	}
	for _, m := range r.Mirrors {
		fmt.Fprintf(&b, " mirror %s", m.Cluster.Labels)
	}
	return b.String()
}

func TestCombinations(t *testing.T) {
	t.Parallel()
	browsers := " route-rule-safari-recommendation-v2 route-rule-firefox-recommendation-v2" +
		" route-rule-mobile-recommendation-v2"
	for _, c := range []struct{ files, want string }{
		{rr + "v2_503 " + rr + "v2_retry", "recommendation-v2-retry 100:version=v2 retry 3"},
		{
			rr + "503 " + rr + "delay",
			"recommendation-503 100:app=recommendation fault(recommendation-503)",
		},
		{rr + "timeout " + rr + "v1", "recommendation-default 100:version=v1"},
		{
			rr + "503 route-rule-firefox-recommendation-v2",
			"recommendation-503 100:app=recommendation fault(recommendation-503)",
		},
		{rr + "v1_and_v2" + browsers, "recommendation-v1-v2 90:version=v1 10:version=v2"},
		{rr + "v1" + browsers, "recommendation-firefox if .*Firefox.* 100:version=v2\n" +
			"recommendation-mobile if .*Mobile.* 100:version=v2\n" +
			"recommendation-safari if .*Safari.* 100:version=v2\nrecommendation-default 100:version=v1"},
		{rr + "timeout " + rr + "v2_retry", "recommendation-v2-retry 100:version=v2 retry 3"},
		{rr + "v1-mirror-v2" + browsers, "recommendation-firefox if .*Firefox.* 100:version=v2\n" +
			"recommendation-mirror 100:version=v1 0:version=v2 mirror version=v2"},
		{rr + "v2_503" + browsers,
			"recommendation-firefox if .*Firefox.* 100:version=v2 fault(recommendation-v2-503)\n" +
				"recommendation-mobile if .*Mobile.* 100:version=v2 fault(recommendation-v2-503)\n" +
				"recommendation-safari if .*Safari.* 100:version=v2 fault(recommendation-v2-503)\n" +
				"recommendation-v2-503 100:version=v2 fault(recommendation-v2-503)"},
		{
			"route-rule-safari-recommendation-v2",
			"recommendation-safari if .*Safari.* 100:version=v2\ndefault-route 100:",
		},
		{rr + "timeout", "recommendation-timeout 100:app=recommendation timeout 1s"},
	} {
		t.Run(c.files, func(t *testing.T) {
			t.Parallel()
			set := load(t, istiofiles(t, strings.Fields(c.files)...), namespace)
			if got := summary(t, set); got != c.want {
				t.Errorf("routes\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestSurprises(t *testing.T) {
	t.Parallel()
	second := "---\n" + strings.Replace(aRouteRule, "name: r}", "name: s}", 1) + "  precedence: -1\n"
	for name, c := range map[string]struct{ rules, want string }{
		"the path / is not a condition": {
			aRouteRule + "  match: {request: {headers: {uri: {prefix: /}}}}\n" + second,
			"r 100:",
		},
		"an empty match is none": {aRouteRule + "  match: {}\n" + second, "r 100:"},
		"a source is none": {
			aRouteRule + "  match: {source: {name: preference}}\n" + second,
			"r 100:",
		},
		"another path is one": {
			aRouteRule + "  match: {request: {headers: {uri: {exact: /}}}}\n" + second,
			"r if / 100:\ns 100:",
		},
		"a short service is unknown": {
			head + "RouteRule\nmetadata: {name: r}\nspec: {destination: {service: recommendation}}\n",
			"default-route 100:",
		},
		"a full service is known": {
			head + "RouteRule\nmetadata: {name: r}\n" +
				"spec: {destination: {service: recommendation.istio-tutorial.svc.cluster.local}}\n",
			"r 100:",
		},
		"a domain of its own": {
			head + "RouteRule\nmetadata: {name: r}\n" +
				"spec: {destination: {name: recommendation, domain: example.com}}\n",
			"default-route 100:",
		},
		"a rule for another client": {
			aRouteRule + "  match: {source: {name: customer}}\n",
			"default-route 100:",
		},
		"attempts 0 is no retry": {
			aRouteRule + "  httpReqRetries: {simpleRetry: {attempts: 0, perTryTimeout: 1s}}\n",
			"r 100:",
		},
		"a fault needs a whole percent": {
			aRouteRule + "  httpFault: {abort: {httpStatus: 503}}\n",
			"r 100:",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := summary(t, load(t, c.rules, namespace)); got != c.want {
				t.Errorf("routes\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestNothingButTheRulesKeysDecides(t *testing.T) {
	t.Parallel()
	list, err := parse(istiofiles(t, rr+"v1", rr+"v1_and_v2", rr+"503", rr+"v2_503", rr+"timeout",
		"route-rule-safari-recommendation-v2", "recommendation_cb_policy_version_v2",
		"recommendation_cb_policy_pool_ejection", "acl-whitelist", "acl-blacklist",
		"rate_limit_rule", "recommendation_rate_limit_handler", "recommendation_rate_limit_quota_spec",
		"recommendation_requestcount", "egress_github", "egress_httpbin"), namespace)
	if err != nil {
		t.Fatal(err)
	}
	want := classic.Resolve(rules.Set{}.Apply(list...), topology())
	for range 20 {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		got := classic.Resolve(rules.Set{}.Apply(list...), topology())
		if !reflect.DeepEqual(got, want) {
			t.Fatal("another order of loading gives another mesh")
		}
	}
}

func TestWithoutRules(t *testing.T) {
	t.Parallel()
	m := classic.Resolve(rules.Set{}, topology())
	if len(m.Sidecars) != 4 {
		t.Fatalf("%d sidecars, want 4", len(m.Sidecars))
	}
	for _, s := range m.Sidecars {
		if !reflect.DeepEqual(s.Inbound, mesh.Inbound{}) {
			t.Errorf("%s: inbound %+v", s.Workload, s.Inbound)
		}
		if s.Outbound.Unknown != (mesh.Response{Status: 404}) || len(s.Outbound.Hosts) != 3 {
			t.Errorf("%s: outbound %+v", s.Workload, s.Outbound)
		}
		for _, u := range s.Outbound.Clusters {
			if u.Policy != mesh.Defaults() {
				t.Errorf("%s: policy of %s: %+v", s.Workload, u.Cluster.Key(), u.Policy)
			}
		}
	}
}

// outbound is what the sidecar of a workload does under rules.
func outbound(t *testing.T, rules, workload string) mesh.Outbound {
	t.Helper()
	sidecar, ok := classic.Resolve(load(t, rules, namespace), topology()).SidecarOf(tutorial(workload))
	if !ok {
		t.Fatalf("no sidecar of %s", workload)
	}
	return sidecar.Outbound
}

func hostNamed(t *testing.T, out mesh.Outbound, name string) mesh.VirtualHost {
	t.Helper()
	for _, h := range out.Hosts {
		if h.Names[0] == name {
			return h
		}
	}
	t.Fatalf("no host %s", name)
	return mesh.VirtualHost{}
}

func TestRouteValue(t *testing.T) {
	t.Parallel()
	out := outbound(t, istiofiles(t, rr+"v1_and_v2_retry"), "preference-v1")
	host := "recommendation.istio-tutorial.svc.cluster.local"
	want := mesh.VirtualHost{
		Names: []string{
			"recommendation", "recommendation.istio-tutorial", "recommendation.istio-tutorial.svc",
			"recommendation.istio-tutorial.svc.cluster", host,
		},
		Port: 8080,
		Routes: []mesh.Route{{
			From: "recommendation-v1-v2",
			Destinations: []mesh.Destination{
				{
					Cluster: mesh.Cluster{Host: host, Port: 8080, Labels: mesh.Labels{"version": "v1"}},
					Weight:  50,
				},
				{
					Cluster: mesh.Cluster{Host: host, Port: 8080, Labels: mesh.Labels{"version": "v2"}},
					Weight:  50,
				},
			},
			Retry: &mesh.Retry{
				Attempts: 3, On: []string{"5xx", "connect-failure", "refused-stream"}, // and 1s for each try: ignored
				BackoffBase: 25 * time.Millisecond, BackoffMax: 250 * time.Millisecond,
			},
			NoWebsocket: true,
		}},
	}
	if got := hostNamed(t, out, "recommendation"); !reflect.DeepEqual(got, want) {
		t.Errorf("host\n%+v\nwant\n%+v", got, want)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	out := outbound(t, aRouteRule+`  match:
    request:
      headers:
        x-user: {exact: alice}
        x-there: {exact: ""}
        a: {prefix: b}
        uri: {prefix: /v}
        method: {exact: GET}
        authority: {regex: r.*}
        scheme: {exact: http}
`, "preference-v1")
	want := []mesh.Condition{
		{Attribute: mesh.Path, Compare: mesh.Prefix, Value: "/v"},
		{Attribute: mesh.Authority, Compare: mesh.Regex, Value: "r.*"},
		{Attribute: mesh.Method, Compare: mesh.Exact, Value: "GET"},
		{Attribute: mesh.Scheme, Compare: mesh.Exact, Value: "http"},
		{Attribute: mesh.Header, Header: "a", Compare: mesh.Prefix, Value: "b"},
		{Attribute: mesh.Header, Header: "x-there", Compare: mesh.Present},
		{Attribute: mesh.Header, Header: "x-user", Compare: mesh.Exact, Value: "alice"},
	}
	if got := out.Hosts[2].Routes[0].Match; !reflect.DeepEqual(got, want) {
		t.Errorf("conditions\n%+v\nwant\n%+v", got, want)
	}
}

func TestFaultsHitClusters(t *testing.T) {
	t.Parallel()
	out := outbound(t, aRouteRule+`  precedence: 3
  match: {request: {headers: {user-agent: {regex: .*Safari.*}}}}
  route: [{labels: {version: v2}}]
---
`+head+`RouteRule
metadata: {name: firefox}
spec:
  destination: {name: recommendation}
  precedence: 2
  match: {request: {headers: {user-agent: {regex: .*Firefox.*}, uri: {prefix: /api}}}}
  route: [{labels: {version: v2}}]
  httpFault: {abort: {percent: 99.9, httpStatus: 500}, delay: {percent: 10, fixedDelay: 2s}}
`, "preference-v1")
	firefox := mesh.Condition{
		Attribute: mesh.Header, Header: "user-agent", Compare: mesh.Regex, Value: ".*Firefox.*",
	}
	fault := mesh.Fault{
		From: "firefox", Delay: &mesh.Delay{Percent: 10, Time: 2 * time.Second},
		Abort: &mesh.Abort{Percent: 99, Status: 500},
	}
	routes := out.Hosts[2].Routes
	if got := routes[1].Destinations[0].Faults; !reflect.DeepEqual(got, []mesh.Fault{fault}) {
		t.Errorf("faults of its own route: %+v", got)
	}
	fault.When = []mesh.Condition{firefox}
	if got := routes[0].Destinations[0].Faults; !reflect.DeepEqual(got, []mesh.Fault{fault}) {
		t.Errorf("faults of another route to the cluster: %+v", got)
	}
	if got := routes[2].Destinations[0].Faults; got != nil {
		t.Errorf("faults of another cluster: %+v", got)
	}
}

func TestFaultsHitClustersOfOtherHosts(t *testing.T) {
	t.Parallel()
	out := outbound(t, aRouteRule+"  httpFault: {abort: {percent: 1, httpStatus: 500}}\n---\n"+
		head+"RouteRule\nmetadata: {name: p}\nspec:\n  destination: {name: preference}\n"+
		"  route: [{destination: {name: recommendation}}]\n", "customer-v1")
	if got := out.Hosts[1].Routes[0].Destinations[0].Faults; len(got) != 1 || got[0].From != "r" {
		t.Errorf("faults %+v, want that of r", got)
	}
}

func TestEgress(t *testing.T) {
	t.Parallel()
	rules := istiofiles(t, "egress_github", "egress_httpbin") + "---\n" + head + `EgressRule
metadata: {name: z-grpc}
spec:
  destination: {service: grpc.example.com}
  ports: [{port: 50051, protocol: grpc}]
---
` + head + `DestinationPolicy
metadata: {name: p}
spec:
  destination: {service: httpbin.org}
  loadBalancing: {name: RANDOM}
  circuitBreaker: {simpleCb: {maxConnections: 1, sleepWindow: 1s, httpDetectionInterval: 1s}}
---
` + head + `RouteRule
metadata: {name: slow}
spec:
  destination: {service: httpbin.org}
  httpReqTimeout: {simpleTimeout: {timeout: 3s}}
`
	m := classic.Resolve(load(t, rules, namespace), topology())
	want := []mesh.ExternalHost{
		{Host: "api.github.com", Port: 443, Protocol: mesh.HTTP, TLS: &mesh.TLS{SNI: "api.github.com"}},
		{Host: "httpbin.org", Port: 80, Protocol: mesh.HTTP},
		{Host: "grpc.example.com", Port: 50051, Protocol: mesh.HTTP2},
	}
	if !reflect.DeepEqual(m.External, want) {
		t.Errorf("external hosts\n%+v\nwant\n%+v", m.External, want)
	}
	out := m.Sidecars[0].Outbound
	httpbin := hostNamed(t, out, "httpbin.org")
	if r := httpbin.Routes[0]; httpbin.Port != 80 || r.From != "slow" || r.Timeout != 3*time.Second {
		t.Errorf("httpbin.org: %+v", httpbin)
	}
	for _, u := range out.Clusters {
		switch u.Cluster.Host {
		case "httpbin.org":
			if u.Policy.Balance != mesh.RoundRobin || *u.Policy.Limits.Connections != 1 {
				t.Errorf("policy of httpbin.org: %+v", u.Policy)
			}
		case "api.github.com":
			if u.Policy.TLS == nil || u.Policy.TLS.SNI != "api.github.com" || u.Policy.TLS.Verify {
				t.Errorf("TLS of api.github.com: %+v", u.Policy.TLS)
			}
		}
	}
}

func TestPolicyValue(t *testing.T) {
	t.Parallel()
	out := outbound(t, istiofiles(t, rr+"v2", "recommendation_cb_policy_version_v2"), "preference-v1")
	want := mesh.Defaults()
	want.From = "destination-policy/istio-tutorial/recommendation-circuitbreaker"
	want.Limits = mesh.Limits{Connections: new(1), Pending: new(1), RequestsPerConnection: new(1)}
	want.Outlier = &mesh.Outlier{
		Errors: new(1), Interval: new(time.Second), BaseEjection: new(2 * time.Minute), MaxPercent: new(100),
		AlwaysOne: true, BySuccessRate: true,
	}
	if got := out.Clusters[2].Policy; !reflect.DeepEqual(got, want) {
		t.Errorf("policy\n%+v\nwant\n%+v", got, want)
	}
}

// TestRulesActOnHTTPPortsOnly: calls of other ports, and of those whose name says nothing, pass.
func TestRulesActOnHTTPPortsOnly(t *testing.T) {
	t.Parallel()
	top := topology()
	top.Services[2].Ports = append(top.Services[2].Ports,
		mesh.ServicePort{Name: "mongo", Number: 27017},
		mesh.ServicePort{Name: "api", Number: 8082, Protocol: mesh.Unnamed},
		mesh.ServicePort{Name: "http-b", Number: 8081, Protocol: mesh.HTTP})
	m := classic.Resolve(load(t, aRouteRule, namespace), top)
	var ports []int
	want := map[int]string{8080: "r", 8081: "r", 27017: "default-route", 8082: "default-route"}
	for _, h := range m.Sidecars[0].Outbound.Hosts[2:] {
		ports = append(ports, h.Port)
		if h.Routes[0].From != want[h.Port] || h.Routes[0].Destinations[0].Cluster.Port != h.Port {
			t.Errorf("port %d: %+v", h.Port, h.Routes)
		}
	}
	if !slices.Equal(ports, []int{8080, 8081, 27017, 8082}) {
		t.Errorf("ports %v", ports)
	}
}

func TestEffectiveShowsThePortsFaults(t *testing.T) {
	t.Parallel()
	top := topology()
	top.Services[2].Ports = append(top.Services[2].Ports,
		mesh.ServicePort{Name: "http-b", Number: 8081, Protocol: mesh.HTTP})
	set := load(t, aRouteRule+"  httpFault: {abort: {percent: 1, httpStatus: 500}}\n", namespace)
	view, err := classic.Effective(set, top, recommendationFrom("customer-v1"))
	if err != nil || len(view.Faults) != 1 || view.Routes[0].Also != nil {
		t.Errorf("view %+v, %v", view, err)
	}
}

func TestEffectiveRefuses(t *testing.T) {
	t.Parallel()
	for want, target := range map[string]rules.Target{
		"deployment istio-tutorial/nobody: not found": recommendationFrom("nobody"),
		"service istio-tutorial/nothing: no HTTP port 8080": {
			Client: tutorial("customer-v1"), Service: tutorial("nothing"), Port: 8080,
		},
		"service istio-tutorial/customer: no HTTP port 1": {
			Client: tutorial("customer-v1"), Service: tutorial("customer"), Port: 1,
		},
	} {
		if _, err := classic.Effective(rules.Set{}, topology(), target); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestPerTryTimeout holds that the time of a try acts only below that of the whole request, as the
// Envoy of 0.7.1 had it, and that the rest is said.
func TestPerTryTimeout(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]time.Duration{
		"  httpReqTimeout: {simpleTimeout: {timeout: 2.5s}}\n": 2 * time.Second,
		"  httpReqTimeout: {simpleTimeout: {timeout: 2s}}\n":   0,
		"  httpReqTimeout: {simpleTimeout: {timeout: 1s}}\n":   0,
		"": 0,
	} {
		set := load(t, aRouteRule+fields+
			"  httpReqRetries: {simpleRetry: {attempts: 3, perTryTimeout: 2s}}\n", namespace)
		out := classic.Resolve(set, topology()).Sidecars[0].Outbound
		if got := hostNamed(t, out, "recommendation").Routes[0].Retry.PerTry; got != want {
			t.Errorf("%q: %v for each try, want %v", fields, got, want)
		}
		const sentence = "r ends no try after 2s: Istio 0.7.1 ignored a perTryTimeout without a longer httpReqTimeout"
		found := classic.Findings(set, topology())
		if said := len(found) == 1 && found[0].Text == sentence; said != (want == 0) || len(found) > 1 {
			t.Errorf("%q: findings %v", fields, found)
		}
	}
}
