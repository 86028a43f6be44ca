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

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
)

// V1 is rules as networking.istio.io/v1 and its kin, for a topology that has the services and the
// workloads that the rules speak of. The error names each rule that cannot be said.
func V1(s rules.Set, t mesh.Topology) ([]byte, error) {
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
	set      rules.Set
	topology mesh.Topology
	mesh     mesh.Mesh // of all rules
	hosts    []host
	objects  []object
	errs     []error
}

// host is a service that rules may speak of.
type host struct {
	service mesh.Service
	port    int
	routes  byClient[[]mesh.Route]
	// policies are those of clusters, whether a route leads there or not.
	policies byClient[[]mesh.Upstream]
}

func newConverter(s rules.Set, t mesh.Topology) *converter {
	c := &converter{set: s, topology: t, mesh: classic.Resolve(s, t)}
	with := t
	with.Workloads = append(slices.Clone(t.Workloads), stranger())
	routes, policies := classic.Resolve(s, with), c.policyMesh(with)
	for _, service := range t.Services {
		i := slices.IndexFunc(service.Ports, func(p mesh.ServicePort) bool {
			return p.Protocol != mesh.TCP
		})
		if i < 0 {
			continue
		}
		h := host{service: service, port: service.Ports[i].Number}
		h.routes = group(routes, func(out mesh.Outbound) []mesh.Route {
			return routesOf(out, service.Host(), h.port)
		})
		h.policies = group(policies, func(out mesh.Outbound) []mesh.Upstream {
			return ruledOf(out, service.Host(), h.port)
		})
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

// ruledOf are the clusters of a host that a rule speaks of.
func ruledOf(out mesh.Outbound, name string, port int) []mesh.Upstream {
	return slices.DeleteFunc(slices.Clone(out.Clusters), func(u mesh.Upstream) bool {
		return u.Cluster.Host != name || u.Cluster.Port != port || u.Policy.From == ""
	})
}

// policyMesh has the policies alone, and routes to whatever they speak of.
func (c *converter) policyMesh(t mesh.Topology) mesh.Mesh {
	var set rules.Set
	for _, r := range c.set.Rules() {
		if r.Kind.Type != "destination-policy" {
			continue
		}
		set = set.Apply(r)
		if aux, err := routeTo(r); err == nil {
			set = set.Apply(aux...)
		}
	}
	return classic.Resolve(set, t)
}

// routeTo are rules that lead a request with a header of its own to what a policy speaks of.
func routeTo(policy rules.Rule) ([]rules.Rule, error) {
	var p struct {
		Spec struct {
			Destination map[string]any `yaml:"destination"`
		} `yaml:"spec"`
	}
	if err := decode(policy, &p); err != nil {
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

func decode(r rules.Rule, value any) error {
	text, err := r.YAML()
	if err != nil {
		return err
	}
	return yaml.Unmarshal(text, value)
}

// unknownHosts refuses rules that the topology has no service for.
func (c *converter) unknownHosts() {
	for _, f := range classic.Findings(c.set, c.topology) {
		if f.Code == classic.NoService {
			c.refuse(f.Key.Name, "%s", f.Text)
		}
	}
}

// refuse names a rule by its file and line.
func (c *converter) refuse(name, format string, args ...any) {
	place := name
	for _, r := range c.set.Rules() {
		if r.Key.Name == name || r.Key.String() == name {
			place = fmt.Sprintf("%s:%d: %s %s", r.File(), r.Line(""), r.Kind.Kind, r.Key.Name)
		}
	}
	err := fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...))
	if !slices.ContainsFunc(c.errs, func(e error) bool { return e.Error() == err.Error() }) {
		c.errs = append(c.errs, err)
	}
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

// output begins with what rules did less than they said, as today's say it no more. Where that is
// all, it is an error.
func (c *converter) output() ([]byte, error) {
	said := slices.DeleteFunc(classic.Findings(c.set, c.topology), func(f rules.Finding) bool {
		return f.Code == classic.NoPods // nobody answers, today as then
	})
	if len(c.objects) == 0 {
		for _, f := range said {
			c.refuse(f.Key.String(), "%s", f.Text)
		}
	}
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	var out bytes.Buffer
	for _, f := range said {
		out.WriteString(wrapped("In 2018 " + f.Text + "."))
	}
	for i, o := range c.objects {
		if i > 0 {
			out.WriteString("---\n")
		}
		if err := o.write(&out); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}
