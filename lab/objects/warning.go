package objects

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
)

// Explain adds to results what a reader should know: what became of their own rules, and of
// others that acted before; and what a cluster would not do. Nothing is said twice.
func (s Set) Explain(before Set, results []Result, t mesh.Topology) []Result {
	if len(results) == 0 {
		return results
	}
	results = slices.Clone(results)
	now := time.Now()
	earlier := t // but for the Secrets that there were
	earlier.Credentials = before.Topology().Credentials
	t = t.At(now)
	known := before.Findings(earlier.At(now))
	said := map[string]bool{}
	for i, r := range results {
		results[i].Warnings = slices.Concat(s.onCluster(r), s.notesOf(r, now), r.Warnings)
	}
	for _, f := range s.Findings(t) {
		i := slices.IndexFunc(results, func(r Result) bool { return r.Ref == f.Ref })
		if i < 0 && slices.Contains(known, f) || said[f.subject()] {
			continue
		}
		said[f.subject()] = true
		if i < 0 {
			i = len(results) - 1
		}
		results[i].Warnings = append(results[i].Warnings, f.Sentence())
	}
	return unrepeated(results)
}

// subject tells findings apart: of some that name all their objects, those are the same.
func (f Finding) subject() string {
	ofSeveral := []string{"IST0109", "IST0110", "IST0111", "IST0159", "IST0160", "IST0177"}
	if slices.Contains(ofSeveral, f.Code) {
		return f.Code + f.Text
	}
	return f.Sentence()
}

// unrepeated leaves out of the warnings of an object, and of an object that comes twice, what was said.
func unrepeated(results []Result) []Result {
	said := map[string]bool{}
	for i, r := range results {
		var list []string
		for _, w := range r.Warnings {
			key := fmt.Sprint(r.Ref, w)
			if strings.HasPrefix(w, refusedByCluster) {
				key = w
			}
			if !said[key] {
				list = append(list, w)
			}
			said[key] = true
		}
		results[i].Warnings = list
	}
	return results
}

// refusedByCluster begins what is true of every object of a namespace.
const refusedByCluster = "a cluster refuses it: there is no namespace "

// onCluster is what the lab does without, and a cluster does not.
func (s Set) onCluster(r Result) []string {
	o, ok := s.Find(r.Ref)
	if !ok {
		return nil
	}
	var list []string
	if o.Namespace != "" && !s.hasNamespace(o.Namespace) {
		list = append(list, refusedByCluster+o.Namespace)
	}
	if d := o.account(); d != "" && !s.hasAccount(o.Namespace, d) {
		list = append(list, "on a cluster its pods would not start: there is no ServiceAccount "+d+
			"; the lab goes by the name alone")
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
