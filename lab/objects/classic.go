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
		kinds = append(kinds, Kind{Kind: k.Kind, Plural: k.Plural, Group: k.Group, Type: k.Type})
	}
	return kinds
}

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
	list, err := classic.Parse([]document.Document{doc}, namespace)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func (d classicDialect) resolve(list []Object, t mesh.Topology) mesh.Mesh {
	return classic.Resolve(ruleSet(list), t)
}

func (d classicDialect) findings(list []Object, t mesh.Topology) []Finding {
	set := ruleSet(list)
	return findings(set, classic.Findings(set, t))
}

func (d classicDialect) effective(list []Object, t mesh.Topology, target Target) (any, error) {
	return classic.Effective(ruleSet(list), t, target)
}
