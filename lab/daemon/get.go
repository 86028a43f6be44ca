package control

import (
	"context"
	"iter"
	"slices"
	"time"

	"istio-tutorial/lab/objects"
)

func (l *lab) get(_ context.Context, sel Selection) ([]Table, error) {
	picks, err := sel.Picks()
	if err != nil {
		return nil, err
	}
	warnings := l.warnings()
	var tables []Table
	var problems []error
	for _, p := range picks {
		list, missing := l.subjects(sel, p)
		problems = append(problems, missing)
		for i := range list {
			list[i].warnings = warnings[list[i].Ref]
		}
		t, err := newTable(p.Kind, sel.AllNamespaces, list)
		problems = append(problems, err)
		tables = append(tables, t)
	}
	return tables, objects.Join(problems...)
}

// warnings are the sentences about each rule.
func (l *lab) warnings() map[Ref][]string {
	set := l.objects()
	warnings := map[Ref][]string{}
	for _, f := range set.Findings(set.Expected()) {
		warnings[f.Ref] = append(warnings[f.Ref], f.Sentence())
	}
	return warnings
}

// subject is what is to be shown: a pod or an object.
type subject struct {
	Ref
	created  time.Time
	labels   map[string]string
	pod      Pod            // of a pod
	object   objects.Object // of an object
	progress progress       // of a Deployment
	warnings []string
}

func (l *lab) subjects(sel Selection, p objects.Pick) ([]subject, error) {
	if p.Kind.Running {
		return l.podSubjects(sel, p)
	}
	found, missing := l.objects().Pick(sel, p)
	var list []subject
	for _, o := range found {
		s := subject{Ref: o.Ref, created: o.Created, labels: o.Labels, object: o}
		if o.Kind == "Deployment" {
			s.progress, _ = l.pods.Progress(workload(o.Ref))
		}
		list = append(list, s)
	}
	return list, missing
}

func (l *lab) podSubjects(sel Selection, p objects.Pick) ([]subject, error) {
	found, missing := l.pickPods(sel, p)
	var list []subject
	for _, pod := range found {
		ref := objects.NewRef(p.Kind, pod.Namespace, pod.Name.Name)
		list = append(list, subject{Ref: ref, created: pod.Created, labels: pod.Labels, pod: pod})
	}
	slices.SortStableFunc(list, byName)
	return list, missing
}

func (l *lab) watch(ctx context.Context, sel Selection) iter.Seq2[[]Table, error] {
	return func(yield func([]Table, error) bool) {
		var before []Table
		for {
			objectsChanged, podsChanged := l.news(), l.pods.Changed()
			now, err := l.get(ctx, sel)
			switch {
			case before == nil && (!yield(now, err) || err != nil):
				return
			case before != nil:
				if news := differences(before, now); len(news) > 0 && !yield(news, nil) {
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

// differences are the rows that are new, changed or gone.
func differences(before, now []Table) []Table {
	var news []Table
	for i, t := range now {
		old := before[i].Rows
		rows := slices.DeleteFunc(slices.Clone(t.Rows), func(r Row) bool {
			return slices.ContainsFunc(old, func(o Row) bool { return t.alike(o, r) })
		})
		for _, o := range old {
			if !slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Ref == o.Ref }) {
				o.Gone = true
				rows = append(rows, o)
			}
		}
		if t.Rows = rows; len(rows) > 0 {
			news = append(news, t)
		}
	}
	return news
}

// alike tells whether two rows differ in their age alone.
func (t Table) alike(a, b Row) bool {
	if a.Ref != b.Ref || !slices.Equal(a.Warnings, b.Warnings) {
		return false
	}
	for i, c := range t.Columns {
		if c.Name != ageColumn && a.Cells[i] != b.Cells[i] {
			return false
		}
	}
	return true
}
