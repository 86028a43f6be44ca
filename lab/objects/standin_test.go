package objects_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/offline"
)

// TestRefusedIsThere holds that what refers to a refused object is not told that there is none.
func TestRefusedIsThere(t *testing.T) {
	t.Parallel()
	const istio, core = "apiVersion: networking.istio.io/v1\nkind: ", "apiVersion: v1\nkind: "
	const toOther = istio + "VirtualService\nmetadata: {name: v}\nspec: {hosts: [other], http: [{route: [{destination: {host: other}}]}]}\n"
	const toX = istio + "VirtualService\nmetadata: {name: v}\nspec: {hosts: [x.com], http: [{route: [{destination: {host: x.com}}]}]}\n"
	const toSubset = istio + "VirtualService\nmetadata: {name: v}\nspec: {hosts: [customer], http: [{route: [{destination: {host: customer, subset: a}}]}]}\n"
	const atGateway = istio + "VirtualService\nmetadata: {name: v}\nspec: {hosts: [a.b], gateways: [g], http: [{route: [{destination: {host: customer}}]}]}\n"
	const byRoute = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: v}\n" +
		"spec: {parentRefs: [{group: \"\", kind: Service, name: other}], rules: [{backendRefs: [{name: other, port: 80}]}]}\n"
	for refused, refers := range map[string]string{
		core + "Service\nmetadata: {name: other}\nspec: {ports: [{port: 800000, name: http}]}\n":                                                                               toOther,
		core + "Service\nmetadata: {name: other}\nspec: {selectr: {a: b}, ports: [{port: 80, name: http}]}\n":                                                                  byRoute,
		istio + "ServiceEntry\nmetadata: {name: e}\nspec: {hosts: [x.com], solution: DNS, ports: [{number: 80, name: a, protocol: HTTP}]}\n":                                   toX,
		istio + "DestinationRule\nmetadata: {name: d}\nspec: {host: customer, trafficPolicy: {x: y}, subsets: [{name: a, labels: {app: customer}}]}\n":                         toSubset,
		istio + "Gateway\nmetadata: {name: g}\nspec: {selector: {istio: ingressgateway}, x: y, servers: [{hosts: [\"*\"], port: {number: 80, name: http, protocol: HTTP}}]}\n": atGateway,
	} {
		found, err := offline.Lab{
			Manifests: tutorial(t), Namespace: namespace, Edition: objects.V1,
			Files: []objects.File{{Name: "f.yml", Data: []byte(refused + "---\n" + refers)}},
		}.Analyze()
		if err != nil {
			t.Fatal(err)
		}
		var about []string
		for _, f := range found {
			if strings.Contains(f.Origin, "istio-tutorial/v") {
				about = append(about, f.Sentence())
			}
		}
		if len(found) == 0 || len(about) > 0 {
			t.Errorf("%s\n%d findings, of what refers to it %q", refused, len(found), about)
		}
	}
}

// TestAliasNeedsNoPort holds that a rule may lead to an ExternalName that names no ports without naming one.
func TestAliasNeedsNoPort(t *testing.T) {
	t.Parallel()
	const text = "apiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec: {type: ExternalName, externalName: x.com}\n" +
		"---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\n" +
		"spec: {hosts: [other], http: [{route: [{destination: {host: other}}]}]}\n"
	found, err := offline.Lab{
		Manifests: tutorial(t), Namespace: namespace, Edition: objects.V1,
		Files: []objects.File{{Name: "f.yml", Data: []byte(text)}},
	}.Analyze()
	if err != nil || len(found) > 0 {
		t.Errorf("error %v, findings %+v", err, found)
	}
}
