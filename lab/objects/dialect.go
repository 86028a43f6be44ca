package objects

import (
	"fmt"
	"slices"

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
	resolve(rules []Object, t mesh.Topology) mesh.Mesh
	// findings are what a reader should know about the rules.
	findings(rules []Object, t mesh.Topology) []Finding
	// effective is what the rules make of some calls, in the dialect's own words, as JSON.
	effective(rules []Object, t mesh.Topology, target Target) (any, error)
}

// Target is a service's port as one client calls it.
type Target struct {
	Client  mesh.Name // a workload
	Service mesh.Name
	Port    int
}

// dialects are those that the lab understands, in the order of Edition.
func dialects() []dialect { return []dialect{classicDialect{}, todayDialect{}} }

func dialectOf(doc document.Document) (int, bool) {
	for i, d := range dialects() {
		if d.knows(doc) && !manifests.Known(doc) {
			return i, true
		}
	}
	return 0, false
}

// spoken is the dialect of the rules, or of the edition where there are none, and the rules.
func (s Set) spoken() (dialect, []Object) {
	d, rules := s.edition, s.Rules()
	if len(rules) > 0 {
		d = rules[0].dialect
	}
	return dialects()[d], rules
}

// rulesOf are the rules of one dialect.
func (s Set) rulesOf(d int) []Object {
	return slices.DeleteFunc(s.Rules(), func(o Object) bool { return o.dialect != d })
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

// mesh is what Mesh remembers.
func (s Set) mesh(t mesh.Topology) mesh.Mesh {
	d, rules := s.spoken()
	return d.resolve(rules, t)
}

// find is what Findings remembers.
func (s Set) find(t mesh.Topology) []Finding {
	var list []Finding
	for i, d := range dialects() {
		if rules := s.rulesOf(i); len(rules) > 0 {
			list = append(list, d.findings(rules, t)...)
		}
	}
	return list
}

// Effective is what the rules make of a client's calls to a service, as JSON would have it, in
// the words of the rules' dialect.
func (s Set) Effective(t mesh.Topology, target Target) (any, error) {
	d, rules := s.spoken()
	return d.effective(rules, t, target)
}
