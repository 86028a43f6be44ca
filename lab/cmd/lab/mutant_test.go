package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mutant is a file of the tutorial with a slip that people make, and what they must read.
type mutant struct{ file, old, now, want string }

// mutants of routes.
func mutantRoutes() []mutant {
	const (
		v1Only  = "route-rule-recommendation-v1.yml"
		split   = "route-rule-recommendation-v1_and_v2.yml"
		abort   = "route-rule-recommendation-503.yml"
		delay   = "route-rule-recommendation-delay.yml"
		timeout = "route-rule-recommendation-timeout.yml"
		retry   = "route-rule-recommendation-v2_retry.yml"
		safari  = "route-rule-safari-recommendation-v2.yml"
		mirror  = "route-rule-recommendation-v1-mirror-v2.yml"
	)
	return []mutant{
		{v1Only, "kind: VirtualService", "kind: Virtualservice", "is written VirtualService"},
		{v1Only, "kind: VirtualService", "kind: RouteRule", "want config.istio.io/v1alpha2"},
		{v1Only, "networking.istio.io/v1\nkind: V", "networking.istio.io/v2\nkind: V", "want networking.istio.io/v1"},
		{v1Only, "networking.istio.io/v1\nkind: V", "security.istio.io/v1\nkind: V", "is of networking.istio.io/v1"},
		{v1Only, "  name: recommendation\n", "  name: Recommendation\n", "lowercase RFC 1123"},
		{v1Only, "hosts:\n  - recommendation\n", "host:\n  - recommendation\n", "unknown field"},
		{v1Only, "hosts:\n  - recommendation\n", "hosts: recommendation\n", "want a list"},
		{v1Only, "hosts:\n  - recommendation\n", "hosts:\n  - recomendation\n", "there is no recomendation.istio-tutorial"},
		{v1Only, "hosts:\n  - recommendation\n", "hosts:\n  - recommendation.istio-tutorial\n", "never acts for host"},
		{v1Only, "subset: version-v1", "subset: v1", "IST0101"},
		{v1Only, "subset: version-v1", "subset: version_v1", "not the name of a subset"},
		{v1Only, "subset: version-v1", "labels: {version: v1}", "unknown field"},
		{v1Only, "        host: recommendation\n", "        host: recomendation\n", "IST0101"},
		{v1Only, "        host: recommendation\n", "", "host: missing"},
		{v1Only, "        subset:", "        port: {number: 80}\n        subset:", "Referenced host:port not found"},
		{v1Only, "        subset:", "        port: 8080\n        subset:", "want a mapping"},
		{v1Only, "  - route:", "  - routes:", "unknown field"},
		{v1Only, "namespace: istio-tutorial\nspec:\n  hosts", "namespace: default\nspec:\n  hosts", "recommendation.default"},
		{v1Only, "namespace: istio-tutorial\nspec:\n  host:", "namespace: default\nspec:\n  host:", "nothing runs in namespace default"},
		{v1Only, "      version: v1\n", "      version: v9\n", "IST0173"},
		{v1Only, "      version: v1\n", "      version: 1\n", "want a string"},
		{v1Only, "  - name: version-v1", "  - name: \"\"", "must not be empty"},
		{split, "weight: 90", "weight: -90", "is negative"},
		{split, "weight: 10", "weight: 20", "total 110, not 100"},
		{split, "weight: 90", "weight: 90%", "want a whole number"},
		{split, "weight: 90", "wieght: 90", "unknown field"},
		{split, "      weight: 90\n", "        weight: 90\n", "unknown field"},
		{split, "subset: version-v2", "subset: version-v3", "version-v3"},
		{abort, "        percentage:\n          value: 50", "        percent: 50", "unknown field"},
		{abort, "value: 50", "value: 150", "neither 0 nor"},
		{abort, "value: 50", "value: 50%", "want a number"},
		{abort, "httpStatus: 503", "httpStatus: 53", "not in 200-599"},
		{abort, "httpStatus: 503", "httpStatus: 600", "not in 200-599"},
		{abort, "httpStatus: 503", "http_status: 503", "did you mean httpStatus?"},
		{delay, "fixedDelay: 7s", "fixedDelay: 7", "want a duration"},
		{delay, "        percentage:\n          value: 50", "        percent: 50", "IST0002"},
		{timeout, "timeout: 1s", "timeout: 1sec", "want a duration"},
		{timeout, "timeout: 1s", "timeout: 0s", "at least 1ms"},
		{timeout, "timeout: 1s", "timeout: 1", "want a duration"},
		{retry, "retryOn: 5xx", "retryOn: 5xy", "not a condition to retry on"},
		{retry, "retryOn: 5xx", "retryOn: 5xx, reset", "not a condition to retry on"},
		{retry, "attempts: 3", "attempts: 0", "0 retries nothing"},
		{retry, "attempts: 3", "attempts: three", "want a whole number"},
		{safari, ".*Safari.*", "*Safari*", "error parsing regexp"},
		{safari, "regex:", "regexp:", "unknown field"},
		{safari, "user-agent:", "user agent:", "not the name of a header"},
		{safari, "  - match:\n    - headers:\n        user-agent:\n          regex: \".*Safari.*\" # the whole header must match\n    route:", "  - route:", "IST0130"},
		{mirror, "value: 100", "value: 1000", "not in 0-100"},
		{mirror, "    - destination:\n        host: recommendation\n        subset: version-v2\n      percentage", "    - percentage", "destination: missing"},
	}
}

