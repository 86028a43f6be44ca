package xds_test

import (
	"testing"

	"istio-tutorial/lab/mesh"
)

// TestAlias calls hosts by another name: with their rules where the mesh knows them, and where DNS
// leads where it does not.
func TestAlias(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	w.pod("recommendation-v1", says("r"))
	for name, of := range map[string]string{
		"inside": "recommendation." + w.ns + ".svc.cluster.local", "entry": "httpbin.org", "far": "far.test",
	} {
		w.top.Aliases = append(w.top.Aliases, mesh.Service{Name: mesh.Name{Namespace: w.ns, Name: name}, External: of})
	}
	answer := `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: r}
spec: {hosts: [recommendation], http: [{match: [{uri: {prefix: /rule}}], directResponse: {status: 418}}, {route: [{destination: {host: recommendation}}]}]}
`
	w.mustPush(w.today(answer, "egress_httpbin.yml"))
	w.wants(customer, "open", map[string]string{
		"http://inside:8080/": "200 r", "http://inside." + w.ns + ":8080/rule": "418",
		"http://entry/a": "200 GET /a at entry", "http://far/x": "200 GET /x at far", "http://inside:8081/": "503 no such host",
	})
	w.mustPush(w.today(answer, closed, "egress_httpbin.yml"))
	w.wants(customer, "closed", map[string]string{
		"http://inside:8080/": "200 r", "http://entry/a": "200 GET /a at entry", "http://far/x": "502",
	})
}
