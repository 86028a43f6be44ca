package objects

import (
	"fmt"

	"istio-tutorial/lab/mesh"
)

// Expected is the topology in which every workload has all the instances that it asks for.
func (s Set) Expected() mesh.Topology {
	if s.known != nil {
		return s.known.expected()
	}
	t := s.Topology()
	for _, w := range t.Workloads {
		for n := range w.Replicas {
			t.Instances = append(t.Instances, mesh.Instance{
				Name:      mesh.Name{Namespace: w.Namespace, Name: fmt.Sprintf("%s-%d", w.Name.Name, n)},
				Workload:  w.Name,
				Labels:    w.Labels,
				Addresses: addresses(w.Container),
				Ready:     true,
			})
		}
	}
	return t
}

// addresses say that there are some, not where.
func addresses(c mesh.Container) map[int]string {
	list := map[int]string{}
	for _, p := range c.Ports {
		list[p.Number] = fmt.Sprintf("127.0.0.1:%d", p.Number)
	}
	return list
}