// mutants of policies, access and the rest.
func mutantPolicies() []mutant {
	const (
		breaker = "recommendation_cb_policy_version_v2.yml"
		balance = "recommendation_lb_policy_app.yml"
		deny    = "acl-blacklist.yml"
		allow   = "acl-whitelist.yml"
		github  = "egress_github.yml"
		closed  = "egress_registry_only.yml"
		limit   = "recommendation_rate_limit_handler.yml"
		count   = "recommendation_requestcount.yml"
		ingress = "ingress.yml"
		strict  = "mtls-strict.yml"
		plain   = "mtls-disable.yml"
		chain   = "access-chain.yml"
		door    = "tls-simple.yml"
		through = "tls-passthrough.yml"
	)
	return []mutant{
		{strict, "mode: STRICT", "mode: STRICTLY", "want one of"},
		{door, "mode: SIMPLE", "mode: SIMPEL", "want one of"},
		{door, "protocol: HTTPS", "protocol: HTTP", "has no tls but httpsRedirect"},
		{door, "      credentialName: customer-certificate\n", "", "credentialName: missing"},
		{door, "certificate", "certificat", "Referenced credentialName not found"},
		{through, "protocol: TLS\n    tls", "protocol: HTTPS\n    tls", "want protocol TLS"},
		{through, "mode: PASSTHROUGH", "mode: PASSTROUGH", "want one of"},
		{through, "      - httpbin.org\n    route", "      - httpbin.com\n    route", "is none of the rule's hosts"},
		{strict, "spec:\n", "spec:\n  portLevelMtls: {8080: {mode: DISABLE}}\n", "want a selector"},
		{plain, "mode: DISABLE", "mode: PLAIN", "want one of"},
		{plain, "  host: preference", "  host: preferences", "IST0174"},
		{chain, "sa/customer", "sa/custmer", "nobody has the principal"},
		{chain, "methods: [GET]", "methods: []\n        path: [/]", "unknown field"},
		{breaker, "consecutive5xxErrors", "consecutiveErrors", "consecutive errors is deprecated"},
		{breaker, "consecutive5xxErrors: 1", "consecutive5xxErrors: -1", "0 or more"},
		{breaker, "maxConnections: 1", "maxConnections: -1", "is negative"},
		{breaker, "maxConnections", "maxConnection", "unknown field"},
		{breaker, "http1MaxPendingRequests", "httpMaxPendingRequests", "unknown field"},
		{breaker, "maxEjectionPercent: 100", "maxEjectionPercent: 101", "not in 0-100"},
		{breaker, "        maxEjectionPercent: 100\n", "", "none is ejected"},
		{breaker, "interval: 1s", "interval: 1", "want a duration"},
		{breaker, "      app: preference", "      app: preferences", "never acts: no pod has app=preferences"},
		{breaker, "  host: recommendation", "  host: recomendation", "IST0174"},
		{balance, "RANDOM", "RANDM", "want one of"},
		{balance, "    loadBalancer", "    tls: {mode: MUTUAL, clientCertificate: /a, privateKey: /b}\n    loadBalancer", "the lab does not do this"},
		{balance, "loadBalancer:\n      simple", "loadBalancing:\n      simple", "unknown field"},
		{deny, "action: DENY", "action: DENIED", "want one of"},
		{deny, "sa/customer", "sa/custmer", "nobody has the principal"},
		{deny, "cluster.local/ns", "spiffe://cluster.local/ns", "nobody has the principal"},
		{deny, "        principals:\n        - cluster.local/ns/istio-tutorial/sa/customer", "        principals: []", "must not be empty"},
		{deny, "STRICT", "STRICTLY", "want one of"},
		{allow, "      app: preference\n  action", "      app: prefrence\n  action", "IST0127"},
		{allow, "matchLabels:\n      app: preference\n  action", "labels:\n      app: preference\n  action", "unknown field"},
		{github, "protocol: HTTP", "protocol: HTPP", "is not a protocol"},
		{github, "number: 443\n    name", "number: 0\n    name", "not in 1-65535"},
		{github, "  - api.github.com", "  - \"*\"", "is every host: a ServiceEntry names"},
		{github, "location: MESH_EXTERNAL", "location: EXTERNAL", "want one of"},
		{github, "mode: SIMPLE", "mode: simple", "want one of"},
		{github, "  host: api.github.com", "  host: github.com", "IST0174"},
		{closed, "REGISTRY_ONLY", "REGISTRY", "want one of"},
		{closed, "outboundTrafficPolicy", "outboundPolicy", "unknown field"},
		{limit, "max_tokens: 1", "max_token: 1", "unknown field"},
		{limit, "fill_interval: 1s", "fill_interval: 10ms", "less than 50ms"},
		{limit, "filter_enforced:", "filter_enforcd:", "unknown field"},
		{limit, "SIDECAR_INBOUND", "ANY", "the lab does not do this"},
		{limit, "version: v2", "version: v3", "never acts: no pod has"},
		{limit, "  priority: 10\n", "", "IST0151"},
		{ingress, "protocol: HTTP\n", "protocol: HTPP\n", "is not a protocol"},
		{ingress, "istio: ingressgateway", "istio: ingress", "Referenced selector not found"},
		{ingress, "  - customer-gateway\n", "  - customer\n", "Referenced gateway not found"},
		{ingress, "kind: Gateway", "kind: Gatway", "did you mean Gateway?"},
		{count, "REQUEST_COUNT", "REQUESTS", "want one of"},
		{count, "request.headers['user-agent']", "request.header['user-agent']", "the lab does not do this"},
		{count, "UPSERT", "REMOVE", "must not be set"},
	}
}

// TestMutants wants each refused or warned by analyze, with its line.
func TestMutants(t *testing.T) {
	t.Parallel()
	list := append(mutantRoutes(), mutantPolicies()...)
	if len(list) < 40 {
		t.Fatalf("%d mutants", len(list))
	}
	place := regexp.MustCompile(`(?m)^(Error|Warning|Unsupported).*\(.*stdin:\d+\) `)
	for _, m := range list {
		t.Run(m.file+"/"+m.now, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(repository, "istiofiles", "v1", m.file))
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Replace(string(data), m.old, m.now, 1)
			if text == string(data) {
				t.Fatalf("%s has no %q", m.file, m.old)
			}
			got := surroundings{stdin: strings.NewReader(text)}.run(t, "analyze", "-f", "-")
			failed := strings.Contains("\n"+got.stdout, "\nError ")
			if !strings.Contains(got.stdout, m.want) || !place.MatchString(got.stdout) ||
				failed != (got.status == hasIssues) {
				t.Errorf("said %+v, want %q", got, m.want)
			}
		})
	}
}
