package v1_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// The files in testdata are what istiod 1.30.3 made of these rules in a cluster.

type routingCase struct {
	ID           string
	Rules        string
	Effective    any
	Errors       []string
	Analyze      []string
	Note         string
	ProxyRejects string `json:"proxy_rejects"`
}

type validationCase struct {
	ID       string
	YAML     string
	Accepted bool
	Message  string
}

func oracle[C any](t *testing.T, file string) []C {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []C
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

const namespace = "istio-tutorial"

func tutorial(name string) mesh.Name { return mesh.Name{Namespace: namespace, Name: name} }

// topology is the oracle's cluster: one pod each of customer, preference and both versions of
// recommendation, and of a service in another namespace.
func topology() mesh.Topology {
	var t mesh.Topology
	for i, name := range []string{
		"customer-v1", "preference-v1", "recommendation-v1", "recommendation-v2", "external-v1",
	} {
		app, version, _ := strings.Cut(name, "-")
		space, port := namespace, 8080
		if app == "external" {
			space, port = app, 80
		}
		if version == "v1" {
			t.Services = append(t.Services, mesh.Service{
				Name:     mesh.Name{Namespace: space, Name: app},
				Selector: mesh.Labels{"app": app},
				Ports:    []mesh.ServicePort{{Name: "http", Number: port, Protocol: mesh.HTTP}},
			})
		}
		w := mesh.Workload{
			Name: mesh.Name{Namespace: space, Name: name}, ServiceAccount: app,
			Labels: mesh.Labels{"app": app, "version": version},
		}
		t.Workloads = append(t.Workloads, w)
		t.Instances = append(t.Instances, mesh.Instance{
			Name: mesh.Name{Namespace: space, Name: name + "-pod"}, Workload: w.Name,
			Labels: w.Labels, Ready: true,
			Addresses: map[int]string{port: fmt.Sprintf("127.0.0.1:%d", 10000+i)},
		})
	}
	return t
}

func documents(t *testing.T, text string) []document.Document {
	t.Helper()
	docs, err := document.Parse("rules.yml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func parse(text, namespace string) ([]rules.Rule, error) {
	docs, err := document.Parse("rules.yml", strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	var loaded []rules.Rule
	for _, doc := range docs {
		parsed, err := parseDocument(doc, namespace)
		if err != nil {
			return nil, err
		}
		loaded = append(loaded, parsed...)
	}
	return loaded, nil
}

// parseDocument takes rules of the Gateway API too, as a cluster does.
func parseDocument(doc document.Document, namespace string) ([]rules.Rule, error) {
	if strings.HasPrefix(doc.APIVersion, gatewayapi.Group+"/") {
		return gatewayapi.Parse([]document.Document{doc}, namespace)
	}
	return v1.Parse([]document.Document{doc}, namespace)
}

func load(t *testing.T, text string) rules.Set {
	t.Helper()
	loaded, err := parse(text, namespace)
	if err != nil {
		t.Fatal(err)
	}
	return rules.Set{}.Apply(loaded...)
}

// apply is kubectl apply: what is refused leaves the rest in force. It counts the refusals.
func apply(t *testing.T, c routingCase) (set rules.Set, top mesh.Topology, refused []error) {
	t.Helper()
	top = topology()
	var loaded []rules.Rule
	for _, doc := range documents(t, c.Rules) {
		if doc.Kind == "Service" {
			top.Services = append(top.Services, service(t, doc)...)
			continue
		}
		parsed, err := parseDocument(doc, namespace)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		loaded = append(loaded, parsed...)
		if strings.Contains(c.Note, "applied 1.2 s apart") {
			set = set.Apply(parsed...)
		}
	}
	return set.Apply(loaded...), top, refused
}

func service(t *testing.T, doc document.Document) []mesh.Service {
	t.Helper()
	var s corev1.Service
	if err := doc.Decode(&s); err != nil {
		t.Fatal(err)
	}
	out := mesh.Service{Name: tutorial(s.Name), Selector: s.Spec.Selector}
	for _, p := range s.Spec.Ports {
		port := mesh.ServicePort{Name: p.Name, Number: int(p.Port), Protocol: mesh.HTTP}
		out.Ports = append(out.Ports, port)
	}
	if list := s.Annotations["networking.istio.io/exportTo"]; list != "" {
		out.ExportTo = strings.Split(list, ",")
	}
	return []mesh.Service{out}
}

func recommendationFrom(client string) rules.Target {
	return rules.Target{Client: tutorial(client), Service: tutorial("recommendation"), Port: 8080}
}

func canonical(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		t.Fatal(err)
	}
	data, err = json.MarshalIndent(plain, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestRoutingAgreesWithIstio(t *testing.T) {
	t.Parallel()
	unsupported := unsupportedRouting()
	agreed := 0
	for _, c := range oracle[routingCase](t, "v1-routing.json") {
		if _, ok := unsupported[c.ID]; !ok {
			agreed++
		}
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			set, top, refused := apply(t, c)
			if words, ok := unsupported[c.ID]; ok {
				if len(refused) == 0 || !strings.Contains(fmt.Sprint(refused), words) {
					t.Errorf("refused %v, want %q", refused, words)
				}
				return
			}
			if c.ProxyRejects != "" {
				if len(refused) == 0 {
					t.Errorf("taken, but Envoy refuses it: %s", c.ProxyRejects)
				}
				return
			}
			if len(refused) > 0 != (len(c.Errors) > 0) {
				t.Errorf("refused %v, want %v", refused, c.Errors)
			}
			view, err := gatewayapi.Effective(set, top, recommendationFrom("preference-v1"))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := canonical(t, view), canonical(t, c.Effective); got != want {
				t.Errorf("rules\n%s\neffective\n%s\nwant\n%s", c.Rules, got, want)
			}
			sameMessages(t, gatewayapi.Findings(set, top), c)
		})
	}
	if agreed != 204 {
		t.Errorf("%d cases to agree with", agreed)
	}
}

// sameMessages compares what istioctl analyze said in the namespace, where it was asked.
func sameMessages(t *testing.T, findings []rules.Finding, c routingCase) {
	t.Helper()
	var got []string
	for _, f := range findings {
		if f.Code != "" && f.Key.Namespace == namespace {
			text, _, _ := strings.Cut(f.String(), " Of these ") // who acts, istioctl does not say
			got = append(got, text)
		}
	}
	slices.Sort(got)
	slices.Sort(c.Analyze)
	if c.Analyze != nil && !slices.Equal(got, c.Analyze) {
		t.Errorf("rules\n%s\nmessages\n%s\nwant\n%s", c.Rules,
			strings.Join(got, "\n"), strings.Join(c.Analyze, "\n"))
	}
}

// unsupportedRouting are features outside the tutorial, refused by name.
func unsupportedRouting() map[string]string {
	return map[string]string{
		"gen/edge/EnvoyFilter cluster lb RANDOM": "CLUSTER instead of HTTP_FILTER or HTTP_ROUTE: not supported by the lab",
	}
}

func TestValidationAgreesWithIstio(t *testing.T) {
	t.Parallel()
	unsupported := unsupportedValidation()
	agreed := 0
	for _, c := range oracle[validationCase](t, "v1-validation.json") {
		if c.ID == unknownNamespace {
			continue // TestUnknownNamespace
		}
		if _, ok := unsupported[c.ID]; !ok {
			agreed++
		}
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			loaded, err := parse(c.YAML, namespace)
			if words, ok := unsupported[c.ID]; ok {
				if err == nil || !strings.Contains(err.Error(), words) {
					t.Errorf("error %v, want %q", err, words)
				}
				return
			}
			if accepted := err == nil && len(loaded) > 0; accepted != c.Accepted {
				t.Errorf("accepted: %t (%v), want %t (%s)\n%s",
					accepted, err, c.Accepted, c.Message, c.YAML)
			}
		})
	}
	if agreed != 272 {
		t.Errorf("%d cases to agree with", agreed)
	}
}

