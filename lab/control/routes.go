package control

import (
	"context"
	"encoding/json"
	"slices"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

func (l *lab) routesOf(_ context.Context, q RouteQuery) ([]Routes, error) {
	set := l.objects()
	return routesOf(set, l.pods.Topology(set.Topology()), q)
}

// routesOf are the routes that objects make in a topology.
func routesOf(set objects.Set, t mesh.Topology, q RouteQuery) ([]Routes, error) {
	m := set.Mesh(t)
	var list []Routes
	clients := false
	for _, w := range m.Workloads {
		if !q.isFrom(w) {
			continue
		}
		clients = true
		s, _ := m.SidecarOf(w.Name)
		for _, host := range s.Outbound.Hosts {
			if q.To == "" || slices.Contains(host.Names, q.To) {
				list = append(list, newRoutes(m.Topology, s, host))
			}
		}
	}
	switch {
	case !clients:
		return nil, objects.Errorf(NotFound,
			"there is no deployment %q, nor one of that app", q.From)
	case len(list) == 0:
		return nil, objects.Errorf(NotFound,
			"there is no service %q with an HTTP port, nor a rule that lets calls out to it", q.To)
	}
	for _, f := range set.Findings(t) {
		list[0].Warnings = append(list[0].Warnings, f.Text)
	}
	return list, addEffective(set, t, list)
}

func (q RouteQuery) isFrom(w mesh.Workload) bool {
	in := q.Namespace == "" || w.Namespace == q.Namespace
	return in && (q.From == "" || w.Name.Name == q.From || w.Labels["app"] == q.From)
}

func newRoutes(t mesh.Topology, s mesh.Sidecar, host mesh.VirtualHost) Routes {
	r := Routes{From: s.Workload, Host: host}
	named := clustersOf(host)
	for _, u := range s.Outbound.Clusters {
		if !named[u.Cluster.Key()] {
			continue
		}
		c := ClusterRoute{Upstream: u}
		for _, e := range t.Endpoints(u.Cluster) {
			c.Pods++
			if e.Instance.Ready {
				c.Ready++
			}
		}
		r.Clusters = append(r.Clusters, c)
	}
	return r
}

// clustersOf are the keys of the clusters that a host's routes name.
func clustersOf(host mesh.VirtualHost) map[string]bool {
	named := map[string]bool{}
	for _, route := range host.Routes {
		for _, d := range route.Destinations {
			named[d.Cluster.Key()] = true
		}
		for _, m := range route.Mirrors {
			named[m.Cluster.Key()] = true
		}
	}
	return named
}

// addEffective says the same of the services in the words of the rules' dialect.
func addEffective(set objects.Set, t mesh.Topology, list []Routes) error {
	for i, r := range list {
		service, ok := serviceOf(t, r.Host)
		if !ok {
			continue
		}
		target := objects.Target{Client: r.From, Service: service.Name, Port: r.Host.Port}
		view, err := set.Effective(t, target)
		if err != nil {
			return err
		}
		if list[i].Effective, err = json.Marshal(view); err != nil {
			return err
		}
	}
	return nil
}

func serviceOf(t mesh.Topology, host mesh.VirtualHost) (mesh.Service, bool) {
	for _, name := range host.Names {
		if s, ok := t.ServiceAt(name); ok {
			return s, true
		}
	}
	return mesh.Service{}, false
}
