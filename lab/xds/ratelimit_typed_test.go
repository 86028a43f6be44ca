package xds_test

import "testing"

// TestTypedRateLimit takes a local rate limit as Istio's pages write it: a TypedStruct before the
// first filter, from the root namespace.
func TestTypedRateLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("recommendation-v1", says("r"))
	w.mustPush(w.today(typedRateLimit))
	var got []string
	for range 4 {
		a := w.get(customer, "http://recommendation:8080/")
		got = append(got, a.String()+" "+a.header.Get("x-lab-limited"))
	}
	for i, want := range []string{"200 r ", "200 r ", "429 local_rate_limited true", "429 local_rate_limited true"} {
		if got[i] != want {
			t.Errorf("call %d: %q, want %q", i+1, got[i], want)
		}
	}
}

const typedRateLimit = `apiVersion: networking.istio.io/v1alpha3
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
            stat_prefix: limit
            token_bucket: {max_tokens: 2, tokens_per_fill: 2, fill_interval: 3600s}
            filter_enabled: {runtime_key: limit_on, default_value: {numerator: 100, denominator: HUNDRED}}
            filter_enforced: {runtime_key: acts, default_value: {numerator: 100, denominator: HUNDRED}}
            response_headers_to_add:
            - append_action: APPEND_IF_EXISTS_OR_ADD
              header: {key: x-lab-limited, value: "true"}
`
