package classic_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/classic"
)

// inbound is what the sidecar of a workload does under rules, with one more caller that has no
// label.
func inbound(t *testing.T, rules, workload string) mesh.Inbound {
	t.Helper()
	top := topology()
	top.Workloads = append(top.Workloads, mesh.Workload{Name: tutorial("bare")})
	sidecar, ok := classic.Resolve(load(t, rules, namespace), top).SidecarOf(tutorial(workload))
	if !ok {
		t.Fatalf("no sidecar of %s", workload)
	}
	return sidecar.Inbound
}

func callers(c mesh.Callers) string {
	var names []string
	for _, w := range c.Workloads {
		names = append(names, w.Name)
	}
	if c.Others {
		names = append(names, "others")
	}
	return strings.Join(names, " ")
}

func denials(in mesh.Inbound) string {
	var lines []string
	for _, d := range in.Denials {
		lines = append(lines, fmt.Sprintf("%s: %d %s", callers(d.Callers), d.Answer.Status, d.Answer.Body))
	}
	return strings.Join(lines, "\n")
}

func TestDenials(t *testing.T) {
	t.Parallel()
	const list = "preferencewhitelist.listchecker.istio-tutorial:"
	const deny = "denycustomerhandler.denier.istio-tutorial:Not allowed"
	blacklist := strings.ReplaceAll(istiofiles(t, "acl-whitelist"), "blacklist: false", "blacklist: true")
	denier := aMixerRule + deniesAll + mixerObjects
	all := "customer-v1 preference-v1 recommendation-v1 recommendation-v2 bare others"
	for name, c := range map[string]struct{ rules, server, want string }{
		"whitelist": {istiofiles(t, "acl-whitelist"), "preference-v1",
			"customer-v1: 404 NOT_FOUND:" + list + "customer is not whitelisted\n" +
				"preference-v1: 404 NOT_FOUND:" + list + "preference is not whitelisted\n" +
				"bare: 404 NOT_FOUND:" + list + " is not whitelisted"},
		"whitelist, another server": {istiofiles(t, "acl-whitelist"), "recommendation-v1", ""},
		"blacklist": {istiofiles(t, "acl-blacklist"), "preference-v1",
			"customer-v1: 403 PERMISSION_DENIED:" + deny},
		"both": {istiofiles(t, "acl-blacklist", "acl-whitelist"), "preference-v1",
			"customer-v1: 404 NOT_FOUND:" + list + "customer is not whitelisted, " + deny + "\n" +
				"preference-v1: 404 NOT_FOUND:" + list + "preference is not whitelisted\n" +
				"bare: 404 NOT_FOUND:" + list + " is not whitelisted"},
		"blacklist of listchecker": {blacklist, "preference-v1",
			"recommendation-v1 recommendation-v2: 403 PERMISSION_DENIED:" + list + "recommendation is blacklisted"},
		"denier without status": {denier, "customer-v1",
			all + ": 400 FAILED_PRECONDITION:d.denier.istio-tutorial:"},
		"denier of OK": {
			strings.Replace(denier, "spec: {}", "spec: {status: {code: 0}}", 1),
			"customer-v1",
			"",
		},
		"denier of 16": {
			strings.Replace(denier, "spec: {}", "spec: {status: {code: 16}}", 1),
			"customer-v1",
			all + ": 401 UNAUTHENTICATED:d.denier.istio-tutorial:",
		},
		"full names": {
			strings.NewReplacer("d.denier,", "d.denier.istio-tutorial,",
				"c.checknothing", "c.checknothing.istio-tutorial").Replace(denier),
			"customer-v1",
			all + ": 400 FAILED_PRECONDITION:d.denier.istio-tutorial:",
		},
		"no handler":     {strings.Replace(denier, "d.denier", "x.denier", 1), "customer-v1", ""},
		"wrong instance": {strings.Replace(denier, "d.denier", "l.listchecker", 1), "customer-v1", ""},
		"instance of no use": {
			strings.Replace(denier, "[c.checknothing]", "[m.metric]", 1) +
				"---\n" + head + "metric\nmetadata: {name: m}\nspec: {value: \"1\"}\n",
			"customer-v1", "",
		},
		"another namespace's rule": {strings.ReplaceAll(denier, "name: r}", "name: r, namespace: other}") +
			"---\n" + head + "denier\nmetadata: {name: d, namespace: other}\nspec: {}\n---\n" +
			head + "checknothing\nmetadata: {name: c, namespace: other}\n", "customer-v1", ""},
		"a caller without labels is outside": {strings.Replace(denier, "  actions:",
			"  match: source.labels[\"app\"] == \"\"\n  actions:", 1), "customer-v1",
			"bare: 400 FAILED_PRECONDITION:d.denier.istio-tutorial:"},
		"by service": {strings.Replace(denier, "  actions:",
			"  match: source.service | \"none\" == \"none\"\n  actions:", 1), "customer-v1",
			"bare others: 400 FAILED_PRECONDITION:d.denier.istio-tutorial:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := denials(inbound(t, c.rules, c.server)); got != c.want {
				t.Errorf("denials\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	rules := istiofiles(t, "rate_limit_rule", "recommendation_rate_limit_handler",
		"recommendation_rate_limit_quota_spec")
	exhausted := mesh.Response{Status: 429, Body: "RESOURCE_EXHAUSTED:Quota is exhausted for: RequestCount"}
	const all = "customer-v1: 5000; preference-v1: %d; recommendation-v1: 5000; " +
		"recommendation-v2: 5000; bare others: 5000"
	for server, want := range map[string]string{
		"recommendation-v1": fmt.Sprintf(all, 5000),
		"recommendation-v2": fmt.Sprintf(all, 1),
		"preference-v1":     "",
	} {
		var lines []string
		buckets := map[string]bool{}
		for _, l := range inbound(t, rules, server).Limits {
			lines = append(lines, fmt.Sprintf("%s: %d", callers(l.Callers), l.Tokens))
			if l.Interval != time.Second || l.Answer != exhausted || buckets[l.Bucket] {
				t.Errorf("%s: %+v", server, l)
			}
			buckets[l.Bucket] = true
		}
		if got := strings.Join(lines, "; "); got != want {
			t.Errorf("limits of %s: %s, want %s", server, got, want)
		}
	}
}

func TestLimitsNeedABinding(t *testing.T) {
	t.Parallel()
	rules := istiofiles(t, "rate_limit_rule", "recommendation_rate_limit_handler")
	if got := inbound(t, rules, "recommendation-v2").Limits; got != nil {
		t.Errorf("limits without a binding: %+v", got)
	}
	other := strings.ReplaceAll(istiofiles(t, "recommendation_rate_limit_quota_spec"),
		"name: recommendation", "name: customer")
	if got := inbound(t, rules+"---\n"+other, "recommendation-v2").Limits; got != nil {
		t.Errorf("limits of a service that is not bound: %+v", got)
	}
}

func TestCounters(t *testing.T) {
	t.Parallel()
	got := inbound(t, istiofiles(t, "recommendation_requestcount"), "recommendation-v2").Counters
	literal := func(name, value string) mesh.CounterLabel {
		return mesh.CounterLabel{Name: name, Terms: []mesh.Term{{Kind: mesh.Literal, Value: value}}}
	}
	counter := func(source string, callers mesh.Callers) mesh.Counter {
		return mesh.Counter{
			From:    "rule/istio-system/recommendationrequestcountprom",
			Name:    "istio_recommendation_request_count",
			Help:    "recommendation_request_count",
			Callers: callers,
			Labels: []mesh.CounterLabel{
				literal("source", source),
				literal("destination", "recommendation.istio-tutorial.svc.cluster.local"),
				literal("version", "v2"),
				{Name: "user_agent", Terms: []mesh.Term{
					{Kind: mesh.RequestHeader, Value: "user-agent"}, {Kind: mesh.Literal, Value: "unknown"},
				}},
			},
		}
	}
	const domain = ".istio-tutorial.svc.cluster.local"
	want := []mesh.Counter{
		counter("customer"+domain, mesh.Callers{Workloads: []mesh.Name{tutorial("customer-v1")}}),
		counter("preference"+domain, mesh.Callers{Workloads: []mesh.Name{tutorial("preference-v1")}}),
		counter("recommendation"+domain, mesh.Callers{
			Workloads: []mesh.Name{tutorial("recommendation-v1"), tutorial("recommendation-v2")},
		}),
		counter("unknown", mesh.Callers{Workloads: []mesh.Name{tutorial("bare")}, Others: true}),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("counters\n%+v\nwant\n%+v", got, want)
	}
	if other := inbound(t, istiofiles(t, "recommendation_requestcount"), "preference-v1").Counters; other != nil {
		t.Errorf("counters of preference: %+v", other)
	}
}

func TestCounterLabelsOfTheRequest(t *testing.T) {
	t.Parallel()
	rules := strings.Replace(istiofiles(t, "recommendation_requestcount"),
		`user_agent: request.headers["user-agent"] | "unknown"`,
		`user_agent: request.path | request.method | response.code`, 1)
	got := inbound(t, rules, "recommendation-v2").Counters[0].Labels[3].Terms
	want := []mesh.Term{{Kind: mesh.RequestPath}, {Kind: mesh.RequestMethod}, {Kind: mesh.ResponseCode}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("terms %+v, want %+v", got, want)
	}
}
