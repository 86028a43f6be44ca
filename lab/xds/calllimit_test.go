package xds_test

import (
	"net/http"
	"strings"
	"testing"
)

func limitOn(context, place, selector, tokens string) string {
	return `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limit-` + strings.ToLower(context[:3]) + `, namespace: ` + place + `}
spec:
  workloadSelector: {labels: {` + selector + `}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: ` + context + `
      listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager, subFilter: {name: envoy.filters.http.router}}}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          stat_prefix: http_local_rate_limiter
          token_bucket: {max_tokens: ` + tokens + `, tokens_per_fill: ` + tokens + `, fill_interval: 36000s}
          filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}
          filter_enforced: {default_value: {numerator: 100, denominator: HUNDRED}}
`
}

// TestOutboundLimit spends the tokens of each calling pod, whomever it calls.
func TestOutboundLimit(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	customer, preference := w.pod("customer-v1", says("c")), w.pod("preference-v1", says("p"))
	other := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	rule := limitOn("SIDECAR_OUTBOUND", "istio-tutorial", "app: preference", "3")
	w.mustPush(w.today(rule))
	const limited = "429 local_rate_limited"
	if got := w.several(5, preference, recommendation); got["200 v1"] != 3 || got[limited] != 2 {
		t.Errorf("answers %v", got)
	}
	if got := w.get(preference, "http://customer:8080").String(); got != limited {
		t.Errorf("another host: %s", got)
	}
	w.mustPush(w.today(rule, virtualService("  - route: [{destination: {host: recommendation}}]")))
	if got := w.several(2, preference, recommendation); got[limited] != 2 {
		t.Errorf("after another rule: %v", got)
	}
	for _, p := range []*pod{customer, other} {
		if got := w.several(3, p, recommendation); got["200 v1"] != 3 {
			t.Errorf("of %s: %v", p.Name, got)
		}
	}
	if got := w.several(5, customer, "http://preference:8080"); got["200 p"] != 5 {
		t.Errorf("calls that arrive: %v", got)
	}
	w.mustPush(w.today())
	if got := w.several(5, preference, recommendation); got["200 v1"] != 5 {
		t.Errorf("without the rule: %v", got)
	}
}

// TestIngressLimit spends the tokens of the ingress, whoever calls and whomever, and none inside.
func TestIngressLimit(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	const door = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g}
spec: {selector: {istio: ingressgateway}, servers: [{hosts: ["*"], port: {number: 80, name: http, protocol: HTTP}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: in}
spec: {hosts: ["*"], gateways: [g], http: [{route: [{destination: {host: recommendation}}]}]}
---
`
	w.mustPush(w.today(door + limitOn("GATEWAY", "istio-system", "istio: ingressgateway", "2")))
	got := map[string]int{}
	for range 4 {
		got[get(t, http.DefaultClient, "http://"+w.proxy.ingress).String()]++
	}
	if got["200 v1"] != 2 || got["429 local_rate_limited"] != 2 {
		t.Errorf("answers %v", got)
	}
	if got := w.several(5, preference, recommendation); got["200 v1"] != 5 {
		t.Errorf("inside the mesh: %v", got)
	}
}
