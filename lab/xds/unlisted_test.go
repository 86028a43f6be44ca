package xds_test

import "testing"

// TestUnlistedHost routes hosts that only a pattern of an entry has, or nothing.
func TestUnlistedHost(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wild}
spec: {hosts: ["*.example.com"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}
`
	rule := func(name, host, to string) string {
		return "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + "}\n" +
			"spec: {hosts: [" + host + "], http: [{route: [{destination: {host: " + to + "}}]}]}\n"
	}
	w.mustPush(w.today(entry + rule("a", "a.example.com", "preference, port: {number: 8080}") +
		rule("b", "b.example.com", "b.example.com") + rule("c", "c.test", "preference, port: {number: 8080}") +
		rule("d", "d.test, preference", "preference, port: {number: 8080}")))
	for url, want := range map[string]string{
		"http://a.example.com":    "200 p",
		"http://A.example.com:80": "200 p",
		"http://b.example.com":    "503 ", // Istio makes no cluster of a name below a pattern
		"http://c.test":           "200 p",
		"http://d.test:8080":      "200 p",
	} {
		if got := w.get(preference, url).String(); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	w.mustPush(w.today(rule("c", "c.test", "preference, port: {number: 8080}")))
	if got := w.get(preference, "http://c.test").String(); got == "200 p" {
		t.Errorf("without a port 80 of anything: %q", got)
	}
}
