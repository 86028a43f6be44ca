package objects

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// dialect is a language that rules are written in.
type dialect struct {
	name  string // that of its API
	kinds []Kind
	// has reports whether an API version is of the dialect.
	has func(apiVersion string) bool
	// parse reads documents; the error is a document.Errors.
	parse func(docs []document.Document, namespace string) ([]rules.Rule, error)
	// partly reads a document without what the lab refuses of it, though a cluster takes it.
	partly func(doc document.Document, namespace string) (rules.Rule, bool)
	// resolve is the mesh in which the rules are in force.
	resolve func(rules.Set, mesh.Topology) mesh.Mesh
	// findings are what a reader should know about the rules.
	findings func(rules.Set, mesh.Topology) []rules.Finding
	// effective is what the rules make of some calls, in the dialect's own words, as JSON.
	effective func(rules.Set, mesh.Topology, Target) (any, error)
}

// Target is a service's port as one client calls it.
type Target = rules.Target

// dialects are those that the lab understands, in the order of Edition. They are made once, as
// every object asks for its kind.
var dialects = sync.OnceValue(func() []dialect { return []dialect{of2018(), today()} })

func of2018() dialect {
	return dialect{
		name: classic.APIVersion, kinds: classic.Kinds(), parse: classic.Parse, partly: classic.Partly,
		has:     classic.Has,
		resolve: classic.Resolve, findings: classic.Findings,
		effective: func(s rules.Set, t mesh.Topology, target Target) (any, error) {
			return classic.Effective(s, t, target)
		},
	}
}

// today is Istio's own APIs and the Gateway API, whose rules act together, as in a cluster.
func today() dialect {
	return dialect{
		name: "networking.istio.io/v1 and " + gatewayapi.Group + "/v1",
		// A plain gateway is one of the Gateway API, as with kubectl.
		kinds: slices.Concat(gatewayapi.Kinds(), v1.Kinds()),
		has: func(apiVersion string) bool {
			g := group(apiVersion)
			return g == gatewayapi.Group || strings.HasSuffix(g, ".istio.io")
		},
		parse: func(docs []document.Document, namespace string) ([]rules.Rule, error) {
			if group(docs[0].APIVersion) == gatewayapi.Group {
				return gatewayapi.Parse(docs, namespace)
			}
			return v1.Parse(docs, namespace)
		},
		partly: func(doc document.Document, namespace string) (rules.Rule, bool) {
			if group(doc.APIVersion) == gatewayapi.Group {
				return gatewayapi.Partly(doc, namespace)
			}
			return v1.Partly(doc, namespace)
		},
		resolve: gatewayapi.Resolve, findings: gatewayapi.Findings,
		effective: func(s rules.Set, t mesh.Topology, target Target) (any, error) {
			return gatewayapi.Effective(s, t, target)
		},
	}
}

// knows reports whether a document is meant to be a rule of the dialect. It goes by kind too, so
// that a wrong API version is named as such.
func (d dialect) knows(doc document.Document) bool {
	return d.has(doc.APIVersion) ||
		slices.ContainsFunc(d.kinds, func(k Kind) bool { return k.Kind == doc.Kind })
}

func dialectOf(doc document.Document) (int, bool) {
	i := slices.IndexFunc(dialects(), func(d dialect) bool { return d.knows(doc) })
	return max(i, 0), i >= 0 && !manifests.Known(doc)
}

// spoken is the dialect of the rules, or of the edition where there are none, and the rules.
func (s Set) spoken() (dialect, rules.Set) {
	d := s.edition
	if i := slices.IndexFunc(s.objects, func(o Object) bool { return o.rule != nil }); i >= 0 {
		d = s.objects[i].dialect
	}
	return dialects()[d], s.rulesOf(d)
}

// rulesOf are the rules in force of one dialect. Those of one change were created at one time.
func (s Set) rulesOf(d int) rules.Set {
	if s.known != nil {
		return s.known.rules[d]()
	}
	var list []rules.Rule
	for _, o := range s.objects {
		if o.rule != nil && o.dialect == d {
			r := *o.rule
			r.Created = o.Created
			list = append(list, r)
		}
	}
	return rules.Set{}.Apply(list...)
}

// oneDialect refuses rules of two dialects: what they mean together, neither says.
func (c *change) oneDialect() {
	first := Object{dialect: -1}
	for _, o := range c.objects {
		switch {
		case o.rule == nil || o.dialect == first.dialect:
		case first.dialect < 0:
			first = o
		default:
			c.problems.add(Conflict, fmt.Errorf("%s%s is of %s, and %s of %s: "+
				"delete the rules of one API before you create those of the other",
				o.place(), o.resource(), dialects()[o.dialect].name,
				first.resource(), dialects()[first.dialect].name))
			return
		}
	}
}

// tooManyHosts refuses more hosts outside than the proxy is to have clusters for.
func tooManyHosts(objects []Object) error {
	hosts := 0
	for _, o := range objects {
		if o.rule == nil {
			continue
		}
		if hosts += v1.HostsOutside(*o.rule); hosts > rules.MostHosts {
			return document.Errors{o.doc.Errorf("spec.hosts", "with all rules more than %d ports of hosts outside: %w",
				rules.MostHosts, rules.ErrUnsupported)}
		}
	}
	return nil
}

// mesh is what Mesh remembers.
func (s Set) mesh(t mesh.Topology) mesh.Mesh {
	d, set := s.spoken()
	return d.resolve(set, t)
}

// find is what Findings remembers.
func (s Set) find(t mesh.Topology) []Finding {
	var found []Finding
	for i, d := range dialects() {
		if set := s.rulesOf(i); set.Len() > 0 {
			found = append(found, findings(set, d.findings(set, t))...)
		}
	}
	return found
}

// Effective is what the rules make of a client's calls to a service, as JSON would have it, in
// the words of the rules' dialect.
func (s Set) Effective(t mesh.Topology, target Target) (any, error) {
	d, set := s.spoken()
	return d.effective(set, t, target)
}
