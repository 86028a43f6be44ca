package manifests_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/document"
)

const istiofiles = "../../istiofiles"

// rule is a rule of the tutorial with the values it must have. In spec, TO stands for the
// destination that most of them name.
type rule struct{ file, kind, name, spec string }

// tutorialPolicies and tutorialRoutes are in the order of file names, and of the documents in a
// file.
func tutorialPolicies() []rule {
	const (
		system = "istio-system/"
		ns     = "istio-tutorial/"
	)
	return []rule{
		{"acl-blacklist", "denier", "denycustomerhandler", `status: {code: 7, message: Not allowed}`},
		{"acl-blacklist", "checknothing", "denycustomerrequests", ``},
		{"acl-blacklist", "rule", "denycustomer",
			`match: 'destination.labels["app"] == "preference" && source.labels["app"]=="customer"',
			 actions: [{handler: denycustomerhandler.denier,
			   instances: [denycustomerrequests.checknothing]}]`},
		{"acl-whitelist", "listchecker", "preferencewhitelist",
			`overrides: [recommendation], blacklist: false`},
		{"acl-whitelist", "listentry", "preferencesource", `value: 'source.labels["app"]'`},
		{"acl-whitelist", "rule", "checkfromcustomer",
			`match: 'destination.labels["app"] == "preference"',
			 actions: [{handler: preferencewhitelist.listchecker,
			   instances: [preferencesource.listentry]}]`},
		{"egress_github", "EgressRule", "github-egress-rule",
			`destination: {service: api.github.com}, ports: [{port: 443, protocol: https}]`},
		{"egress_httpbin", "EgressRule", "httpbin-egress-rule",
			`destination: {service: httpbin.org}, ports: [{port: 80, protocol: http}]`},
		{"rate_limit_rule", "quota", system + "requestcount",
			`dimensions: {
			   source: 'source.labels["app"] | source.service | "unknown"',
			   sourceVersion: 'source.labels["version"] | "unknown"',
			   destination: 'destination.labels["app"] | destination.service | "unknown"',
			   destinationVersion: 'destination.labels["version"] | "unknown"'}`},
		{"rate_limit_rule", "rule", system + "quota",
			`actions: [{handler: handler.memquota, instances: [requestcount.quota]}]`},
		{"recommendation_cb_policy_pool_ejection", "DestinationPolicy",
			ns + "recommendation-poolejector-v1", poolEjector("v1")},
		{"recommendation_cb_policy_pool_ejection", "DestinationPolicy",
			ns + "recommendation-poolejector-v2", poolEjector("v2")},
		{"recommendation_cb_policy_version_v2", "DestinationPolicy", "recommendation-circuitbreaker",
			`destination: {namespace: istio-tutorial, name: recommendation, labels: {version: v2}},
			 circuitBreaker: {simpleCb: {maxConnections: 1, httpMaxPendingRequests: 1,
			   httpMaxRequestsPerConnection: 1, httpConsecutiveErrors: 1, sleepWindow: 2m,
			   httpDetectionInterval: 1s, httpMaxEjectionPercent: 100}}`},
		{"recommendation_lb_policy_app", "DestinationPolicy", ns + "recommendation-loadbalancer",
			`source: {name: preference}, destination: {name: recommendation},
			 loadBalancing: {name: RANDOM}`},
		{"recommendation_rate_limit_handler", "memquota", system + "handler",
			`quotas: [{name: requestcount.quota.istio-system, maxAmount: 5000, validDuration: 1s,
			   overrides: [{maxAmount: 1, validDuration: 1s, dimensions: {
			     destination: recommendation, destinationVersion: v2, source: preference}}]}]`},
		{"recommendation_rate_limit_quota_spec", "QuotaSpec", system + "request-count",
			`rules: [{quotas: [{quota: RequestCount, charge: 1}]}]`},
		{"recommendation_rate_limit_quota_spec", "QuotaSpecBinding", system + "request-count",
			`quotaSpecs: [{name: request-count, namespace: istio-system}],
			 services: [{name: recommendation, namespace: istio-tutorial}]`},
		{"recommendation_requestcount", "metric", system + "recommendationrequestcount",
			`value: "1", monitored_resource_type: '"UNSPECIFIED"', dimensions: {
			   source: 'source.service | "unknown"',
			   destination: 'destination.service | "unknown"',
			   version: 'destination.labels["version"] | "unknown"',
			   user_agent: 'request.headers["user-agent"] | "unknown"'}`},
		{"recommendation_requestcount", "prometheus", system + "recommendationrequestcounthandler",
			`metrics: [{name: recommendation_request_count, kind: COUNTER,
			   instance_name: recommendationrequestcount.metric.istio-system,
			   label_names: [source, destination, version, user_agent]}]`},
		{"recommendation_requestcount", "rule", system + "recommendationrequestcountprom",
			`match: 'destination.service == "recommendation.istio-tutorial.svc.cluster.local"',
			 actions: [{handler: recommendationrequestcounthandler.prometheus,
			   instances: [recommendationrequestcount.metric]}]`},
	}
}

