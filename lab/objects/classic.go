package objects

import (
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/classic"
)

// classicDialect is that of Istio 0.7.1.
type classicDialect struct{}

func (classicDialect) name() string { return classic.APIVersion }

func (classicDialect) kinds() []Kind {
	var kinds []Kind
	for _, k := range classic.Kinds() {
		kinds = append(kinds, Kind{Kind: k.Kind, Plural: k.Plural, Group: classicGroup, Type: k.Type})
	}
	return kinds
}

const classicGroup = "config.istio.io"

// knows goes by kind too, so that a wrong API version is named as such.
func (classicDialect) knows(doc document.Document) bool {
	if doc.APIVersion == classic.APIVersion {
		return true
	}
	for _, k := range classic.Kinds() {
		if k.Kind == doc.Kind {
			return true
		}
	}
	return false
}

func (classicDialect) parse(doc document.Document, namespace string) (any, error) {
	rules, err := classic.Parse([]document.Document{doc}, namespace)
	if err != nil {
		return nil, err
	}
	return rules[0], nil
}

func (classicDialect) set(rules []Object) classic.Set {
	list := make([]classic.Rule, len(rules))
	for i, o := range rules {
		list[i] = o.rule.(classic.Rule)
	}
	return classic.Set{}.Apply(list...)
}

func (d classicDialect) resolve(rules []Object, t mesh.Topology) mesh.Mesh {
	return classic.Resolve(d.set(rules), t)
}

// findings begin with the rule's name, each.
func (d classicDialect) findings(rules []Object, t mesh.Topology) []Finding {
	var list []Finding
	set := d.set(rules)
	for _, f := range classic.Findings(set, t) {
		rule, _ := set.Get(f.Key)
		ref := NewRef(kindOf(rule.Kind.Kind, classicGroup), f.Key.Namespace, f.Key.Name)
		list = append(list, Finding{
			Ref: ref, File: rule.File(), Line: rule.Line(), Level: Warning, Text: f.Text,
		})
	}
	return list
}

func (d classicDialect) effective(rules []Object, t mesh.Topology, target Target) (any, error) {
	return classic.Effective(d.set(rules), t, classic.Target(target))
}
