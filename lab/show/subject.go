// Package show is what kubectl and istioctl print: tables, descriptions, documents and the parts of
// a proxy's configuration. It asks nobody: the daemon hands it what there is.
package show

import (
	"slices"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// Subject is what is to be shown: a pod or an object.
type Subject struct {
	objects.Ref
	Created   time.Time
	Labels    map[string]string
	Pod       pods.Pod       // of a pod
	Object    objects.Object // of an object
	Progress  pods.Progress  // of a Deployment
	Endpoints []string       // of a Service and its like: the addresses of its ready pods
	Document  Document       // of what nobody wrote
	Status    Document       // of a rule that has one
	Events    []Event        // of it, for a description
	Warnings  []string
}

const (
	ageColumn = "AGE"
	none      = "<none>"
)

func orNone(text string) string {
	if text == "" {
		return none
	}
	return text
}

// Differences are the rows that are new, changed or gone.
func Differences(before, now []control.Table) []control.Table {
	var news []control.Table
	for i, t := range now {
		old := before[i].Rows
		rows := slices.DeleteFunc(slices.Clone(t.Rows), func(r control.Row) bool {
			return slices.ContainsFunc(old, func(o control.Row) bool { return alike(t.Columns, o, r) })
		})
		for _, o := range old {
			if !slices.ContainsFunc(t.Rows, func(r control.Row) bool { return r.Ref == o.Ref }) {
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

// alike reports whether two rows differ in their age alone: kubectl tells of a change of any field.
func alike(columns []control.Column, a, b control.Row) bool {
	if a.Ref != b.Ref || a.YAML != b.YAML || !slices.Equal(a.Warnings, b.Warnings) {
		return false
	}
	for i, c := range columns {
		if c.Name != ageColumn && c.Name != lastSeenColumn && a.Cells[i] != b.Cells[i] {
			return false
		}
	}
	return true
}
