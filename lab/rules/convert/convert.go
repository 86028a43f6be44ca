// Package convert says the rules of Istio 0.7.1 in today's words. It goes by what the rules do in
// a mesh, not by how they are written, so that precedence, shadowed rules and policies that never
// act come out as they were; what today's words mean differently is told in comments, and what
// they cannot say is refused by the rule's name.
package convert

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
)

// V1 is rules as networking.istio.io/v1 and its kin, for a topology that has the services and the
// workloads that the rules speak of. The error, a document.Errors, names each rule that cannot be said.
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

type converter struct {
	set      rules.Set
	byKey    map[string]rules.Rule
	findings []rules.Finding
	topology mesh.Topology
	mesh     mesh.Mesh // of all rules
	hosts    []host
	objects  []object
	errs     document.Errors
}

// host is a service that rules may speak of, with what clients have of it: byClient.
type host struct {
	service mesh.Service
	port    int
	routes  []alike[[]mesh.Route] // From is a rule's key
	// policies are those of clusters, whether a route leads there or not.
	policies []alike[[]mesh.Upstream]
}

func newConverter(s rules.Set, t mesh.Topology) *converter {
	t = t.Taking(mesh.TCP)
	c := &converter{
		set: s, byKey: map[string]rules.Rule{}, findings: classic.Findings(s, t),
		topology: t, mesh: classic.Resolve(s, t),
	}
	for _, r := range s.Rules() {
		c.byKey[r.Key.String()] = r
	}
	with := t
	with.Workloads = append(slices.Clone(t.Workloads), stranger())
	resolved, policies := classic.ResolveByKey(s, with), classic.Policies(s, with)
	for _, service := range t.Services {
		i := slices.IndexFunc(service.Ports, func(p mesh.ServicePort) bool {
			return p.Protocol != mesh.TCP
		})
		if i < 0 {
			continue
		}
		h := host{service: service, port: service.Ports[i].Number}
		h.routes = byClient(with.Workloads, func(i int) []mesh.Route {
			return c.withTries(routesOf(resolved.Sidecars[i].Outbound, service.Host(), h.port))
		})
		h.policies = byClient(with.Workloads, func(i int) []mesh.Upstream {
			return policies(with.Workloads[i], service.Host(), h.port)
		})
		c.hosts = append(c.hosts, h)
	}
	c.elsewhere()
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

// withTries puts back the time of each try where 0.7.1 ignored it: its author meant it to act, which
// it does today, and a comment says so.
func (c *converter) withTries(routes []mesh.Route) []mesh.Route {
	routes = slices.Clone(routes)
	for i, r := range routes {
		if r.Retry != nil {
			retry := *r.Retry
			retry.PerTry = classic.PerTry(c.byKey[r.From])
			routes[i].Retry = &retry
		}
	}
	return routes
}

const (
	routeRule  = "RouteRule"
	egressRule = "EgressRule"
)

// elsewhere refuses rules for hosts outside, and those that the topology has no service for.
func (c *converter) elsewhere() {
	for _, r := range c.set.Rules() {
		to, ok := classic.Destination(r)
		if ok && r.Kind.Kind != egressRule &&
			slices.ContainsFunc(c.mesh.External, func(e mesh.ExternalHost) bool { return e.Host == to.Host }) {
			c.refuse(r.Key.String(), "%s is a host outside, for which an EgressRule alone can be converted",
				to.Host)
		}
	}
	for _, f := range c.findings {
		if f.Code == classic.NoService {
			c.refuse(f.Key.String(), "%s", f.Text)
		}
	}
}

// refuse names a rule, known by its key, by its file and line.
func (c *converter) refuse(key, format string, args ...any) {
	r := c.byKey[key]
	cause := fmt.Errorf(format, args...)
	err := &document.Error{
		File: r.File(), Line: r.Line(""), Cause: fmt.Errorf("%s %s: %w", r.Kind.Kind, r.Key.Name, cause),
	}
	if !slices.ContainsFunc(c.errs, func(e *document.Error) bool { return e.Error() == err.Error() }) {
		c.errs = append(c.errs, err)
	}
}

// name is that of a rule for the reader, by its key, or of the default route.
func (c *converter) name(key string) string { return cmp.Or(c.byKey[key].Key.Name, key) }

// output begins with what rules did less than they said, as today's say it no more. Where that is
// all, it is an error.
func (c *converter) output() ([]byte, error) {
	said := slices.DeleteFunc(c.findings, func(f rules.Finding) bool {
		// Nobody answers, today as then; and what today's say has comments of its own.
		return f.Code == classic.NoPods || f.Code == classic.Inert
	})
	if len(c.objects) == 0 {
		for _, f := range said {
			c.refuse(f.Key.String(), "%s", f.Text)
		}
	}
	var out bytes.Buffer
	if len(c.errs) == 0 {
		for _, f := range said {
			out.WriteString(wrapped("In 2018 " + f.Text + "."))
		}
		c.write(&out)
	}
	if len(c.errs) > 0 {
		return nil, c.errs
	}
	return out.Bytes(), nil
}
