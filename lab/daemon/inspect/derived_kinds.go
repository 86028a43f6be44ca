package inspect

import (
	"runtime"
	"slices"
	"strings"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/show"
)

// derivedSubjects are what nobody writes, of a kind.
func (l *Lab) derivedSubjects(sel objects.Selection, p objects.Pick) ([]show.Subject, error) {
	matches, err := sel.Matcher()
	if err != nil {
		return nil, err
	}
	var list []show.Subject
	var others []string
	for _, s := range l.derived(p.Kind) {
		if !sel.Covers(p.Kind, s.Namespace) || !matches(s.Labels) {
			continue
		}
		others = append(others, s.Name)
		if len(p.Names) == 0 || slices.Contains(p.Names, s.Name) {
			list = append(list, s)
		}
	}
	return list, objects.Found(p, list, others, func(s show.Subject) string { return s.Name })
}

// derived are all objects of a kind that nobody writes.
func (l *Lab) derived(k objects.Kind) (all []show.Subject) {
	switch k.Kind {
	case "Event":
		for _, e := range l.Events.All(nil) {
			all = append(all, e.Subject(k))
		}
		return all
	case "ReplicaSet":
		return l.replicaSets(k)
	case "Endpoints", "EndpointSlice":
		return l.endpointSubjects(k)
	case "Node":
		return []show.Subject{l.node(k)}
	case "CustomResourceDefinition":
		return l.definitions(k)
	}
	return nil
}

// replicaSets are the templates of Deployments, with the pods of each.
func (l *Lab) replicaSets(k objects.Kind) []show.Subject {
	running := l.Pods.Pods()
	var list []show.Subject
	for _, o := range l.Objects().All() {
		history := o.History()
		for i, t := range history {
			ref := objects.NewRef(k, o.Namespace, o.Name+"-"+t.Hash)
			pods, ready, desired := 0, 0, 0
			for _, p := range running {
				if p.Workload == workload(o.Ref) && p.Hash == t.Hash {
					pods++
					ready += p.Ready / p.Containers
				}
			}
			if desired = pods; i == len(history)-1 {
				desired = o.Manifest.Deployment.Replicas
			}
			d := show.NewDocument(k, ref, t.Created)
			d["spec"] = show.Document{"replicas": desired}
			d["status"] = show.Document{"replicas": pods, "readyReplicas": ready}
			list = append(list, show.Subject{
				Ref: ref, Created: t.Created, Labels: o.Manifest.Deployment.Labels, Document: d,
			})
		}
	}
	return list
}

// endpointSubjects are the addresses of each Service.
func (l *Lab) endpointSubjects(k objects.Kind) []show.Subject {
	var list []show.Subject
	for _, o := range l.Objects().All() {
		if o.Manifest == nil || o.Manifest.Service == nil {
			continue
		}
		ref, addresses := objects.NewRef(k, o.Namespace, o.Name), l.endpoints(o)
		d := show.NewDocument(k, ref, o.Created)
		if k.Kind == "Endpoints" {
			d["subsets"] = show.Subsets(addresses)
		} else {
			d["addressType"], d["endpoints"] = "IPv4", show.SliceEndpoints(addresses)
		}
		list = append(list, show.Subject{
			Ref: ref, Created: o.Created, Labels: o.Labels, Endpoints: addresses, Document: d,
		})
	}
	return list
}

// node is this machine.
func (l *Lab) node(k objects.Kind) show.Subject {
	ref := objects.NewRef(k, "", "lab")
	d := show.NewDocument(k, ref, l.Started)
	d["status"] = show.Document{
		"conditions": []show.Document{{"type": "Ready", "status": "True"}},
		"nodeInfo": show.Document{
			"kubeletVersion": strings.TrimPrefix(runtime.Version(), "go"), "osImage": runtime.GOOS,
			"operatingSystem": runtime.GOOS, "architecture": runtime.GOARCH,
		},
	}
	return show.Subject{Ref: ref, Created: l.Started, Document: d}
}

// definitions are the kinds of rules.
func (l *Lab) definitions(k objects.Kind) []show.Subject {
	var list []show.Subject
	for _, kind := range objects.Kinds() {
		if !kind.Custom() {
			continue
		}
		ref := objects.NewRef(k, "", kind.String())
		d := show.NewDocument(k, ref, l.Started)
		d["spec"] = show.Document{
			"group": kind.Group, "scope": "Namespaced",
			"names": show.Document{"kind": kind.Kind, "plural": kind.Plural, "singular": kind.Singular()},
		}
		list = append(list, show.Subject{Ref: ref, Created: l.Started, Document: d})
	}
	return list
}
