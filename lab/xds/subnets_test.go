package xds_test

import (
	"strings"
	"testing"
)

// TestDestinationSubnets leads connections by the addresses that entries give their hosts.
func TestDestinationSubnets(t *testing.T) {
	t.Parallel()
	w, call := encryptedWorld(t)
	customer := w.pod("customer-v1", says("c"))
	const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec:
  hosts: [a.test]
  addresses: [192.0.2.1, 198.51.100.0/26, "2001:db8::1"]
  resolution: NONE
  ports: [{number: 443, name: tls, protocol: TLS}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b}
spec: {hosts: [b.test], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
---
`
	match := func(subnets, to string) string {
		return "  - match: [{sniHosts: [a.test], destinationSubnets: [" + subnets + "]}]\n    route: [{destination: {host: " + to + "}}]\n"
	}
	for _, c := range []struct{ name, routes, want string }{
		{"a range around an address", match("192.0.2.0/24", "b.test"), "200 b.test"},
		{"an address", match("192.0.2.1", "b.test"), "200 b.test"},
		{"an address of IPv6", match(`"2001:db8::/32"`, "b.test"), "200 b.test"},
		{"a range around a range", match("198.51.100.0/24", "b.test"), "200 b.test"},
		{"one of two", match("10.0.0.0/8, 192.0.2.0/24", "b.test"), "200 b.test"},
		{"a part of a range", match("198.51.100.0/28", "b.test"), "200 a.test"},
		{"elsewhere", match("203.0.113.0/24", "b.test"), "200 a.test"},
		{"the closer range", match("192.0.0.0/16", "a.test") + match("192.0.2.0/24", "b.test"), "200 b.test"},
		{"the closer address", match("192.0.2.1", "b.test") + match("192.0.0.0/16", "a.test"), "200 b.test"},
	} {
		w.mustPush(w.today(entry + tlsRoutes(c.routes)))
		if got := call(customer, "https://a.test"); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
