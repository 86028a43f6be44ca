// Package convert says the rules of Istio 0.7.1 in today's words. It goes by what the rules do in
// a mesh, not by how they are written, so that precedence, shadowed rules and policies that never
// act come out as they were; what today's words mean differently is told in comments, and what
// they cannot say is refused by the rule's name.
package convert

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/classic"
)

// V1 is rules as networking.istio.io/v1 and its kin, for a topology that has the services and the
// workloads that the rules speak of. The error names each rule that cannot be said.
func V1(s classic.Set, t mesh.Topology) ([]byte, error) {
	c := newConverter(s, t)
	for _, h := range c.hosts {
		c.destinationRules(h)
		c.virtualService(h)
	}
	c.egress()
	c.access()
	c.limits()
	c.counters()
	return c.output()
}

// object is a document to print, with comments before it.
type object struct {
	comments []string
	content  map[string]any
}

type converter struct {
	set      classic.Set
	topology mesh.Topology
	mesh     mesh.Mesh // of all rules
	hosts    []host
	objects  []object
	errs     []error
}

// host is a service that rules speak of.
type host struct {
	service mesh.Service
	port    int
	clients []clientRoutes
	// policies are those of clusters by client, whether a route leads there or not.
	policies []clientPolicies
}

type clientRoutes struct {
	client mesh.Workload
	routes []mesh.Route
}

type clientPolicies struct {
	client   mesh.Workload
	clusters []mesh.Upstream
}

func newConverter(s classic.Set, t mesh.Topology) *converter {
	c := &converter{set: s, topology: t, mesh: classic.Resolve(s, t)}
	policies := c.policyMesh()
	for _, service := range t.Services {
		i := slices.IndexFunc(service.Ports, func(p mesh.ServicePort) bool {
			return p.Protocol != mesh.TCP
		})
		if i < 0 {
			continue
		}
		h := host{service: service, port: service.Ports[i].Number}
		for j, w := range t.Workloads {
			out := c.mesh.Sidecars[j].Outbound
			h.clients = append(h.clients, clientRoutes{w, routesOf(out, service.Host(), h.port)})
			h.policies = append(h.policies, clientPolicies{
				w, clustersOf(policies.Sidecars[j].Outbound, service.Host(), h.port),
			})
		}
		c.hosts = append(c.hosts, h)
	}
	c.unknownHosts()
	return c
}

func routesOf(out mesh.Outbound, name string, port int) []mesh.Route {
	for _, h := range out.Hosts {
		if h.Port == port && slices.Contains(h.Names, name) {
			return h.Routes
		}
	}
	return nil
}

func clustersOf(out mesh.Outbound, name string, port int) []mesh.Upstream {
	return slices.DeleteFunc(slices.Clone(out.Clusters), func(u mesh.Upstream) bool {
		return u.Cluster.Host != name || u.Cluster.Port != port
	})
}

// policyMesh has the policies alone, and routes to whatever they speak of.
func (c *converter) policyMesh() mesh.Mesh {
	var set classic.Set
	for _, r := range c.set.Rules() {
		if r.Key.Type != "destination-policy" {
			continue
		}
		set = set.Apply(r)
		if aux, err := routeTo(r); err == nil {
			set = set.Apply(aux...)
		}
	}
	return classic.Resolve(set, c.topology)
}

// routeTo are rules that lead a request with a header of its own to what a policy speaks of.
func routeTo(policy classic.Rule) ([]classic.Rule, error) {
	text, err := policy.YAML()
	if err != nil {
		return nil, err
	}
	var p struct {
		Spec struct {
			Destination map[string]any `yaml:"destination"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal(text, &p); err != nil {
		return nil, err
	}
	labels := p.Spec.Destination["labels"]
	delete(p.Spec.Destination, "labels")
	rule := map[string]any{
		"apiVersion": classic.APIVersion, "kind": "RouteRule",
		"metadata": map[string]any{"name": policy.Key.Name},
		"spec": map[string]any{
			"destination": p.Spec.Destination,
			"match": map[string]any{"request": map[string]any{
				"headers": map[string]any{"x-policy": map[string]any{"exact": policy.Key.Name}},
			}},
			"route": []any{map[string]any{"labels": labels}},
		},
	}
	data, err := yaml.Marshal(rule)
	if err != nil {
		return nil, err
	}
	docs, err := document.Parse(policy.File(), bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return classic.Parse(docs, policy.Key.Namespace)
}

// unknownHosts refuses rules that the topology has no service for.
func (c *converter) unknownHosts() {
	for _, f := range classic.Findings(c.set, c.topology) {
		if strings.Contains(f.Text, "there is no service") {
			c.refuse(f.Key.Name, "%s", f.Text)
		}
	}
}

// refuse names a rule by its file and line.
func (c *converter) refuse(name, format string, args ...any) {
	place := name
	for _, r := range c.set.Rules() {
		if r.Key.Name == name || r.Key.String() == name {
			place = fmt.Sprintf("%s:%d: %s %s", r.File(), r.Line(), r.Kind.Kind, r.Key.Name)
		}
	}
	c.errs = append(c.errs, fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...)))
}

// kind is a kind of object and its API.
type kind struct{ apiVersion, name string }

// add appends an object; comments are sentences.
func (c *converter) add(k kind, name mesh.Name, spec any, comments ...string) {
	c.objects = append(c.objects, object{comments, map[string]any{
		"apiVersion": k.apiVersion,
		"kind":       k.name,
		"metadata":   map[string]any{"name": name.Name, "namespace": name.Namespace},
		"spec":       spec,
	}})
}

func (c *converter) output() ([]byte, error) {
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	var out bytes.Buffer
	for i, o := range c.objects {
		if i > 0 {
			out.WriteString("---\n")
		}
		for _, comment := range o.comments {
			out.WriteString(wrapped(comment))
		}
		encoder := yaml.NewEncoder(&out)
		encoder.SetIndent(2)
		if err := encoder.Encode(o.content); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

const commentWidth = 96

// wrapped is a sentence as lines of comment.
func wrapped(text string) string {
	var out strings.Builder
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > commentWidth {
			out.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	return out.String() + line + "\n"
}
