package objects

import (
	"slices"
	"strings"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// todayDialect is that of today's Istio. Rules of its own APIs and of the Gateway API act
// together, as in a cluster.
type todayDialect struct{}

func (todayDialect) name() string {
	return "networking.istio.io/v1 and " + gatewayapi.Group + "/v1"
}

// kinds have those of the Gateway API first: a plain gateway is one of these, as with kubectl.
func (d todayDialect) kinds() []Kind {
	var kinds []Kind
	for _, k := range gatewayapi.Kinds() {
		kinds = append(kinds, d.kind(k, "gateway-api"))
	}
	for _, k := range v1.Kinds() {
		kinds = append(kinds, d.kind(k, "istio-io"))
	}
	return kinds
}

func (todayDialect) kind(k v1.Kind, set string) Kind {
	return Kind{Kind: k.Kind, Plural: k.Plural, Group: k.Group, Short: k.Short, Set: set}
}

// knows goes by group and by kind, so that what is misspelt in one of them is named as such.
func (d todayDialect) knows(doc document.Document) bool {
	for _, k := range d.kinds() {
		if k.Group == group(doc.APIVersion) || k.Kind == doc.Kind {
			return true
		}
	}
	return strings.HasSuffix(group(doc.APIVersion), ".istio.io")
}

func (todayDialect) parse(doc document.Document, namespace string) (any, error) {
	parse := v1.Parse
	if group(doc.APIVersion) == gatewayapi.Group {
		parse = gatewayapi.Parse
	}
	rules, err := parse([]document.Document{doc}, namespace)
	if err != nil {
		return nil, err
	}
	return rules[0], nil
}

// set has rules of one change as old as each other, and those of earlier ones as older.
func (todayDialect) set(rules []Object) v1.Set {
	set := v1.Set{}
	for len(rules) > 0 {
		n := slices.IndexFunc(rules, func(o Object) bool { return !o.Created.Equal(rules[0].Created) })
		if n < 0 {
			n = len(rules)
		}
		same := make([]v1.Rule, n)
		for i := range same {
			same[i] = rules[i].rule.(v1.Rule)
		}
		set, rules = set.Apply(same...), rules[n:]
	}
	return set
}

func (d todayDialect) resolve(rules []Object, t mesh.Topology) mesh.Mesh {
	return gatewayapi.Resolve(d.set(rules), t)
}

func (d todayDialect) findings(rules []Object, t mesh.Topology) []Finding {
	var list []Finding
	set := d.set(rules)
	for _, f := range gatewayapi.Findings(set, t) {
		rule, _ := set.Get(f.Key)
		list = append(list, Finding{
			Ref:    NewRef(kindOf(f.Key.Kind, f.Key.Group), f.Key.Namespace, f.Key.Name),
			Origin: f.Key.String(), File: rule.File(), Line: rule.Line(f.Path),
			Code: f.Code, Level: Level(f.Level), Text: f.Text,
		})
	}
	return list
}

func (d todayDialect) effective(rules []Object, t mesh.Topology, target Target) (any, error) {
	return gatewayapi.Effective(d.set(rules), t, v1.Target(target))
}
