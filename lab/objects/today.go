package objects

import (
	"slices"
	"strings"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
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
func (todayDialect) kinds() []Kind { return slices.Concat(gatewayapi.Kinds(), v1.Kinds()) }

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
	list, err := parse([]document.Document{doc}, namespace)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// set has rules of one change as old as each other, and those of earlier ones as older.
func (todayDialect) set(list []Object) rules.Set {
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

func (d todayDialect) resolve(list []Object, t mesh.Topology) mesh.Mesh {
	return gatewayapi.Resolve(d.set(list), t)
}

func (d todayDialect) findings(list []Object, t mesh.Topology) []Finding {
	var found []Finding
	set := d.set(list)
	for _, f := range gatewayapi.Findings(set, t) {
		rule, _ := set.Get(f.Key)
		found = append(found, Finding{
			Ref:    NewRef(rule.Kind, f.Key.Namespace, f.Key.Name),
			Origin: f.Key.String(), File: rule.File(), Line: rule.Line(f.Path),
			Code: f.Code.Istioctl(), Level: f.Level, Text: f.Text,
		})
	}
	return found
}

func (d todayDialect) effective(list []Object, t mesh.Topology, target Target) (any, error) {
	return gatewayapi.Effective(d.set(list), t, target)
}
