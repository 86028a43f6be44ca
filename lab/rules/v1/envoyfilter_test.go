package v1_test

import (
	"fmt"
	"strings"
	"testing"

	v1 "istio-tutorial/lab/rules/v1"
)

// limitRule is a limit at the routes of a port, with parts of it in the place of others.
func limitRule(changes ...string) string {
	const text = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limit}
spec:
  workloadSelector: {labels: {app: recommendation}}
  priority: 10
  configPatches:
  - applyTo: HTTP_FILTER
    match: {context: SIDECAR_INBOUND, listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}}
    patch:
      operation: INSERT_FIRST
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit, stat_prefix: a}
  - applyTo: HTTP_ROUTE
    match: {context: SIDECAR_INBOUND, routeConfiguration: {vhost: {name: "inbound|http|8080", route: {action: ANY}}}}
    patch:
      operation: MERGE
      value:
        typed_per_filter_config:
          envoy.filters.http.local_ratelimit:
            "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
            stat_prefix: a
            token_bucket: {max_tokens: 4, fill_interval: 2s}
            filter_enabled: {default_value: {numerator: 100}}
            filter_enforced: {default_value: {numerator: 100}}
`
	return strings.NewReplacer(changes...).Replace(text)
}

func TestLimitOfRoutesIsChecked(t *testing.T) {
	t.Parallel()
	const bucket = "token_bucket: {max_tokens: 4, fill_interval: 2s}"
	for change, want := range map[string]string{
		"operation: MERGE|operation: ADD":                            "configPatches[1].patch.operation: ADD instead of MERGE: not supported by the lab",
		"applyTo: HTTP_ROUTE|applyTo: VIRTUAL_HOST":                  "configPatches[1].applyTo: VIRTUAL_HOST instead of HTTP_FILTER or HTTP_ROUTE: not supported by the lab",
		"routeConfiguration: {|routeConfiguration: {portName: a, ":   "match.routeConfiguration.portName: not supported by the lab",
		"match: {context|match: {proxy: {proxyVersion: a}, context":  "configPatches[0].match.proxy: not supported by the lab",
		"listener: {|listener: {portNumber: 80, ":                    "configPatches[0].match.listener.portNumber: not supported by the lab",
		"fill_interval: 2s|fill_interval: x":                         `token_bucket.fill_interval: want a duration such as 1s, not "x"`,
		"max_tokens: 4|max_tokens: 0":                                "token_bucket.max_tokens: 0 is not more than 0",
		"max_tokens: 4|max_tokens: 4, tokens_per_fill: 0":            "token_bucket.tokens_per_fill: 0 is not more than 0",
		bucket + "|stage: 1":                                         `unknown field "stage"`,
		bucket + "|status: {code: 429}":                              "token_bucket: missing",
		bucket + "|" + bucket + "\n            status: {code: Nope}": "status.code: \"Nope\": want a status",
		bucket + "|" + bucket + "\n            descriptors: [{entries: [{key: a}], token_bucket: {max_tokens: 1, fill_interval: 3s}}]": "3s is not a multiple of the limit's own 2s",
		bucket + "|" + bucket + "\n            rate_limits: [{actions: [{}]}]":                                                         "rate_limits[0].actions[0]: want one of remote_address",
		"numerator: 100}}|numerator: 100, denominator: TEN}}":                                                                          "denominator: want one of HUNDRED, TEN_THOUSAND, MILLION",
	} {
		old, replacement, _ := strings.Cut(change, "|")
		_, err := parse(limitRule(old, replacement), namespace)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "rules.yml:") {
			t.Errorf("%s: %v, want %q", change, err, want)
		}
	}
}

// TestLimitByAddressIsWarnedOf holds that an action which makes no entry is named where it stands.
func TestLimitByAddressIsWarnedOf(t *testing.T) {
	t.Parallel()
	const bucket = "token_bucket: {max_tokens: 4, fill_interval: 2s}"
	list, err := parse(limitRule(bucket, bucket+"\n            rate_limits: [{actions: [{remote_address: {}}]}]"), namespace)
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprint(list[0].Warnings)
	if !strings.Contains(said, "rate_limits[0].actions[0].remote_address: adds no entry in the lab") {
		t.Errorf("warnings %s", said)
	}
}

func TestLimitOfRoutesIsExplained(t *testing.T) {
	t.Parallel()
	filter := limitRule()[strings.Index(limitRule(), "  - applyTo: HTTP_FILTER"):strings.Index(limitRule(), "  - applyTo: HTTP_ROUTE")]
	for text, want := range map[string]string{
		limitRule(): "",
		limitRule("inbound|http|8080", "inbound|http|9080"):                              "never acts: no Service of these pods has such a route",
		limitRule("action: ANY", "name: other"):                                          "never acts: no Service of these pods has such a route",
		limitRule(filter, ""):                                                            "never acts: no patch inserts the filter",
		limitRule("            filter_enabled: {default_value: {numerator: 100}}\n", ""): "filter_enabled: missing, so that Envoy limits nothing",
		limitRule("INSERT_FIRST", "INSERT_BEFORE", "priority: 10", "priority: 0"):        "IST0151",
	} {
		var said []string
		for _, f := range v1.Findings(load(t, text), topology()) {
			if !strings.Contains(f.Text, "exposes internal") {
				said = append(said, string(f.Code)+" "+f.Text)
			}
		}
		if got := fmt.Sprint(said); want == "" && len(said) > 0 || !strings.Contains(got, want) {
			t.Errorf("findings %s, want %q in\n%s", got, want, text)
		}
	}
}

// TestLimitContexts holds which patches may be for which calls, and for whom they are.
func TestLimitContexts(t *testing.T) {
	t.Parallel()
	const inserted, atRoute = "match: {context: SIDECAR_INBOUND, listener", "match: {context: SIDECAR_INBOUND, routeConfiguration"
	for _, context := range []string{"SIDECAR_OUTBOUND", "GATEWAY", "ANY"} {
		text := limitRule(atRoute, strings.Replace(atRoute, "SIDECAR_INBOUND", context, 1))
		want := "configPatches[1].match.context: " + context + " instead of SIDECAR_INBOUND: not supported by the lab"
		if _, err := parse(text, namespace); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	port := "match: {context: SIDECAR_OUTBOUND, listener: {portNumber: 80, filterChain"
	if _, err := parse(limitRule("match: {context: SIDECAR_INBOUND, listener: {filterChain", port), namespace); err == nil ||
		!strings.Contains(err.Error(), "match.listener.portNumber: not supported by the lab") {
		t.Errorf("a port of an outbound listener: %v", err)
	}
	alone, _, _ := strings.Cut(limitRule(inserted, "match: {context: GATEWAY, listener"), "  - applyTo: HTTP_ROUTE")
	const wrong = "never acts: the rule is not for the ingress, which is in namespace istio-system and has the labels app=istio-ingressgateway,istio=ingressgateway"
	for text, want := range map[string]string{
		alone: wrong,
		strings.Replace(alone, "{name: limit}", "{name: limit, namespace: istio-system}", 1):                                                                     wrong,
		strings.Replace(strings.Replace(alone, "{name: limit}", "{name: limit, namespace: istio-system}", 1), "app: recommendation", "istio: ingressgateway", 1): "",
	} {
		if found := fmt.Sprint(v1.Findings(load(t, text), topology())); (want == "") != !strings.Contains(found, "never acts") || !strings.Contains(found, want) {
			t.Errorf("%s\nfindings %s, want %q", text, found, want)
		}
	}
}
