package classic_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/classic"
)

// istiofiles is the text of rule files of the tutorial, by their names without .yml.
func istiofiles(t *testing.T, names ...string) string {
	t.Helper()
	var texts []string
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", "istiofiles", name+".yml"))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	return strings.Join(texts, "\n---\n")
}

func findings(t *testing.T, text string) string {
	t.Helper()
	var lines []string
	for _, f := range classic.Findings(load(t, text, namespace), topology()) {
		lines = append(lines, f.Text)
	}
	return strings.Join(lines, "\n")
}

func TestFindingsOfTheTutorialsFiles(t *testing.T) {
	t.Parallel()
	const rr = "route-rule-recommendation-"
	for _, c := range []struct{ files, want string }{
		{rr + "v1", ""},
		{rr + "503 " + rr + "delay route-rule-safari-recommendation-v2",
			"recommendation-delay never acts: recommendation-503 (precedence 2, earlier name) takes every request first\n" +
				"recommendation-safari never acts: recommendation-503 (precedence 2, earlier name) takes every request first"},
		{rr + "v2_503 " + rr + "v2_retry",
			"recommendation-v2-503 never acts: recommendation-v2-retry (precedence 3) takes every request first\n" +
				"recommendation-v2-retry ends no try after 2s: Istio 0.7.1 ignored a perTryTimeout without a longer httpReqTimeout"},
		{"recommendation_cb_policy_version_v2",
			"recommendation-circuitbreaker never acts: no route leads to recommendation with exactly the labels version=v2"},
		{"recommendation_cb_policy_version_v2 " + rr + "v2", ""},
		{"recommendation_cb_policy_version_v2 recommendation_cb_policy_pool_ejection " + rr + "v1_and_v2",
			"recommendation-poolejector-v2 never acts: recommendation-circuitbreaker (earlier name) is taken for the same pods, and policies are not merged"},
		{"recommendation_lb_policy_app", ""},
		{"recommendation_lb_policy_app " + rr + "v1",
			"recommendation-loadbalancer never acts: every route to recommendation names labels, and a policy without is for routes without"},
		{"egress_httpbin egress_github", ""},
		{"acl-whitelist acl-blacklist", ""},
		{"rate_limit_rule",
			"rule quota never acts: there is no memquota/istio-system/handler"},
		{"rate_limit_rule recommendation_rate_limit_handler",
			"rule quota never acts: no QuotaSpecBinding names a service that it is for, so no request is charged"},
		{"recommendation_rate_limit_quota_spec",
			"request-count never acts: no rule has a memquota for the services that it names"},
		{"rate_limit_rule recommendation_rate_limit_handler recommendation_rate_limit_quota_spec", ""},
		{"recommendation_requestcount", ""},
	} {
		t.Run(c.files, func(t *testing.T) {
			t.Parallel()
			if got := findings(t, istiofiles(t, strings.Fields(c.files)...)); got != c.want {
				t.Errorf("findings\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

const (
	head         = "apiVersion: config.istio.io/v1alpha2\nkind: "
	toService    = "\nmetadata: {name: r}\nspec:\n  destination: {name: recommendation}\n"
	aRouteRule   = head + "RouteRule" + toService
	aPolicy      = head + "DestinationPolicy" + toService
	plainRoute   = head + "RouteRule\nmetadata: {name: plain}\nspec: {destination: {name: recommendation}}\n"
	aMixerRule   = head + "rule\nmetadata: {name: r}\nspec:\n"
	deniesAll    = "  actions: [{handler: d.denier, instances: [c.checknothing]}]\n"
	mixerObjects = "---\n" + head + "denier\nmetadata: {name: d}\nspec: {}\n" +
		"---\n" + head + "checknothing\nmetadata: {name: c}\nspec: {}\n" +
		"---\n" + head + "listchecker\nmetadata: {name: l}\nspec: {}\n"
)

func TestFindings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ rules, want string }{
		"unknown service": {
			head + "RouteRule\nmetadata: {name: r, namespace: default}\nspec: {destination: {name: recommendation}}\n",
			"r never acts: there is no service recommendation.default.svc.cluster.local",
		},
		"unknown source": {
			aRouteRule + "  match: {source: {name: nobody}}\n",
			"r never acts: there is no pod of nobody.istio-tutorial.svc.cluster.local",
		},
		"source's labels": {
			aRouteRule + "  match: {source: {name: preference, labels: {version: v9}}}\n",
			"r never acts: there is no pod of preference.istio-tutorial.svc.cluster.local with version=v9",
		},
		"shadowed by another namespace": {
			aRouteRule + "---\n" + head + "RouteRule\nmetadata: {name: z, namespace: default}\n" +
				"spec: {destination: {name: recommendation, namespace: istio-tutorial}}\n",
			"r never acts: z (precedence 0, earlier namespace) takes every request first",
		},
		"shadowed for one client only": {
			aRouteRule + "---\n" + head + "RouteRule\nmetadata: {name: a}\nspec:\n" +
				"  destination: {name: recommendation}\n  match: {source: {name: preference}}\n",
			"",
		},
		"labels of no pod": {
			aRouteRule + "  route: [{labels: {version: v1}, weight: 60}, {labels: {version: v3}, weight: 40}]\n",
			"r answers 40 % of its requests with 503: no pod of recommendation has version=v3",
		},
		"weight 0 to no pod": {
			aRouteRule + "  route: [{labels: {version: v1}, weight: 100}, {labels: {version: v3}}]\n", "",
		},
		"destination without service": {
			aRouteRule + "  route: [{destination: {name: x}}]\n",
			"r answers 100 % of its requests with 503: there is no pod of x.istio-tutorial.svc.cluster.local",
		},
		"mirror to no pod": {
			aRouteRule + "  mirror: {name: recommendation, labels: {version: v3}}\n",
			"r mirrors nothing: no pod of recommendation has version=v3",
		},
		"faults of nothing": {
			aRouteRule + "  httpFault: {delay: {fixedDelay: 1s}, abort: {percent: 0.5, httpStatus: 503}}\n",
			"r delays nothing: percent is 0\nr aborts nothing: of percent 0.5 only the whole number counts",
		},
		"abort without status": {
			aRouteRule + "  httpFault: {abort: {percent: 50}}\n", "r aborts nothing: httpStatus is missing",
		},
		"no attempts": {
			aRouteRule + "  httpReqRetries: {simpleRetry: {attempts: 0, perTryTimeout: 1s}}\n",
			"r retries nothing: attempts is 0",
		},
		"two ways to compare": {
			aRouteRule + "  match: {request: {headers: {user-agent: {exact: a, regex: b}}}}\n",
			"r compares user-agent by exact alone, though it names more ways",
		},
		"policy of nothing": {
			aPolicy, "r sets nothing, and hides every later policy for the same pods",
		},
		"short windows": {
			aPolicy + "  circuitBreaker: {simpleCb: {sleepWindow: 0.5s, httpDetectionInterval: 1s}}\n",
			"r ignores sleepWindow 500ms: it is shorter than a second",
		},
		"policy for a host outside": {
			head + "DestinationPolicy\nmetadata: {name: p}\nspec:\n  destination: {service: httpbin.org}\n" +
				"  loadBalancing: {name: RANDOM}\n---\n" + head + "EgressRule\nmetadata: {name: e}\nspec:\n" +
				"  destination: {service: httpbin.org}\n  ports: [{port: 80, protocol: http}]\n",
			"p balances nothing: loadBalancing has no effect on hosts outside",
		},
		"a header that nobody passes on": {
			aRouteRule + "  match: {request: {headers: {cookie: {exact: a}, user-agent: {exact: a}, uri: {exact: /}}}}\n",
			"r matches no request on its way: no program passes header cookie on, so that only a call by hand has it; passed on are " +
				"user-agent, x-request-id, baggage, traceparent, tracestate and the headers of B3",
		},
		"two egress rules": {
			head + "EgressRule\nmetadata: {name: b}\nspec:\n  destination: {service: httpbin.org}\n" +
				"  ports: [{port: 80, protocol: http}]\n---\n" + head + "EgressRule\nmetadata: {name: a}\nspec:\n" +
				"  destination: {service: httpbin.org}\n  ports: [{port: 81, protocol: http}]\n",
			"b never acts: a (earlier name) is for httpbin.org too",
		},
		"rule without actions": {aMixerRule + "  actions: []\n", "rule r never acts: it has no actions"},
		"match that never holds": {
			aMixerRule + "  match: destination.labels[\"app\"] == \"nobody\"\n" +
				deniesAll + mixerObjects,
			"listchecker l never acts: no rule uses it\n" +
				"rule r never acts: its match holds for no call to the pods of its namespace",
		},
		"missing instance beside a good one": {
			aMixerRule + "  actions: [{handler: d.denier, instances: [c.checknothing, x.checknothing]}]\n" + mixerObjects,
			"listchecker l never acts: no rule uses it\n" +
				"rule r does less than it says: there is no checknothing/istio-tutorial/x",
		},
		"wrong instance": {
			aMixerRule + "  actions: [{handler: l.listchecker, instances: [c.checknothing]}]\n" + mixerObjects,
			"denier d never acts: no rule uses it\nrule r never acts: a listchecker takes no checknothing",
		},
		"no instance": {
			aMixerRule + "  actions: [{handler: d.denier}]\n" + mixerObjects,
			"checknothing c never acts: no rule uses it\nlistchecker l never acts: no rule uses it\n" +
				"rule r never acts: its action for d.denier names no instances",
		},
		"binding to nothing": {
			head + "QuotaSpecBinding\nmetadata: {name: b}\nspec: {quotaSpecs: [{name: q}], services: [{name: s}]}\n",
			"b charges nothing by quota-spec/istio-tutorial/q: there is none\n" +
				"b charges nothing to s.istio-tutorial.svc.cluster.local: there is no such service",
		},
		"spec without binding": {
			head + "QuotaSpec\nmetadata: {name: q}\nspec: {}\n", "q never acts: no QuotaSpecBinding names it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := findings(t, c.rules); got != c.want {
				t.Errorf("findings\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestFindingsWithoutHTTPPort(t *testing.T) {
	t.Parallel()
	top := topology()
	top.Services[2].Ports = []mesh.ServicePort{{Name: "tcp", Number: 8080}}
	want := "r never acts: no port of recommendation.istio-tutorial.svc.cluster.local is named http, http-…, http2 or grpc"
	got := classic.Findings(load(t, aRouteRule, namespace), top)
	if len(got) != 1 || got[0].Text != want {
		t.Errorf("findings %v, want %s", got, want)
	}
}

func TestFindingsWithoutPods(t *testing.T) {
	t.Parallel()
	text := istiofiles(t, "route-rule-recommendation-v1", "recommendation_lb_policy_app", "acl-whitelist")
	got := classic.Findings(load(t, text, namespace), mesh.Topology{})
	if len(got) == 0 {
		t.Error("no findings in a mesh without pods")
	}
}
