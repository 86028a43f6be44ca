package inspect

import (
	"context"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/routes"
	"istio-tutorial/lab/traffic/rulebook"
)

// Routes are the routes of the rules in force.
func (l *Lab) Routes(_ context.Context, q routes.Query) ([]routes.Table, error) {
	set := l.Objects()
	return routes.Of(set, l.Pods.Topology(set.Topology()), q)
}

// Analyze is what there is to say about what is in force.
func (l *Lab) Analyze(context.Context, struct{}) ([]objects.Finding, error) {
	set := l.Objects()
	return append(set.Analysis(), l.unchecked(set)...), nil
}

// unchecked is about the rules whose keys could not be fetched.
func (l *Lab) unchecked(set objects.Set) []objects.Finding {
	var list []objects.Finding
	for _, k := range l.Keyless() {
		if f, ok := set.Warning("RequestAuthentication", k.Namespace, k.Name, k.Field, k.Sentence()); ok {
			list = append(list, f)
		}
	}
	return list
}

// Rules are those of the objects in force, as who explains requests knows them.
func Rules(s objects.Set) []rulebook.Rule {
	var list []rulebook.Rule
	for _, o := range s.Rules() {
		list = append(list, rulebook.Rule{
			Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, Resource: o.Resource, File: o.File(), Revision: o.Revision,
		})
	}
	return list
}
