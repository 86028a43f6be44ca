package convert_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/classic"
	"istio-tutorial/lab/rules/convert"
)

// That what comes out means the same is held by package v1, which reads it.

func topology() mesh.Topology {
	var t mesh.Topology
	for _, app := range []string{"preference", "recommendation"} {
		name := mesh.Name{Namespace: "istio-tutorial", Name: app}
		t.Services = append(t.Services, mesh.Service{
			Name: name, Selector: mesh.Labels{"app": app},
			Ports: []mesh.ServicePort{{Name: "http", Number: 8080, Protocol: mesh.HTTP}},
		})
		t.Workloads = append(t.Workloads, mesh.Workload{
			Name: name, ServiceAccount: "default", Labels: mesh.Labels{"app": app},
		})
	}
	return t
}

func load(t *testing.T, text string) classic.Set {
	t.Helper()
	docs, err := document.Parse("rules.yml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := classic.Parse(docs, "istio-tutorial")
	if err != nil {
		t.Fatal(err)
	}
	return classic.Set{}.Apply(rules...)
}

func routeRule(name, rest string) string {
	return "---\napiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nmetadata: {name: " + name +
		"}\nspec:\n  destination: {name: recommendation}\n" + rest
}

const safari = "  match: {request: {headers: {user-agent: {regex: .*Safari.*}}}}\n"

func TestV1(t *testing.T) {
	t.Parallel()
	got, err := convert.V1(load(t, routeRule("safari", safari+"  route: [{labels: {version: v2}}]\n"+
		"  httpReqRetries: {simpleRetry: {attempts: 3, perTryTimeout: 1m}}\n")), topology())
	const want = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: recommendation
  namespace: istio-tutorial
spec:
  host: recommendation
  subsets:
    - labels:
        version: v2
      name: version-v2
---
# Istio 0.7.1 ignored perTryTimeout without httpReqTimeout; today it acts.
# Today's sidecars retry twice, on another pod, what no pod has seen; retries: {attempts: 0}
# would keep them from it.
# What 2018 retried unasked, retryOn must name; and a pod that has failed is not the first to be
# asked again.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: recommendation
  namespace: istio-tutorial
spec:
  hosts:
    - recommendation
  http:
    - match:
        - headers:
            user-agent:
              regex: .*Safari.*
      retries:
        attempts: 3
        perTryTimeout: 1m0s
        retryOn: 5xx
      route:
        - destination:
            host: recommendation
            subset: version-v2
    - route:
        - destination:
            host: recommendation
`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	const abort = "  httpFault: {abort: {percent: 50, httpStatus: 503}}\n"
	const denial = `---
apiVersion: config.istio.io/v1alpha2
kind: denier
metadata: {name: d}
spec: {status: {code: 7}}
---
apiVersion: config.istio.io/v1alpha2
kind: checknothing
metadata: {name: c}
spec: {}
---
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: {name: deny}
spec:
  match: destination.labels["app"] == "recommendation" && source.labels["app"] == "preference"
  actions: [{handler: d.denier, instances: [c.checknothing]}]
`
	for name, c := range map[string]struct {
		to          func(classic.Set, mesh.Topology) ([]byte, error)
		rules, want string
	}{
		"fault on another route": {
			convert.V1,
			routeRule("a", "  precedence: 2\n"+safari+abort+"  route: [{labels: {version: v2}}]\n") +
				routeRule("b", "  route: [{labels: {version: v2}}]\n"),
			"rules.yml:2: RouteRule a: it injects into route b too",
		},
		"one identity": {convert.V1, denial, "have one identity"},
		"no service": {
			convert.V1,
			strings.Replace(routeRule("a", ""), "name: recommendation", "name: nosuch", 1),
			"rules.yml:2: RouteRule a: a never acts: there is no service nosuch",
		},
		"fault": {convert.GatewayAPI, routeRule("a", abort), "RouteRule a: the Gateway API knows no faults"},
		"source": {
			convert.GatewayAPI, routeRule("a", "  match: {source: {name: preference}}\n"),
			"RouteRule a: the Gateway API does not know who calls",
		},
		"prefix": {
			convert.GatewayAPI,
			routeRule("a", "  match: {request: {headers: {uri: {prefix: /a}}}}\n"),
			"RouteRule a: the Gateway API cannot match the path so",
		},
		"denial": {convert.GatewayAPI, denial, "rule deny: the Gateway API has no word for it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := c.to(load(t, c.rules), topology())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q; said\n%s", err, c.want, out)
			}
		})
	}
}