func tutorialRoutes() []rule {
	return []rule{
		browser("firefox", "Firefox"),
		browser("mobile", "Mobile"),
		route("recommendation-503", "recommendation-503", `precedence: 2, TO,
			route: [{labels: {app: recommendation}}],
			httpFault: {abort: {percent: 50, httpStatus: 503}}`),
		route("recommendation-delay", "recommendation-delay", `precedence: 2, TO,
			route: [{labels: {app: recommendation}}],
			httpFault: {delay: {percent: 50, fixedDelay: 7s}}`),
		route("recommendation-timeout", "recommendation-timeout", `precedence: 1, TO,
			route: [{labels: {app: recommendation}}],
			httpReqTimeout: {simpleTimeout: {timeout: 1s}}`),
		route("recommendation-v1-mirror-v2", "recommendation-mirror", `precedence: 2, TO,
			route: [{labels: {version: v1}, weight: 100}, {labels: {version: v2}, weight: 0}],
			mirror: {name: recommendation, namespace: istio-tutorial, labels: {version: v2}}`),
		route("recommendation-v1", "recommendation-default",
			`precedence: 1, TO, route: [{labels: {version: v1}, weight: 100}]`),
		route("recommendation-v1_and_v2", "recommendation-v1-v2", `precedence: 5, TO,
			route: [{labels: {version: v1}, weight: 90}, {labels: {version: v2}, weight: 10}]`),
		route("recommendation-v1_and_v2_50_50", "recommendation-v1-v2", `precedence: 5, TO,
			route: [{labels: {version: v1}, weight: 50}, {labels: {version: v2}, weight: 50}]`),
		route("recommendation-v1_and_v2_75_25", "recommendation-v1-v2", `precedence: 5, TO,
			route: [{labels: {version: v1}, weight: 75}, {labels: {version: v2}, weight: 25}]`),
		route("recommendation-v1_and_v2_retry", "recommendation-v1-v2", `precedence: 1, TO,
			route: [{labels: {version: v1}, weight: 50}, {labels: {version: v2}, weight: 50}],
			httpReqRetries: {simpleRetry: {attempts: 3, perTryTimeout: 1s}}`),
		route("recommendation-v2", "recommendation-default",
			`precedence: 1, TO, route: [{labels: {version: v2}, weight: 100}]`),
		route("recommendation-v2_503", "recommendation-v2-503", `precedence: 2, TO,
			route: [{labels: {version: v2}}],
			httpFault: {abort: {percent: 50, httpStatus: 503}}`),
		route("recommendation-v2_retry", "recommendation-v2-retry", `precedence: 3, TO,
			route: [{labels: {version: v2}}],
			httpReqRetries: {simpleRetry: {attempts: 3, perTryTimeout: 2s}}`),
		browser("safari", "Safari"),
	}
}

func route(file, name, spec string) rule {
	return rule{"route-rule-" + file, "RouteRule", name, spec}
}

func browser(name, agent string) rule {
	return route(name+"-recommendation-v2", "recommendation-"+name, `precedence: 2, TO,
		match: {request: {headers: {user-agent: {regex: .*`+agent+`.*}}}},
		route: [{labels: {version: v2}}]`)
}

func poolEjector(version string) string {
	return `destination: {namespace: istio-tutorial, name: recommendation,
		  labels: {version: ` + version + `}},
		loadBalancing: {name: RANDOM},
		circuitBreaker: {simpleCb: {httpConsecutiveErrors: 1, sleepWindow: 15s,
		  httpDetectionInterval: 5s, httpMaxEjectionPercent: 100}}`
}

func TestIstiofiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.FromSlash(istiofiles + "/*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	want := append(tutorialPolicies(), tutorialRoutes()...)
	for _, file := range files {
		for _, doc := range ruleFile(t, file) {
			i := slices.IndexFunc(want, func(r rule) bool { return r.describes(doc) })
			if i < 0 {
				t.Errorf("%s:%d: %s %s is no rule of the tutorial",
					doc.File, doc.Line, doc.Kind, doc.Name)
				continue
			}
			sameSpec(t, doc, want[i].spec)
			want = slices.Delete(want, i, i+1)
		}
	}
	for _, r := range want {
		t.Errorf("%s.yml has no %s %s", r.file, r.kind, r.name)
	}
}

func (r rule) describes(doc document.Document) bool {
	name := doc.Name
	if doc.Namespace != "" {
		name = doc.Namespace + "/" + name
	}
	return filepath.Base(doc.File) == r.file+".yml" && doc.Kind == r.kind && name == r.name &&
		doc.APIVersion == "config.istio.io/v1alpha2"
}

// ruleFile reads a file, and sees one or two lines of comment before the first document.
func ruleFile(t *testing.T, file string) []document.Document {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	comment, _, _ := strings.Cut(string(data), "apiVersion:")
	lines := strings.SplitAfter(comment, "\n")
	lines = lines[:len(lines)-1]
	if len(lines) < 1 || len(lines) > 2 {
		t.Errorf("%s begins with %d lines of comment, not 1 or 2", file, len(lines))
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "# ") {
			t.Errorf("%s: %q before the rule", file, line)
		}
	}
	docs, err := document.Parse(file, strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func sameSpec(t *testing.T, doc document.Document, spec string) {
	t.Helper()
	const destination = "destination: {namespace: istio-tutorial, name: recommendation}"
	var want, got struct {
		Spec any `json:"spec" yaml:"spec"`
	}
	text := "spec: {" + strings.ReplaceAll(spec, "TO", destination) + "}"
	text = strings.ReplaceAll(text, "\t", " ")
	if err := yaml.Unmarshal([]byte(text), &want); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	data, err := doc.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if data, err = json.Marshal(want.Spec); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want.Spec); err != nil { // numbers as JSON has them
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:%d: %s %s\n got %v\nwant %v", doc.File, doc.Line, doc.Kind, doc.Name, got, want)
	}
}
