package objects

import (
	"fmt"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
)

// dialect is a language that rules are written in. Its rules are its own values.
type dialect interface {
	// name is that of its API.
	name() string
	kinds() []Kind
	// knows tells whether a document is meant to be one of its rules.
	knows(doc document.Document) bool
	// parse reads a document; the error is a document.Errors.
	parse(doc document.Document, namespace string) (any, error)
	// resolve is the mesh in which the rules are in force.
	resolve(rules []any, t mesh.Topology) mesh.Mesh
	// findings are what a reader should know about the rules.
	findings(rules []any, t mesh.Topology) []Finding
	// effective is what the rules make of some calls, in the dialect's own words, as JSON.
	effective(rules []any, t mesh.Topology, target Target) (any, error)
}

// Finding is a sentence about a rule that never acts, or acts less than its file says.
type Finding struct {
	Ref
	Text string
}

// Target is a service's port as one client calls it.
type Target struct {
	Client  mesh.Name // a workload
	Service mesh.Name
	Port    int
}

// dialects are those that the lab understands. Without rules, the first one's defaults hold.
func dialects() []dialect { return []dialect{classicDialect{}} }

func dialectOf(doc document.Document) (int, bool) {
	for i, d := range dialects() {
		if d.knows(doc) && !manifests.Known(doc) {
			return i, true
		}
	}
	return 0, false
}

// spoken is the dialect of the rules, and the rules.
func (s Set) spoken() (dialect, []any) {
	d, rules := 0, []any(nil)
	for _, o := range s.objects {
		if o.rule != nil {
			d, rules = o.dialect, append(rules, o.rule)
		}
	}
	return dialects()[d], rules
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
				o.place(), o.resource(), dialects()[o.dialect].name(),
				first.resource(), dialects()[first.dialect].name()))
			return
		}
	}
}

// Topology is what the manifests describe; no instance runs in it.
func (s Set) Topology() mesh.Topology { return manifests.Topology(s.manifests()) }

// Mesh is what the rules make of a topology.
func (s Set) Mesh(t mesh.Topology) mesh.Mesh {
	d, rules := s.spoken()
	return d.resolve(rules, t)
}

// Findings are what a reader should know about the rules, in the order of their keys.
func (s Set) Findings(t mesh.Topology) []Finding {
	d, rules := s.spoken()
	return d.findings(rules, t)
}

// Effective is what the rules make of a client's calls to a service, as JSON would have it, in
// the words of the rules' dialect.
func (s Set) Effective(t mesh.Topology, target Target) (any, error) {
	d, rules := s.spoken()
	return d.effective(rules, t, target)
}
