package xds_test

import (
	"net"
	"net/http"
	"testing"
)

// atIngress is a policy for Istio's ingress gateway.
func atIngress(spec string) string {
	return "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: istio-system}\n" +
		"spec: {selector: {matchLabels: {istio: ingressgateway}}, " + spec + "}\n"
}

// from is a client of an address of this machine, at the ingress.
func (w *world) from(address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestAccessAtIngress holds what policies make of requests from outside, by address, path, header and port, also of
// those that no route leads on.
func TestAccessAtIngress(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	gw := secureGateway("{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.test]}") + routedTo("customer")
	const denied, fine, lost = "403 RBAC: access denied", "200 c", "404 "
	const both, second = "127.0.0.1", "127.0.0.2"
	type want struct{ address, host, path, header, answer string }
	for name, c := range map[string]struct {
		policy string
		want   []want
	}{
		"addresses": {atIngress("rules: [{from: [{source: {ipBlocks: [127.0.0.2, 10.0.0.0/8]}}]}]"), []want{
			{both, "a.test", "/", "", denied}, {second, "a.test", "/", "", fine}, {second, "b.test", "/", "", lost}, {both, "b.test", "/", "", denied},
		}},
		"no address": {atIngress("action: DENY, rules: [{from: [{source: {notIpBlocks: [127.0.0.2/32]}}]}]"), []want{
			{both, "a.test", "/", "", denied}, {second, "a.test", "/", "", fine},
		}},
		"a header proves nothing": {atIngress("action: DENY, rules: [{from: [{source: {remoteIpBlocks: [127.0.0.2]}}]}]"), []want{
			{both, "a.test", "/", "x-forwarded-for: 127.0.0.2", fine}, {second, "a.test", "/", "x-forwarded-for: 127.0.0.1", denied},
		}},
		"conditions": {atIngress("action: DENY, rules: [{when: [{key: source.ip, values: [127.0.0.2]}, {key: remote.ip, notValues: [10.0.0.1]}]}]"), []want{
			{both, "a.test", "/", "", fine}, {second, "a.test", "/", "", denied},
		}},
		"paths":       {atIngress("action: DENY, rules: [{to: [{operation: {paths: [/x]}}]}]"), []want{{both, "a.test", "/x", "", denied}, {both, "a.test", "/", "", fine}}},
		"port":        {atIngress("action: DENY, rules: [{to: [{operation: {ports: ['8080']}}]}]"), []want{{both, "a.test", "/", "", denied}}},
		"TLS' port":   {atIngress("action: DENY, rules: [{to: [{operation: {ports: ['8443']}}]}]"), []want{{both, "a.test", "/", "", fine}}},
		"a namespace": {"---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p}\nspec: {action: DENY, selector: {matchLabels: {app: x}}, rules: [{}]}\n", []want{{both, "a.test", "/", "", fine}}},
		"none":        {"---\n", []want{{both, "a.test", "/", "", fine}}},
	} {
		w.mustPush(w.today(gw, c.policy))
		for _, x := range c.want {
			headers := []string{"host: " + x.host}
			if x.header != "" {
				headers = append(headers, x.header)
			}
			if got := get(t, w.from(x.address), "http://"+w.proxy.ingress+x.path, headers...).String(); got != x.answer {
				t.Errorf("%s: from %s for %s%s %s: %q, want %q", name, x.address, x.host, x.path, x.header, got, x.answer)
			}
		}
	}
	w.credential("c", "a.test")
	w.mustPush(w.today(secureGateway(https("SIMPLE", "a.test")), routedTo("customer"),
		atIngress("action: DENY, rules: [{to: [{operation: {ports: ['8443']}}]}]")))
	if got := w.asked(w.client(), "https://a.test"); got != denied {
		t.Errorf("by TLS: %s", got)
	}
}

// TestTargetedAccess has a policy act that names a Gateway, and none that names another.
func TestTargetedAccess(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	const gw = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw}\n" +
		"spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}\n" +
		"---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\n" +
		"spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: customer, port: 8080}]}]}\n"
	for target, want := range map[string]string{"gw": "403 RBAC: access denied", "other": "200 c"} {
		w.mustPush(w.today(gw, "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p}\n"+
			"spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: "+target+"}], action: DENY, "+
			"rules: [{from: [{source: {remoteIpBlocks: [127.0.0.0/8]}}]}]}\n"))
		if got := get(t, w.from("127.0.0.1"), "http://"+w.proxy.ingress).String(); got != want {
			t.Errorf("of %s: %s, want %s", target, got, want)
		}
	}
}
