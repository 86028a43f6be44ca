package objects

import (
	"fmt"
	"slices"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
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
	resolve(list []Object, t mesh.Topology) mesh.Mesh
	// findings are what a reader should know about the rules.
	findings(list []Object, t mesh.Topology) []Finding
	// effective is what the rules make of some calls, in the dialect's own words, as JSON.
	effective(list []Object, t mesh.Topology, target Target) (any, error)
}

// Target is a service's port as one client calls it.
type Target = rules.Target

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
	d, list := s.edition, s.Rules()
	if len(list) > 0 {
		d = list[0].dialect
	}
	return dialects()[d], list
}

// rulesOf are the rules of one dialect.
func (s Set) rulesOf(d int) []Object {
	return slices.DeleteFunc(s.Rules(), func(o Object) bool { return o.dialect != d })
}

// ruleSet is the rules in force. Those of one change are as old as each other, and those of earlier
// ones older.
func ruleSet(list []Object) rules.Set {
	set := rules.Set{}
	for len(list) > 0 {
		n := slices.IndexFunc(list, func(o Object) bool { return !o.Created.Equal(list[0].Created) })
		if n < 0 {
			n = len(list)
		}
		same := make([]rules.Rule, n)
		for i := range same {
			same[i] = list[i].rule.(rules.Rule)
		}
		set, list = set.Apply(same...), list[n:]
	}
	return set
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
	d, list := s.spoken()
	return d.resolve(list, t)
}

// Findings are what a reader should know about the rules, in the order of their keys.
func (s Set) Findings(t mesh.Topology) []Finding {
	var found []Finding
	for i, d := range dialects() {
		if list := s.rulesOf(i); len(list) > 0 {
			found = append(found, d.findings(list, t)...)
		}
	}
	return found
}

// Effective is what the rules make of a client's calls to a service, as JSON would have it, in
// the words of the rules' dialect.
func (s Set) Effective(t mesh.Topology, target Target) (any, error) {
	d, list := s.spoken()
	return d.effective(list, t, target)
}
