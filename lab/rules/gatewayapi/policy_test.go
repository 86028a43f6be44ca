package gatewayapi_test

import (
	"fmt"
	"slices"
	"strings"
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

// TestPortsOfGateways holds which ports a policy asks for, as seen on Istio 1.31: a Gateway's pods have those of its
// listeners, and Istio's ingress gateway 8080 and 8443.
func TestPortsOfGateways(t *testing.T) {
	t.Parallel()
	const listeners = `[{name: a, port: 80, protocol: HTTP}, {name: b, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}}]`
	const policy = "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: %s}\n" +
		"spec: {%srules: [{to: [{operation: {ports: ['%s']}}], when: [{key: destination.port, values: ['%[3]s']}]}]}\n"
	const target = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: web}], "
	for _, c := range []struct{ namespace, fields, port, want string }{
		{"a", target, "80", "[8080] [8080]"},
		{"a", target, "8080", "[-1] [-1]"},
		{"a", target, "8443", "[8443] [8443]"},
		{"a", "", "80", "[8080] [8080]"},
		{"istio-system", "selector: {matchLabels: {istio: ingressgateway}}, ", "8080", "[8080] [8080]"},
		{"istio-system", "", "80", "[80 8080] [80 8080]"},
	} {
		set := load(t, gatewayWith("listeners: "+listeners)+fmt.Sprintf(policy, c.namespace, c.fields, c.port))
		access := gatewayapi.Resolve(set, topology()).Gateway.Access
		if len(access) != 1 {
			t.Errorf("%+v: %d rules", c, len(access))
			continue
		}
		var ports []string
		for _, terms := range slices.Concat(access[0].Sources, access[0].Operations) {
			for _, term := range terms {
				ports = append(ports, fmt.Sprint(term.Ports))
			}
		}
		if got := strings.Join(ports, " "); got != c.want {
			t.Errorf("%+v: ports %s", c, got)
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
