package xds_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// routeLimit is the second local rate limit of Istio's pages: a filter without tokens, and tokens at
// the default route of one port.
const routeLimit = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limit, namespace: istio-system}
spec:
  workloadSelector: {labels: {app: recommendation}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": type.googleapis.com/udpa.type.v1.TypedStruct
          type_url: type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          value:
            stat_prefix: http_local_rate_limiter
  - applyTo: HTTP_ROUTE
    match:
      context: SIDECAR_INBOUND
      routeConfiguration: {vhost: {name: "inbound|http|8080", route: {action: ANY}}}
    patch:
      operation: MERGE
      value:
`

const routeTokens = routeLimit + `        typed_per_filter_config:
          envoy.filters.http.local_ratelimit:
            "@type": type.googleapis.com/udpa.type.v1.TypedStruct
            type_url: type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
            value:
              stat_prefix: http_local_rate_limiter
              token_bucket: {max_tokens: 2, tokens_per_fill: 2, fill_interval: 3600s}
              filter_enabled: {runtime_key: local_rate_limit_enabled, default_value: {numerator: 100, denominator: HUNDRED}}
              filter_enforced: {runtime_key: local_rate_limit_enforced, default_value: {numerator: 100, denominator: HUNDRED}}
              response_headers_to_add:
              - append: false
                header: {key: x-local-rate-limit, value: "true"}
`

// pathTokens are the limit by paths of Istio's samples, with fewer tokens.
const pathTokens = routeLimit + `        route:
          rate_limits:
          - actions: [{remote_address: {}}]
          - actions:
            - header_value_match:
                descriptor_value: few
                expect_match: true
                headers: [{name: ":path", string_match: {prefix: /few, ignore_case: true}}]
        typed_per_filter_config:
          envoy.filters.http.local_ratelimit:
            "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
            stat_prefix: test_enabled
            token_bucket: {max_tokens: 5, tokens_per_fill: 5, fill_interval: 3600s}
            enable_x_ratelimit_headers: DRAFT_VERSION_03
            filter_enabled: {default_value: {numerator: 100}}
            filter_enforced: {default_value: {numerator: 100}}
            descriptors:
            - entries: [{key: header_match, value: few}]
              token_bucket: {max_tokens: 1, tokens_per_fill: 1, fill_interval: 3600s}
`

// statuses are those of calls of a path, one after the other.
func (w *world) statuses(n int, from *pod, path string) []int {
	w.t.Helper()
	var got []int
	for range n {
		got = append(got, w.get(from, recommendation+path).status)
	}
	return got
}

func TestRouteLimit(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t)) // pods of others would bring new tokens
	customer, _ := w.pod("customer-v1", says("c")), w.pod("recommendation-v1", says("r"))
	w.mustPush(w.today(routeTokens))
	if got := w.statuses(4, customer, "/"); !slices.Equal(got, []int{200, 200, 429, 429}) {
		t.Errorf("statuses %d", got)
	}
	if a := w.get(customer, recommendation); a.header.Get("x-local-rate-limit") != "true" || a.body != "local_rate_limited" {
		t.Errorf("refused by %s %v", a, a.header)
	}
	for what, text := range map[string]string{
		"another port":    strings.Replace(routeTokens, "inbound|http|8080", "inbound|http|9080", 1),
		"nobody counted":  strings.Replace(routeTokens, "enabled, default_value: {numerator: 100", "enabled, default_value: {numerator: 0", 1),
		"nobody refused":  strings.Replace(routeTokens, "enforced, default_value: {numerator: 100", "enforced, default_value: {numerator: 0", 1),
		"another's route": strings.Replace(routeTokens, "action: ANY", "name: other", 1),
	} {
		w.mustPush(w.today(strings.ReplaceAll(text, "3600s", "3601s"))) // a change brings new tokens
		if got := w.statuses(4, customer, "/"); !slices.Equal(got, []int{200, 200, 200, 200}) {
			t.Errorf("%s: statuses %d", what, got)
		}
	}
	w.mustPush(w.today(strings.NewReplacer("3600s", "3602s", "stat_prefix: http_local_rate_limiter\n              token",
		"stat_prefix: a\n              status: {code: ServiceUnavailable}\n              token").Replace(routeTokens)))
	if got := w.statuses(3, customer, "/"); !slices.Equal(got, []int{200, 200, 503}) {
		t.Errorf("with a status: %d", got)
	}
}

func TestLimitOfPaths(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t)) // pods of others would bring new tokens
	customer, _ := w.pod("customer-v1", says("c")), w.pod("recommendation-v1", says("r"))
	w.mustPush(w.today(pathTokens))
	if got := fmt.Sprint(w.statuses(3, customer, "/FEW/x"), w.statuses(2, customer, "/many")); got != "[200 429 429] [200 200]" {
		t.Errorf("statuses %s", got)
	}
	if a := w.get(customer, recommendation+"/many"); a.header.Get("x-ratelimit-limit") == "" {
		t.Errorf("headers %v", a.header)
	}
}