// unknownNamespace is refused by the API server. The lab has no list of namespaces.
const unknownNamespace = "object/namespace unknown"

func TestUnknownNamespace(t *testing.T) {
	t.Parallel()
	for _, c := range oracle[validationCase](t, "v1-validation.json") {
		if c.ID != unknownNamespace {
			continue
		}
		found := fmt.Sprint(v1.Findings(load(t, c.YAML), topology()))
		if want := "there is no recommendation.nosuch.svc"; !strings.Contains(found, want) {
			t.Errorf("findings %s, want %q", found, want)
		}
	}
}

// unsupportedValidation are features outside the tutorial, refused by name.
func unsupportedValidation() map[string]string {
	return map[string]string{
		"te/tag literal":            "spec.tracing: not supported by the lab",
		"ref/waypoint":              "istio-waypoint\": not supported by the lab",
		"te/tag no kind":            "spec.tracing: not supported by the lab",
		"te/two tracing":            "spec.tracing: not supported by the lab",
		"te/filter expression":      "spec.accessLogging: not supported by the lab",
		"ef/deprecated filter name": "ANY instead of SIDECAR_INBOUND or SIDECAR_OUTBOUND or GATEWAY: not supported by the lab",
		"ap/targetRefs Service":     "Service of group \"\": not supported by the lab",
		"ap/ipBlocks CIDR":          "ipBlocks: but at the ingress, not supported by the lab",
		"sc/bind without port":      "spec.egress[0].bind: 1.2.3.4: not supported by the lab",
	}
}
