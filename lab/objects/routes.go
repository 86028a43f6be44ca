package control

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

func (l *lab) routesOf(_ context.Context, q RouteQuery) ([]Routes, error) {
	set := l.objects()
	return routesOf(set, l.pods.Topology(set.Topology()), q)
}

// analyze is what there is to say about what is in force.
func (l *lab) analyze(context.Context, struct{}) ([]Finding, error) {
	return l.objects().Analysis(), nil
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
		list = append(list, q.from(m.Topology, s)...)
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
		list[0].Warnings = append(list[0].Warnings, f.Sentence())
	}
	return list, addEffective(set, t, list)
}

// from are the routes of one workload.
func (q RouteQuery) from(t mesh.Topology, s mesh.Sidecar) []Routes {
	var list []Routes
	for _, host := range s.Outbound.Hosts {
		if q.To == "" || slices.Contains(host.Names, q.To) {
			list = append(list, newRoutes(t, s, host))
		}
	}
	if host, ok := q.hidden(t, s); ok && len(list) == 0 {
		list = append(list, elsewhere(s, host))
	}
	return list
}

// hidden is a host that calls reach as they do any host: a service that rules hide, or one that
// is none, where the proxy does not just answer 404.
func (q RouteQuery) hidden(t mesh.Topology, s mesh.Sidecar) (mesh.VirtualHost, bool) {
	for _, service := range t.Services {
		names := service.Names(s.Workload.Namespace)
		i := slices.IndexFunc(service.Ports, func(p mesh.ServicePort) bool {
			return p.Protocol != mesh.TCP
		})
		if i >= 0 && slices.Contains(names, q.To) {
			return mesh.VirtualHost{Names: names, Port: service.Ports[i].Number}, true
		}
	}
	answers := !s.Outbound.AllowAny && s.Outbound.Unknown.Status == http.StatusNotFound
	return mesh.VirtualHost{Names: []string{q.To}}, strings.Contains(q.To, ".") && !answers
}

// elsewhere is what becomes of calls of any host, under Istio's names for it.
func elsewhere(s mesh.Sidecar, host mesh.VirtualHost) Routes {
	route := mesh.Route{From: "block_all", Direct: new(s.Outbound.Unknown)}
	if s.Outbound.AllowAny {
		any := mesh.Destination{Cluster: mesh.Cluster{Host: "PassthroughCluster"}, Weight: 100}
		route = mesh.Route{From: "allow_any", Destinations: []mesh.Destination{any}}
	}
	host.Routes = []mesh.Route{route}
	return Routes{From: s.Workload, Host: host}
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
