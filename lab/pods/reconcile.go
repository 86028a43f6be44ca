package pods

import (
	"cmp"
	"slices"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
)

// surge is how many pods more than desired may be there during a rolling change; none is ever
// missing.
const surge = 1

// reconcile begins to create and to end pods, as desired; m.mu is held.
func (m *Manager) reconcile() {
	wanted := map[mesh.Name]bool{}
	for _, d := range m.desired {
		wanted[d.Workload.Name] = true
		create, remove := plan(d, m.living(d.Workload.Name))
		for _, p := range remove {
			p.terminate()
		}
		for range create {
			m.create(d)
		}
	}
	for _, p := range m.pods {
		if !wanted[p.deployment.Workload.Name] {
			p.terminate()
		}
	}
}

// living are the pods of a Deployment that are to stay, so far.
func (m *Manager) living(deployment mesh.Name) []*pod {
	return slices.DeleteFunc(slices.Clone(m.pods), func(p *pod) bool {
		return p.terminating || p.deployment.Workload.Name != deployment
	})
}

// plan is the next step from the pods there are to those that are desired.
func plan(d manifests.Deployment, living []*pod) (create int, remove []*pod) {
	var current, old []*pod
	ready := 0
	for _, p := range living {
		if p.deployment.Hash == d.Hash {
			current = append(current, p)
		} else {
			old = append(old, p)
		}
		if p.available() {
			ready++
		}
	}
	remove = worst(current, len(current)-d.Replicas)
	for _, p := range worst(old, len(old)) {
		switch {
		case !p.available():
			remove = append(remove, p)
		case ready > d.Replicas:
			remove = append(remove, p)
			ready--
		}
	}
	left := len(living) - len(remove)
	return max(0, min(d.Replicas-len(current), d.Replicas+surge-left)), remove
}

// worst are the n pods to do without, in Kubernetes' order: those that are not ready, were ready
// for the shortest time, restarted most often, are youngest.
func worst(pods []*pod, n int) []*pod {
	list := slices.Clone(pods)
	slices.SortStableFunc(list, func(a, b *pod) int {
		return cmp.Or(
			rank(a.available())-rank(b.available()),
			b.readySince().Compare(a.readySince()),
			cmp.Compare(b.restarts(), a.restarts()),
			b.created.Compare(a.created),
		)
	})
	return list[:max(0, min(n, len(list)))]
}

func rank(ready bool) int {
	if ready {
		return 1
	}
	return 0
}
