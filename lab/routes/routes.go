// Package routes is what the rules make of the calls of workloads.
package routes

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

// Query picks what Of returns; empty fields are all.
type Query struct {
	From      string // a Deployment, or the app of one: preference-v1, preference
	To        string // a Service, such as recommendation, or a host outside
	Namespace string // of both
}

// Table is what the rules make of one workload's calls to one host and port.
type Table struct {
	From     mesh.Name // the workload
	Host     mesh.VirtualHost
	Clusters []Cluster // those that Host's routes name
	// Effective is the same in the words of the rules' dialect, with the fields of Istio's own.
	Effective json.RawMessage
	// Warnings are the rules that never act, or less than they say; the first of several Tables
	// has them.
	Warnings []string
}

// Cluster is a cluster, how the workload treats it, and how many pods it has.
type Cluster struct {
	mesh.Upstream
	Pods, Ready int
}

// Of are the routes that the objects make in a topology. The error is an *objects.Error.
func Of(s objects.Set, t mesh.Topology, q Query) ([]Table, error) {
	m := s.Mesh(t)
	var list []Table
	clients := false
	for _, w := range m.Workloads {
		if !q.isFrom(w) {
			continue
		}
		clients = true
		sidecar, _ := m.SidecarOf(w.Name)
		list = append(list, q.from(m.Topology, sidecar)...)
	}
	switch {
	case !clients:
		return nil, objects.Errorf(objects.NotFound,
			"there is no deployment %q, nor one of that app", q.From)
	case len(list) == 0:
		return nil, objects.Errorf(objects.NotFound,
			"there is no service %q with an HTTP port, nor a rule that lets calls out to it", q.To)
	}
	for _, f := range s.Findings(t) {
		list[0].Warnings = append(list[0].Warnings, f.Sentence())
	}
	return list, addEffective(s, t, list)
}

// from are the routes of one workload.
func (q Query) from(t mesh.Topology, s mesh.Sidecar) []Table {
	var list []Table
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
func (q Query) hidden(t mesh.Topology, s mesh.Sidecar) (mesh.VirtualHost, bool) {
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
func elsewhere(s mesh.Sidecar, host mesh.VirtualHost) Table {
	route := mesh.Route{From: "block_all", Direct: new(s.Outbound.Unknown)}
	if s.Outbound.AllowAny {
		passthrough := mesh.Destination{Cluster: mesh.Cluster{Host: "PassthroughCluster"}, Weight: 100}
		route = mesh.Route{From: "allow_any", Destinations: []mesh.Destination{passthrough}}
	}
	host.Routes = []mesh.Route{route}
	return Table{From: s.Workload, Host: host}
}

func (q Query) isFrom(w mesh.Workload) bool {
	in := q.Namespace == "" || w.Namespace == q.Namespace
	return in && (q.From == "" || w.Name.Name == q.From || w.Labels["app"] == q.From)
}

func newRoutes(t mesh.Topology, s mesh.Sidecar, host mesh.VirtualHost) Table {
	r := Table{From: s.Workload, Host: host}
	named := clustersOf(host)
	for _, u := range s.Outbound.Clusters {
		if !named[u.Cluster.Key()] {
			continue
		}
		c := Cluster{Upstream: u}
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
func addEffective(s objects.Set, t mesh.Topology, list []Table) error {
	for i, r := range list {
		service, ok := serviceOf(t, r.From.Namespace, r.Host)
		if !ok {
			continue
		}
		target := objects.Target{Client: r.From, Service: service.Name, Port: r.Host.Port}
		view, err := s.Effective(t, target)
		if err != nil {
			return err
		}
		if list[i].Effective, err = json.Marshal(view); err != nil {
			return err
		}
	}
	return nil
}

// serviceOf is the service that a host is, or whose short name it has.
func serviceOf(t mesh.Topology, namespace string, host mesh.VirtualHost) (mesh.Service, bool) {
	for _, name := range host.Names {
		i := slices.IndexFunc(t.Services, func(s mesh.Service) bool {
			return slices.Contains(s.Names(namespace), name)
		})
		if i >= 0 {
			return t.Services[i], true
		}
	}
	return mesh.Service{}, false
}
