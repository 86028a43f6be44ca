package objects

import (
	"reflect"
	"slices"
	"sync"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// resolution is what was made of the objects of a Set. A Set is never changed, so each of its
// answers is computed once, and copies share it.
type resolution struct {
	topology func() mesh.Topology
	expected func() mesh.Topology
	rules    []func() rules.Set // by dialect
	meshes   answers[mesh.Mesh]
	findings answers[[]Finding]
}

// resolved returns a Set that remembers what is made of it.
func (s Set) resolved() Set {
	s.known = nil
	plain := s
	s.known = &resolution{
		topology: sync.OnceValue(func() mesh.Topology { return clipped(plain.Topology()) }),
		expected: sync.OnceValue(func() mesh.Topology { return clipped(plain.Expected()) }),
	}
	for d := range dialects() {
		s.known.rules = append(s.known.rules, sync.OnceValue(func() rules.Set { return plain.rulesOf(d) }))
	}
	return s
}

// clipped has who appends to it make a copy.
func clipped(t mesh.Topology) mesh.Topology {
	t.Workloads, t.Instances = slices.Clip(t.Workloads), slices.Clip(t.Instances)
	t.Services, t.Ingresses = slices.Clip(t.Services), slices.Clip(t.Ingresses)
	return t
}

// Topology is what the manifests describe; no instance runs in it.
func (s Set) Topology() mesh.Topology {
	if s.known != nil {
		return s.known.topology()
	}
	return manifests.Topology(s.manifests())
}

// Mesh is what the rules make of a topology.
func (s Set) Mesh(t mesh.Topology) mesh.Mesh {
	if s.known != nil {
		return s.known.meshes.of(t, s.mesh)
	}
	return s.mesh(t)
}

// Findings are what a reader should know about the rules, in the order of their keys.
func (s Set) Findings(t mesh.Topology) []Finding {
	if s.known != nil {
		return slices.Clip(s.known.findings.of(t, s.find))
	}
	return s.find(t)
}

// answers are those to the last few topologies.
type answers[T any] struct {
	mu   sync.Mutex
	list []answer[T] // the latest first
}

type answer[T any] struct {
	topology mesh.Topology
	value    T
}

// remembered is room for what runs and for what is expected to run.
const remembered = 2

func (a *answers[T]) of(t mesh.Topology, compute func(mesh.Topology) T) T {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, known := range a.list {
		if reflect.DeepEqual(known.topology, t) {
			return known.value
		}
	}
	value := compute(t)
	a.list = append([]answer[T]{{t, value}}, a.list[:min(len(a.list), remembered-1)]...)
	return value
}
