package xds_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"istio-tutorial/lab/mesh"
)

// TestWildcardEgress opens ports of hosts below a name, or of every host, as the rules of 2018 do.
func TestWildcardEgress(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	says := func(what string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			name := ""
			if r.TLS != nil {
				name = " sni " + r.TLS.ServerName
			}
			fmt.Fprint(w, what, " ", r.Host, name)
		}
	}
	plain, encrypted := httptest.NewServer(says("plain")), httptest.NewTLSServer(says("TLS"))
	t.Cleanup(plain.Close)
	t.Cleanup(encrypted.Close)
	p.outside = func(e mesh.ExternalHost) string {
		if e.TLS != nil {
			return encrypted.Listener.Addr().String()
		}
		return plain.Listener.Addr().String()
	}
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	rule := func(name, service, ports string) string {
		return "---\napiVersion: config.istio.io/v1alpha2\nkind: EgressRule\nmetadata: {name: " + name + "}\n" +
			"spec: {destination: {service: \"" + service + "\"}, ports: [" + ports + "]}\n"
	}
	const http80, https443 = "{port: 80, protocol: http}", "{port: 443, protocol: https}"
	w.mustPush(w.mesh(rule("wild", "*.google.test", http80+", "+https443) + rule("own", "own.google.test", "{port: 81, protocol: http}")))
	w.wants(customer, "below a name", map[string]string{
		"http://maps.google.test/":     "200 plain maps.google.test",
		"http://a.b.google.test:80/":   "200 plain a.b.google.test",
		"http://maps.google.test:443/": "200 TLS maps.google.test:443 sni maps.google.test",
		"http://google.test/":          "404",
		"http://maps.google.test:81/":  "404",
		"http://own.google.test:81/":   "200 plain own.google.test",
	})
	w.mustPush(w.mesh(rule("all", "*", http80) + rule("own", "own.test", http80)))
	w.wants(customer, "every host", map[string]string{
		"http://maps.google.test/": "200 plain maps.google.test",
		"http://own.test/":         "200 plain own.test",
		"http://own.test:81/":      "404",
		"http://customer:8080/":    "200 c",
	})
}
