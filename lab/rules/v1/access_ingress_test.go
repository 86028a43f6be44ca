package v1_test

import (
	"fmt"
	"strings"
	"testing"

	v1 "istio-tutorial/lab/rules/v1"
)

func policyIn(namespace, spec string) string {
	return "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: " + namespace + "}\nspec: " + spec + "\n"
}

// TestPoliciesAtIngress holds which policies are for the ingress, and what is refused elsewhere.
func TestPoliciesAtIngress(t *testing.T) {
	t.Parallel()
	const at = "selector: {matchLabels: {istio: ingressgateway}}, "
	const block = "rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]"
	for text, want := range map[string]string{
		policyIn("istio-system", "{"+at+block+"}"):                        "1 rules, []",
		policyIn("istio-system", "{}"):                                    "1 rules, []",
		policyIn("istio-tutorial", "{}"):                                  "0 rules, []",
		policyIn("istio-system", "{selector: {matchLabels: {istio: x}}}"): "0 rules, [IST0127 Warning (AuthorizationPolicy istio-system/p) No matching workloads for this resource with the following labels: istio=x]",
		policyIn("istio-system", "{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: g}], "+block+"}"): "0 rules, [Warning (AuthorizationPolicy istio-system/p) never acts: there is no Gateway istio-system/g]",
	} {
		set := load(t, text)
		got := fmt.Sprintf("%d rules, %v", len(v1.Resolve(set, topology()).Gateway.Access), v1.Findings(set, topology()))
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		policyIn("istio-tutorial", "{"+at+block+"}"):                                                                 "spec.rules[0].from[0].source.ipBlocks: but at the ingress, not supported by the lab: all pods share one address",
		policyIn("istio-system", "{"+block+"}"):                                                                      "not supported by the lab: all pods share one address",
		policyIn("istio-tutorial", "{rules: [{when: [{key: remote.ip, values: [1.2.3.4]}]}]}"):                       "spec.rules[0].when[0].key: but at the ingress",
		policyIn("istio-system", "{"+at+"rules: [{from: [{source: {ipBlocks: [10.0.0.256]}}]}]}"):                    "is neither an address of IP nor a range",
		policyIn("istio-tutorial", "{targetRefs: [{group: '', kind: Service, name: a}]}"):                            "not supported by the lab; want Gateway",
		policyIn("istio-system", "{"+at+"targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: g}]}"): "only one of selector, targetRef and targetRefs can be set",
	} {
		_, err := v1.Parse(documents(t, text), "default")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\nerror %v, want %q", text, err, want)
		}
	}
	// what a cluster refuses, too, is not called the lab's limit
	for _, text := range []string{
		"{rules: [{from: [{source: {ipBlocks: ['*']}}]}]}", "{rules: [{when: [{key: remote.ip, values: [a]}]}]}",
	} {
		_, err := v1.Parse(documents(t, policyIn("istio-tutorial", text)), "default")
		if err == nil || strings.Contains(err.Error(), "not supported by the lab") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}
