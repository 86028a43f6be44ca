package objects

import (
	"slices"

	"istio-tutorial/lab/mesh"
)

// Explain adds to results what a reader should know: what became of their own rules, and of
// others that acted before; and what a cluster would not do.
func (s Set) Explain(before Set, results []Result, t mesh.Topology) []Result {
	if len(results) == 0 {
		return results
	}
	results = slices.Clone(results)
	known := before.Findings(t)
	last := &results[len(results)-1]
	for _, f := range s.Findings(t) {
		i := slices.IndexFunc(results, func(r Result) bool { return r.Ref == f.Ref })
		switch {
		case i >= 0:
			results[i].Warnings = append(results[i].Warnings, f.Sentence())
		case !slices.Contains(known, f):
			last.Warnings = append(last.Warnings, f.Sentence())
		}
	}
	for i, r := range results {
		results[i].Warnings = slices.Concat(s.onCluster(r), s.notesOf(r), r.Warnings)
	}
	return results
}

// onCluster is what the lab does without, and a cluster does not.
func (s Set) onCluster(r Result) []string {
	o, ok := s.Find(r.Ref)
	if !ok {
		return nil
	}
	var list []string
	if o.Namespace != "" && !s.hasNamespace(o.Namespace) {
		list = append(list, "a cluster refuses it: there is no namespace "+o.Namespace)
	}
	if d := o.account(); d != "" && !s.hasAccount(o.Namespace, d) {
		list = append(list, "a cluster starts no pod of it: there is no ServiceAccount "+d)
	}
	return list
}

// hasNamespace knows those that every cluster with Istio has.
func (s Set) hasNamespace(name string) bool {
	_, ok := s.Find(NewRef(kindOf("Namespace", ""), "", name))
	return ok || slices.Contains([]string{"default", "istio-system", "kube-system"}, name)
}

func (s Set) hasAccount(namespace, name string) bool {
	_, ok := s.Find(NewRef(kindOf("ServiceAccount", ""), namespace, name))
	return ok || name == "default"
}

// account is the service account of a Deployment, "" for other kinds.
func (o Object) account() string {
	if o.Manifest == nil || o.Manifest.Deployment == nil {
		return ""
	}
	return o.Manifest.Deployment.ServiceAccount
}
