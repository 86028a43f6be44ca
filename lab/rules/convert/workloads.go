package convert

import (
	"maps"
	"reflect"
	"slices"

	"istio-tutorial/lab/mesh"
)

// stranger is a client of which no rule knows anything, in a namespace that cannot be.
func stranger() mesh.Workload { return mesh.Workload{Name: mesh.Name{Namespace: "-"}} }

// alike are workloads of one namespace that have the same.
type alike[T any] struct {
	workloads []mesh.Workload
	has       T
}

// group sorts workloads by what each has.
func group[T any](list []mesh.Workload, of func(i int) T) []alike[T] {
	var groups []alike[T]
	for i, w := range list {
		has := of(i)
		j := slices.IndexFunc(groups, func(g alike[T]) bool {
			return g.workloads[0].Namespace == w.Namespace && reflect.DeepEqual(g.has, has)
		})
		if j < 0 {
			j = len(groups)
			groups = append(groups, alike[T]{has: has})
		}
		groups[j].workloads = append(groups[j].workloads, w)
	}
	return groups
}

// byClient is what clients have: first those with something of their own, and then all others,
// whose only workload is the stranger.
func byClient[T any](list []mesh.Workload, of func(i int) T) []alike[T] {
	groups := group(list, of)
	last := len(groups) - 1
	own := slices.DeleteFunc(groups[:last:last], func(g alike[T]) bool {
		return reflect.DeepEqual(g.has, groups[last].has)
	})
	return append(own, groups[last])
}

// chosen is labels that some workloads of one namespace have, and no other there.
type chosen struct {
	workloads []mesh.Workload
	labels    mesh.Labels
}

// choose finds labels for workloads of one namespace, for an object that comes of some rules: the
// fewest that all have in common, else one set for each workload and those that have all its labels.
func (c *converter) choose(list []mesh.Workload, from []string) []chosen {
	common := maps.Clone(list[0].Labels)
	for _, w := range list[1:] {
		maps.DeleteFunc(common, func(key, value string) bool { return w.Labels[key] != value })
	}
	if labels, ok := c.narrow(common, list); ok {
		return []chosen{{list, labels}}
	}
	var several []chosen
	for _, w := range list {
		if slices.ContainsFunc(several, func(s chosen) bool { return w.Labels.Has(s.labels) }) {
			continue
		}
		alike := slices.DeleteFunc(slices.Clone(list), func(other mesh.Workload) bool {
			return !other.Labels.Has(w.Labels)
		})
		labels, ok := c.narrow(w.Labels, alike)
		for _, key := range from {
			if !ok {
				c.refuse(key, "the pods of %s cannot be told from others by their labels", w.Name.Name)
			}
		}
		several = append(several, chosen{alike, labels})
	}
	return several
}

// narrow leaves out labels as long as the others select the same workloads.
func (c *converter) narrow(labels mesh.Labels, list []mesh.Workload) (mesh.Labels, bool) {
	exact := func(l mesh.Labels) bool {
		return len(l) > 0 && !slices.ContainsFunc(c.topology.Workloads, func(w mesh.Workload) bool {
			isMeant := slices.ContainsFunc(list, func(m mesh.Workload) bool { return m.Name == w.Name })
			return w.Namespace == list[0].Namespace && w.Labels.Has(l) != isMeant
		})
	}
	if !exact(labels) {
		return labels, false
	}
	labels = maps.Clone(labels)
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(labels))) { // version before app
		without := maps.Clone(labels)
		delete(without, key)
		if exact(without) {
			labels = without
		}
	}
	return labels, true
}

// isElsewhere reports whether another namespace has pods with the labels too.
func (c *converter) isElsewhere(s chosen) bool {
	return slices.ContainsFunc(c.topology.Workloads, func(w mesh.Workload) bool {
		return w.Namespace != s.workloads[0].Namespace && w.Labels.Has(s.labels)
	})
}

// named is a name in their namespace.
func (s chosen) named(name string) mesh.Name {
	return mesh.Name{Namespace: s.workloads[0].Namespace, Name: name}
}

// shared is the name of workloads with some labels: that of their app, where they are all of it.
func (s chosen) shared() string {
	if app := s.labels["app"]; app != "" && (len(s.workloads) > 1 || len(s.labels) == 1) {
		return app
	}
	return s.workloads[0].Name.Name
}
