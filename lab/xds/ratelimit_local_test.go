package xds_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"istio-tutorial/lab/labtest"
)

// TestTodaysRateLimit spends the token of each pod by itself, and tells it by a header. New
// workloads, those of other tests too, would bring new tokens.
func TestTodaysRateLimit(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference, customer := w.pod("preference-v1", says("p")), w.pod("customer-v1", says("c"))
	w.pod("recommendation-v1", says("v1"))
	w.pod("recommendation-v2", says("v2"))
	w.pod("recommendation-v2", says("v2"))
	w.account()
	data, err := os.ReadFile("../../istiofiles/v1/recommendation_rate_limit_handler.yml")
	if err != nil {
		t.Fatal(err)
	}
	rule := strings.Replace(string(data), "fill_interval: 1s", "fill_interval: 10h", 1) +
		"          response_headers_to_add:\n" +
		"          - append_action: OVERWRITE_IF_EXISTS_OR_ADD\n" +
		"            header: {key: x-local-rate-limit, value: \"true\"}\n"
	m := w.today(rule)
	w.mustPush(m)
	got := w.several(15, preference, recommendation)
	for answer, n := range w.several(15, customer, recommendation) {
		got[answer] += n
	}
	const limited = "429 local_rate_limited"
	if got["200 v2"] != 2 || got["200 v1"] == 0 || got["200 v1"]+got[limited] != 28 {
		t.Errorf("answers %v", got)
	}
	counted := w.proxy.stat(t, `^http_local_rate_limiter@`+w.ns+
		`/recommendation-v2.*;\.http_local_rate_limit\.rate_limited$`)
	if counted != got[limited] {
		t.Errorf("Envoy counted %d, the clients %d", counted, got[limited])
	}
	labtest.Until(t, func() error {
		a := w.get(preference, recommendation)
		if a.status != 429 {
			return fmt.Errorf("%s", a)
		}
		if a.header.Get("X-Local-Rate-Limit") != "true" {
			t.Errorf("header %v", a.header)
		}
		return nil
	})
	// Another rule gives no new tokens, and who is refused spends none.
	w.mustPush(w.today(rule, virtualService(toRecommendation)))
	if got := w.several(15, preference, recommendation); got["200 v2"] != 0 {
		t.Errorf("after another change: %v", got)
	}
}

// TestTwoLimits holds the stricter of two, for which a listener is not prepared.
func TestTwoLimits(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v2", says("v2"))
	data, err := os.ReadFile("../../istiofiles/v1/recommendation_rate_limit_handler.yml")
	if err != nil {
		t.Fatal(err)
	}
	strict := strings.Replace(string(data), "fill_interval: 1s", "fill_interval: 10h", 1)
	loose := strings.NewReplacer("name: recommendation-v2-ratelimit", "name: loose",
		"tokens: 1", "tokens: 100", "tokens_per_fill: 1", "tokens_per_fill: 100").Replace(strict)
	w.mustPush(w.today(strict, loose))
	if got := w.several(5, preference, recommendation); got["200 v2"] != 1 {
		t.Errorf("answers %v", got)
	}
}

// TestRefusedSpendNothing denies customer before its calls are counted.
func TestRefusedSpendNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference, customer := w.pod("preference-v1", says("p")), w.pod("customer-v1", says("c"))
	w.pod("recommendation-v2", says("v2"))
	w.account()
	deny := strings.ReplaceAll(`apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny}
spec:
  action: DENY
  rules: [{from: [{source: {principals: ["*/sa/customer"]}}]}]
`, "\t", "")
	w.mustPush(w.today("recommendation_rate_limit_handler.yml", deny))
	if got := w.several(5, customer, recommendation); got["403 RBAC: access denied"] != 5 {
		t.Errorf("customer gets %v", got)
	}
	if got := w.get(preference, recommendation).String(); got != "200 v2" {
		t.Errorf("preference gets %s", got)
	}
}
