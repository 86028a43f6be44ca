package convert_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
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

func load(t *testing.T, text string) rules.Set {
	t.Helper()
	docs, err := document.Parse("rules.yml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	list, err := classic.Parse(docs, "istio-tutorial")
	if err != nil {
		t.Fatal(err)
	}
	return rules.Set{}.Apply(list...)
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
  - name: version-v2
    labels:
      version: v2
---
# Istio 0.7.1 ignored perTryTimeout without httpReqTimeout; today it acts.
# Regular expressions are RE2's, no longer ECMAScript's; as in 2018, they must match the whole
# value.
# Today's default is the less busy of two pods; 2018 took them in turn, which loadBalancer:
# {simple: ROUND_ROBIN} of a DestinationRule does.
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
    route:
    - destination:
        host: recommendation
        subset: version-v2
    retries:
      attempts: 3
      perTryTimeout: 60s
      retryOn: 5xx
  - route:
    - destination:
        host: recommendation
`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}

// A time for each try beyond that for all never came, and the Gateway API refuses it.
func TestTimeoutOfATry(t *testing.T) {
	t.Parallel()
	for perTry, want := range map[string]string{
		"2s":     "    timeouts:\n      request: 1s500ms\n",
		"1.5s":   "    timeouts:\n      request: 1s500ms\n      backendRequest: 1s500ms\n",
		"1.001s": "    timeouts:\n      request: 1s500ms\n      backendRequest: 1s1ms\n",
	} {
		text, err := convert.GatewayAPI(load(t, routeRule("a",
			"  httpReqTimeout: {simpleTimeout: {timeout: 1.5s}}\n"+
				"  httpReqRetries: {simpleRetry: {attempts: 3, perTryTimeout: "+perTry+"}}\n")), topology())
		if err != nil || !strings.Contains(string(text), want+"    retry:\n") {
			t.Errorf("%s: %v\n%s", perTry, err, text)
		}
	}
}

// Envoy reads protobuf's durations alone.
func TestLimitOfAMinute(t *testing.T) {
	t.Parallel()
	text, err := convert.V1(load(t,
		object("memquota", "h", namespace, "  quotas: [{name: i.quota.istio-tutorial, maxAmount: 5000000, validDuration: 1m}]\n")+
			object("quota", "i", namespace, "  {}\n")+
			object("QuotaSpec", "s", namespace, "  rules: [{quotas: [{quota: i, charge: 1}]}]\n")+
			object("QuotaSpecBinding", "s", namespace, "  quotaSpecs: [{name: s}]\n  services: [{name: recommendation}]\n")+
			object("rule", "m", namespace, "  actions: [{handler: h.memquota, instances: [i.quota]}]\n")), topology())
	const want = "            fill_interval: 60s\n            max_tokens: 5000000\n            tokens_per_fill: 5000000\n"
	if err != nil || !strings.Contains(string(text), want) {
		t.Errorf("%v\n%s", err, text)
	}
}

// mixer is a denier, or a list of apps, for calls that a match is about.
func mixer(name, kind, match string) string {
	handler := map[string]string{
		"denier":      "---\napiVersion: config.istio.io/v1alpha2\nkind: denier\nmetadata: {name: %[1]s}\nspec: {status: {code: 7}}\n",
		"listchecker": "---\napiVersion: config.istio.io/v1alpha2\nkind: listchecker\nmetadata: {name: %[1]s}\nspec: {overrides: [recommendation], blacklist: false}\n",
	}[kind]
	instance := map[string]string{
		"denier":      "---\napiVersion: config.istio.io/v1alpha2\nkind: checknothing\nmetadata: {name: %[1]s}\nspec: {}\n",
		"listchecker": "---\napiVersion: config.istio.io/v1alpha2\nkind: listentry\nmetadata: {name: %[1]s}\nspec:\n  value: source.labels[\"app\"]\n",
	}[kind]
	use := map[string]string{"denier": "checknothing", "listchecker": "listentry"}[kind]
	return fmt.Sprintf(handler, name) + fmt.Sprintf(instance, name) + fmt.Sprintf(
		"---\napiVersion: config.istio.io/v1alpha2\nkind: rule\nmetadata: {name: %[1]s}\n"+
			"spec:\n  match: %[2]s\n  actions: [{handler: %[1]s.%[3]s, instances: [%[1]s.%[4]s]}]\n",
		name, match, kind, use)
}

// TestAccess tells by the names and the rules of the policies that come of Mixer's.
func TestAccess(t *testing.T) {
	t.Parallel()
	top := topology()
	for i := range top.Workloads {
		top.Workloads[i].ServiceAccount = top.Workloads[i].Name.Name
	}
	entered := top
	entered.Ingresses = []mesh.Ingress{{Service: top.Services[0].Name, Path: "/", Port: 8080}}
	const toPreference = `destination.labels["app"] == "preference"`
	const account = "cluster.local/ns/istio-tutorial/sa/"
	for name, c := range map[string]struct {
		rules    string
		topology mesh.Topology
		want     string // NAME ACTION RULES, by policy
	}{
		"list": {
			mixer("l", "listchecker", toPreference), top,
			"calls-to-preference ALLOW principals " + account + "recommendation",
		},
		"list behind the ingress": {
			mixer("l", "listchecker", toPreference), entered,
			"calls-to-preference ALLOW principals " + account + "recommendation " +
				"cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account",
		},
		"denier": {
			mixer("d", "denier", toPreference+` && source.labels["app"] == "recommendation"`), top,
			"calls-to-preference DENY principals " + account + "recommendation",
		},
		"denier of all": {mixer("d", "denier", toPreference), top, "calls-to-preference DENY everyone"},
		"both": {
			mixer("d", "denier", toPreference+` && source.labels["app"] == "recommendation"`) +
				mixer("l", "listchecker", toPreference), top,
			"calls-to-preference-allow ALLOW principals " + account + "recommendation; " +
				"calls-to-preference-deny DENY principals " + account + "recommendation",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := convert.V1(load(t, c.rules), c.topology)
			if err != nil {
				t.Fatal(err)
			}
			if got := policies(t, text); got != c.want {
				t.Errorf("%s, want %s\n%s", got, c.want, text)
			}
		})
	}
}

func policies(t *testing.T, text []byte) string {
	t.Helper()
	var list []string
	docs, err := document.Parse("out.yml", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range docs {
		var p struct {
			Spec struct {
				Action string
				Rules  []struct {
					From []struct{ Source map[string][]string }
				}
			}
		}
		data, err := doc.JSON()
		if err == nil {
			err = json.Unmarshal(data, &p)
		}
		if err != nil {
			t.Fatal(err)
		}
		if doc.Kind != "AuthorizationPolicy" {
			continue
		}
		words := []string{doc.Name, p.Spec.Action}
		for _, r := range p.Spec.Rules {
			if len(r.From) == 0 {
				words = append(words, "everyone")
			}
			for _, from := range r.From {
				for key, names := range from.Source {
					words = append(append(words, key), names...)
				}
			}
		}
		list = append(list, strings.Join(words, " "))
	}
	return strings.Join(list, "; ")
}

// inDefault puts a rule into another namespace than that of what it is for.
func inDefault(rule string) string {
	return strings.Replace(strings.Replace(rule, "metadata: {", "metadata: {namespace: default, ", 1),
		"{name: recommendation}", "{name: recommendation, namespace: istio-tutorial}", 1)
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
		to          func(rules.Set, mesh.Topology) ([]byte, error)
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
		"order": {
			convert.GatewayAPI,
			routeRule("a", "  precedence: 2\n"+safari) +
				routeRule("b", "  match: {request: {headers: {uri: {exact: /b}}}}\n"),
			"RouteRule b: the Gateway API would try it before a",
		},
		"nothing acts": {
			convert.V1, strings.Replace(routeRule("a", ""), "{name: recommendation}", "{service: recommendation}", 1),
			"RouteRule a: a never acts",
		},
		"denial": {convert.GatewayAPI, denial, "rule deny: the Gateway API has no word for it"},
		"one name in two namespaces": {
			convert.GatewayAPI,
			inDefault(routeRule("a", abort)) + routeRule("a", "  precedence: -1\n"),
			"rules.yml:2: RouteRule a: the Gateway API knows no faults",
		},
		"the default route's name": {
			convert.GatewayAPI, routeRule("default-route", "  match: {source: {name: preference}}\n"),
			"RouteRule default-route: the Gateway API does not know who calls",
		},
		"two versions of one name": {
			convert.GatewayAPI,
			routeRule("a", "  route: [{labels: {version: v2}, weight: 50}, {labels: {version: V2}, weight: 50}]\n"),
			"RouteRule a: the name for its pods with version=v2 would be recommendation-v2",
		},
		"host outside": {
			convert.V1,
			strings.Replace(routeRule("a", abort), "{name: recommendation}", "{service: httpbin.org}", 1) + `---
apiVersion: config.istio.io/v1alpha2
kind: EgressRule
metadata: {name: e}
spec: {destination: {service: httpbin.org}, ports: [{port: 80, protocol: http}]}
`,
			"RouteRule a: httpbin.org is a host outside",
		},
		"every host": {
			convert.V1,
			"---\napiVersion: config.istio.io/v1alpha2\nkind: EgressRule\nmetadata: {name: e}\n" +
				"spec: {destination: {service: '*'}, ports: [{port: 80, protocol: http}]}\n",
			"EgressRule e: *: a ServiceEntry takes whole names",
		},
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
