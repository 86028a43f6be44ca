package gatewayapi_test

import (
	"fmt"
	"testing"

	"istio-tutorial/lab/rules/gatewayapi"
)

// TestPoliciesSelectGateways holds that policies are for the pods that Istio makes for Gateways, as seen on Istio 1.31:
// those of a Gateway's namespace without a selector, and those that select its labels.
func TestPoliciesSelectGateways(t *testing.T) {
	t.Parallel()
	const policy = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: %[1]s}
spec: {%[2]s}
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: p, namespace: %[1]s}
spec: {%[2]sjwtRules: [{issuer: x, jwksUri: 'http://x/'}]}
`
	const selecting = "selector: {matchLabels: {%s}}, "
	for _, c := range []struct {
		gateway, namespace, selector string
		want                         int
	}{
		{ingress, "a", "", 1},
		{ingress, "b", "", 0},
		{"", "a", "", 0},
		{ingress, "a", fmt.Sprintf(selecting, "gateway.networking.k8s.io/gateway-name: g"), 1},
		{ingress, "a", fmt.Sprintf(selecting, "gateway.networking.k8s.io/gateway-name: h"), 0},
		{ingress, "b", fmt.Sprintf(selecting, "gateway.networking.k8s.io/gateway-name: g"), 0},
		{ingress, "istio-system", "", 1},
	} {
		set := load(t, c.gateway+fmt.Sprintf(policy, c.namespace, c.selector))
		to := gatewayapi.Resolve(set, topology()).Gateway
		if len(to.Access) != c.want || len(to.Tokens) != c.want {
			t.Errorf("%q in %s, with %q: %d and %d rules, want %d",
				c.selector, c.namespace, c.gateway, len(to.Access), len(to.Tokens), c.want)
		}
	}
}

const ingress = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: a}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP}]
`
