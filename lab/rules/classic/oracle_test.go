package classic_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
)

// The files in testdata are what Istio 0.7.1's own parser, validators and Pilot made of these
// rules.

type routingCase struct {
	ID        string
	Rules     string
	Namespace string
	Effective any
}

type validationCase struct {
	ID    string
	YAML  string
	Valid bool
	Error string
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
// recommendation.
func topology() mesh.Topology {
	var t mesh.Topology
	for _, app := range []string{"customer", "preference", "recommendation"} {
		t.Services = append(t.Services, mesh.Service{
			Name:     tutorial(app),
			Selector: mesh.Labels{"app": app},
			Ports:    []mesh.ServicePort{{Name: "http", Number: 8080, Protocol: mesh.HTTP}},
		})
	}
	for i, name := range []string{
		"customer-v1", "preference-v1", "recommendation-v1", "recommendation-v2",
	} {
		app, version, _ := strings.Cut(name, "-")
		w := mesh.Workload{Name: tutorial(name), Labels: mesh.Labels{"app": app, "version": version}}
		t.Workloads = append(t.Workloads, w)
		t.Instances = append(t.Instances, mesh.Instance{
			Name: tutorial(name + "-pod"), Workload: w.Name, Labels: w.Labels, Ready: true,
			Addresses: map[int]string{8080: fmt.Sprintf("127.0.0.1:%d", 10000+i)},
		})
	}
	return t
}

func parse(text, namespace string) ([]rules.Rule, error) {
	docs, err := document.Parse("rules.yml", strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	return classic.Parse(docs, namespace)
}

func load(t *testing.T, text, namespace string) rules.Set {
	t.Helper()
	list, err := parse(text, namespace)
	if err != nil {
		t.Fatal(err)
	}
	set := rules.Set{}.Apply(list...)
	if len(set.Rules()) != len(list) {
		t.Fatalf("two rules have one key:\n%s", text)
	}
	return set
}

func recommendationFrom(client string) rules.Target {
	return rules.Target{Client: tutorial(client), Service: tutorial("recommendation"), Port: 8080}
}

func TestRoutingAgreesWithIstio(t *testing.T) {
	t.Parallel()
	// Features outside the tutorial, refused by name.
	refused := map[string]string{
		"gen/egress-tcp":               "10.9.0.0/16: not supported by the lab",
		"gen/egress-http-tcp-conflict": "10.9.0.0/16: not supported by the lab",
	}
	cases := oracle[routingCase](t, "classic-routing.json")
	if agreed := len(cases) - len(refused); agreed != 178 {
		t.Errorf("%d cases to agree with, want 178", agreed)
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			if words, ok := refused[c.ID]; ok {
				if _, err := parse(c.Rules, namespace); err == nil || !strings.Contains(err.Error(), words) {
					t.Errorf("error %v, want %q", err, words)
				}
				return
			}
			set := load(t, c.Rules, cmp.Or(c.Namespace, namespace))
			view, err := classic.Effective(set, topology(), recommendationFrom("preference-v1"))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := canonical(t, view), canonical(t, c.Effective); got != want {
				t.Errorf("rules\n%s\neffective\n%s\nwant\n%s", c.Rules, got, want)
			}
		})
	}
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

func TestValidationAgreesWithIstio(t *testing.T) {
	t.Parallel()
	refused := map[string]string{
		"eg/protocol-tcp":   "tcp: not supported by the lab",
		"eg/protocol-mongo": "mongo: not supported by the lab",
		"eg/cidr-tcp":       "10.0.0.0/8: not supported by the lab",
	}
	cases := oracle[validationCase](t, "classic-validation.json")
	if agreed := len(cases) - len(refused); agreed != 119 {
		t.Errorf("%d cases to agree with, want 119", agreed)
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			rules, err := parse(c.YAML, namespace)
			if words, ok := refused[c.ID]; ok {
				if err == nil || !strings.Contains(err.Error(), words) {
					t.Errorf("error %v, want %q", err, words)
				}
				return
			}
			if valid := err == nil && len(rules) > 0; valid != c.Valid {
				t.Errorf("valid: %t (%v), want %t (%s)\n%s", valid, err, c.Valid, c.Error, c.YAML)
			}
		})
	}
}
