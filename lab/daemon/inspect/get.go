package inspect

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/pick"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/show"
)

// Get is what there is of a selection, a table for each kind; the error is about what there is not.
func (l *Lab) Get(_ context.Context, sel objects.Selection) ([]control.Table, error) {
	return l.tables(sel, l.warnings())
}

// tables are what there is, with what is to be said of each object.
func (l *Lab) tables(sel objects.Selection, warnings map[objects.Ref][]string) ([]control.Table, error) {
	picks, err := sel.Picks()
	if err != nil {
		return nil, err
	}
	var tables []control.Table
	var problems []error
	for _, p := range picks {
		list, missing := l.subjects(sel, p)
		problems = append(problems, missing)
		for i := range list {
			list[i].Warnings = warnings[list[i].Ref]
		}
		t, err := show.Table(p.Kind, sel.AllNamespaces, list)
		problems = append(problems, err)
		tables = append(tables, t)
	}
	return tables, objects.Join(problems...)
}

// warnings are the sentences about each rule.
func (l *Lab) warnings() map[objects.Ref][]string {
	set := l.Objects()
	warnings := map[objects.Ref][]string{}
	for _, f := range append(set.Findings(set.Expected().At(time.Now())), l.unchecked(set)...) {
		warnings[f.Ref] = append(warnings[f.Ref], f.Sentence())
	}
	return warnings
}

func (l *Lab) subjects(sel objects.Selection, p objects.Pick) ([]show.Subject, error) {
	switch {
	case p.Kind.Kind == objects.PodKind:
		return l.podSubjects(sel, p)
	case p.Kind.Running:
		return l.derivedSubjects(sel, p)
	}
	set := l.Objects()
	found, missing := set.Pick(sel, p)
	var list []show.Subject
	for _, o := range found {
		s := show.Subject{Ref: o.Ref, Created: o.Created, Labels: o.Labels, Object: o}
		status, err := set.Status(o)
		if err != nil {
			return nil, err
		}
		s.Status = status
		if o.Kind == "Deployment" {
			s.Progress, _ = l.Pods.Progress(workload(o.Ref))
		}
		list = append(list, s)
	}
	return list, missing
}

func (l *Lab) podSubjects(sel objects.Selection, p objects.Pick) ([]show.Subject, error) {
	found, missing := pick.Pods(l.Pods.Pods(), sel, p)
	var list []show.Subject
	for _, pod := range found {
		ref := objects.NewRef(p.Kind, pod.Namespace, pod.Name.Name)
		list = append(list, show.Subject{Ref: ref, Created: pod.Created, Labels: pod.Labels, Pod: pod})
	}
	slices.SortStableFunc(list, byName)
	return list, missing
}

func byName(a, b show.Subject) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// Watch is the same, and then each time what has changed, until ctx ends.
func (l *Lab) Watch(ctx context.Context, sel objects.Selection) iter.Seq2[[]control.Table, error] {
	return func(yield func([]control.Table, error) bool) {
		var before []control.Table
		var of <-chan struct{} // the objects that the warnings are about
		var warnings map[objects.Ref][]string
		for {
			objectsChanged, podsChanged := l.Changed(), l.Pods.Changed()
			if of != objectsChanged { // pods come and go much more often than objects
				of, warnings = objectsChanged, l.warnings()
			}
			now, err := l.tables(sel, warnings)
			switch {
			case before == nil && (!yield(now, err) || err != nil):
				return
			case before != nil:
				if news := show.Differences(before, now); len(news) > 0 && !yield(news, nil) {
					return
				}
			}
			before = now
			select {
			case <-objectsChanged:
			case <-podsChanged:
			case <-ctx.Done():
				return
			}
		}
	}
}

// Describe is all that is known of each object of a selection; the error is about what there is not.
func (l *Lab) Describe(_ context.Context, sel objects.Selection) ([]control.Description, error) {
	picks, err := sel.Picks()
	if err != nil {
		return nil, err
	}
	warnings := l.warnings()
	var list []control.Description
	var problems []error
	for _, p := range picks {
		found, missing := l.subjects(sel, p)
		problems = append(problems, missing)
		for _, s := range found {
			s.Warnings = warnings[s.Ref]
			s.Events = l.Events.All(&s.Ref)
			if s.Kind == "Service" {
				s.Endpoints = l.endpoints(s.Object)
			}
			d, err := show.Describe(s)
			problems = append(problems, err)
			list = append(list, d)
		}
	}
	return list, objects.Join(problems...)
}

// endpoints are the addresses of the ready pods behind a Service.
func (l *Lab) endpoints(o objects.Object) []string {
	t := l.Pods.Topology(l.Objects().Topology())
	var list []string
	for _, port := range o.Manifest.Service.Ports {
		c := mesh.Cluster{Host: o.Manifest.Service.Host(), Port: port.Number}
		for _, e := range t.Endpoints(c) {
			if e.Instance.Ready {
				list = append(list, e.Address)
			}
		}
	}
	return list
}

// workload is the one that a Deployment is.
func workload(deployment objects.Ref) mesh.Name {
	return mesh.Name{Namespace: deployment.Namespace, Name: deployment.Name}
}
