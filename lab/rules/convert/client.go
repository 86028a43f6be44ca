package convert

import (
	"maps"
	"reflect"
	"slices"

	"istio-tutorial/lab/mesh"
)

// stranger is a client of which no rule knows anything.
func stranger() mesh.Workload {
	return mesh.Workload{Name: mesh.Name{Namespace: "stranger", Name: "stranger"}}
}

// byClient is what clients have: most of them the same, some something of their own.
type byClient[T any] struct {
	common T // what a client has that no rule names
	own    []ofClients[T]
}

// ofClients is what some clients of one namespace have.
type ofClients[T any] struct {
	clients []mesh.Workload
	has     T
}

// group sorts the clients of a mesh, whose last one is the stranger.
func group[T any](m mesh.Mesh, of func(mesh.Outbound) T) byClient[T] {
	last := len(m.Workloads) - 1
	g := byClient[T]{common: of(m.Sidecars[last].Outbound)}
	for i, w := range m.Workloads[:last] {
		has := of(m.Sidecars[i].Outbound)
		if reflect.DeepEqual(has, g.common) {
			continue
		}
		j := slices.IndexFunc(g.own, func(o ofClients[T]) bool {
			return o.clients[0].Namespace == w.Namespace && reflect.DeepEqual(o.has, has)
		})
		if j < 0 {
			j = len(g.own)
			g.own = append(g.own, ofClients[T]{has: has})
		}
		g.own[j].clients = append(g.own[j].clients, w)
	}
	return g
}

// all are the common one and those of some clients.
func (g byClient[T]) all() []T {
	list := []T{g.common}
	for _, o := range g.own {
		list = append(list, o.has)
	}
	return list
}

// chosen is labels that some workloads of one namespace have, and no other there.
type chosen struct {
	workloads []mesh.Workload
	labels    mesh.Labels
}

// choose finds labels for workloads of one namespace: the fewest that all have in common, else one
// set for each workload.
func (c *converter) choose(list []mesh.Workload) []chosen {
	common := maps.Clone(list[0].Labels)
	for _, w := range list[1:] {
		maps.DeleteFunc(common, func(key, value string) bool { return w.Labels[key] != value })
	}
	if labels, ok := c.narrow(common, list); ok {
		return []chosen{{list, labels}}
	}
	var several []chosen
	for _, w := range list {
		labels, ok := c.narrow(w.Labels, []mesh.Workload{w})
		if !ok {
			labels = w.Labels
		}
		several = append(several, chosen{[]mesh.Workload{w}, labels})
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
		return nil, false
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

// elsewhere tells whether another namespace has pods with the labels too.
func (c *converter) elsewhere(labels mesh.Labels, namespace string) bool {
	return slices.ContainsFunc(c.topology.Workloads, func(w mesh.Workload) bool {
		return w.Namespace != namespace && w.Labels.Has(labels)
	})
}

// shared is the name of workloads with some labels: that of their app, where they are all of it.
func (s chosen) shared() string {
	if app := s.labels["app"]; app != "" && (len(s.workloads) > 1 || len(s.labels) == 1) {
		return app
	}
	return s.workloads[0].Name.Name
}
