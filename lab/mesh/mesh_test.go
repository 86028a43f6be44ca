package mesh_test

import (
	"reflect"
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
)

func tutorial(name string) mesh.Name { return mesh.Name{Namespace: "istio-tutorial", Name: name} }

func recommendation(version string) mesh.Labels {
	return mesh.Labels{"app": "recommendation", "version": version}
}

func topology() mesh.Topology {
	ports := mesh.Container{Ports: []mesh.ContainerPort{{Name: "http", Number: 8080}}}
	return mesh.Topology{
		Workloads: []mesh.Workload{
			{Name: tutorial("recommendation-v1"), Labels: recommendation("v1"), Container: ports},
			{Name: tutorial("recommendation-v2"), Labels: recommendation("v2"), Container: ports},
			{Name: mesh.Name{Namespace: "other", Name: "r"}, Labels: recommendation("v1")},
		},
		Instances: []mesh.Instance{
			{
				Name: tutorial("one"), Workload: tutorial("recommendation-v1"),
				Labels: recommendation("v1"), Addresses: map[int]string{8080: "127.0.0.1:1"},
			},
			{
				Name: tutorial("two"), Workload: tutorial("recommendation-v2"), Ready: true,
				Labels: recommendation("v2"), Addresses: map[int]string{8080: "127.0.0.1:2"},
			},
			{
				Name: tutorial("no-such-port"), Workload: tutorial("recommendation-v2"),
				Labels: recommendation("v2"), Addresses: map[int]string{9779: "127.0.0.1:3"},
			},
			{
				Name: mesh.Name{Namespace: "other", Name: "three"}, Labels: recommendation("v1"),
				Addresses: map[int]string{8080: "127.0.0.1:4"},
			},
		},
		Services: []mesh.Service{
			{
				Name:     tutorial("recommendation"),
				Selector: mesh.Labels{"app": "recommendation"},
				Ports: []mesh.ServicePort{
					{Name: "http", Number: 8080, Target: "http"}, {Number: 80, Target: "8080"},
					{Number: 9779}, {Number: 81, Target: "nope"},
				},
			},
			{Name: tutorial("headless"), Ports: []mesh.ServicePort{{Number: 8080}}},
		},
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	full := "recommendation.istio-tutorial.svc.cluster.local"
	for name, c := range map[string]struct {
		cluster mesh.Cluster
		want    string
	}{
		"named target":     {mesh.Cluster{Host: full, Port: 8080}, "one two"},
		"number as target": {mesh.Cluster{Host: full, Port: 80}, "one two"},
		"no target":        {mesh.Cluster{Host: full, Port: 9779}, "no-such-port"},
		"unknown target":   {mesh.Cluster{Host: full, Port: 81}, ""},
		"labels": {
			mesh.Cluster{Host: full, Port: 8080, Labels: mesh.Labels{"version": "v2"}},
			"two",
		},
		"both labels":   {mesh.Cluster{Host: full, Port: 8080, Labels: recommendation("v1")}, "one"},
		"no such label": {mesh.Cluster{Host: full, Port: 8080, Labels: mesh.Labels{"x": ""}}, ""},
		"no such port":  {mesh.Cluster{Host: full, Port: 1}, ""},
		"short host":    {mesh.Cluster{Host: "recommendation", Port: 8080}, ""},
		"selector is empty": {
			mesh.Cluster{Host: "headless.istio-tutorial.svc.cluster.local", Port: 8080},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, e := range topology().Endpoints(c.cluster) {
				got = append(got, e.Instance.Name.Name)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("endpoints of %s: %q, want %q", c.cluster.Key(), s, c.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	s := topology().Services[0]
	want := "recommendation.istio-tutorial recommendation.istio-tutorial.svc " +
		"recommendation.istio-tutorial.svc.cluster recommendation.istio-tutorial.svc.cluster.local"
	if got := strings.Join(s.Names("other"), " "); got != want {
		t.Errorf("from another namespace: %s", got)
	}
	if got := strings.Join(s.Names("istio-tutorial"), " "); got != "recommendation "+want {
		t.Errorf("from its own namespace: %s", got)
	}
}

func TestClusterKey(t *testing.T) {
	t.Parallel()
	c := mesh.Cluster{Host: "a", Port: 80}
	if got := c.Key(); got != "a:80" {
		t.Errorf("key %s", got)
	}
	c.Labels = mesh.Labels{"version": "v1", "app": "x"}
	if got := c.Key(); got != "a:80|app=x,version=v1" {
		t.Errorf("key %s", got)
	}
}

func TestServicesOf(t *testing.T) {
	t.Parallel()
	top := topology()
	for i, want := range []int{1, 1, 0} {
		if got := len(top.ServicesOf(top.Workloads[i])); got != want {
			t.Errorf("services of %s: %d, want %d", top.Workloads[i].Name, got, want)
		}
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	m := mesh.Mesh{Topology: topology(), Sidecars: []mesh.Sidecar{{Workload: tutorial("a")}}}
	if _, ok := m.SidecarOf(tutorial("a")); !ok {
		t.Error("no sidecar of a")
	}
	if _, ok := m.SidecarOf(tutorial("b")); ok {
		t.Error("a sidecar of b")
	}
	if _, ok := m.Workload(tutorial("nope")); ok {
		t.Error("a workload that is not there")
	}
	if w, ok := m.Workload(tutorial("recommendation-v2")); !ok || w.Labels["version"] != "v2" {
		t.Errorf("workload %+v", w)
	}
}

func TestNewGateway(t *testing.T) {
	t.Parallel()
	top := mesh.Topology{Ingresses: []mesh.Ingress{
		{Name: tutorial("any"), Path: "/", Service: tutorial("customer"), Port: 8080},
		{Name: tutorial("a"), Host: "a", Path: "/x", Service: tutorial("customer"), Port: 8080},
		{Name: tutorial("b"), Host: "a", Path: "/x/long", Service: tutorial("x"), Port: 80},
		{Name: tutorial("c"), Host: "a", Path: "/x", Exact: true, Service: tutorial("x"), Port: 80},
	}}
	customer := mesh.Cluster{Host: "customer.istio-tutorial.svc.cluster.local", Port: 8080}
	x := mesh.Cluster{Host: "x.istio-tutorial.svc.cluster.local", Port: 80}
	route := func(from string, c mesh.Cluster, match ...mesh.Condition) mesh.Route {
		return mesh.Route{
			From: "istio-tutorial/" + from, Match: match,
			Destinations: []mesh.Destination{{Cluster: c, Weight: 100}},
		}
	}
	want := mesh.Outbound{
		Hosts: []mesh.VirtualHost{
			{Names: []string{"*"}, Routes: []mesh.Route{route("any", customer)}},
			{Names: []string{"a"}, Routes: []mesh.Route{
				route("c", x, mesh.Condition{Compare: mesh.Exact, Value: "/x"}),
				route("b", x, mesh.Condition{Compare: mesh.Segments, Value: "/x/long"}),
				route("a", customer, mesh.Condition{Compare: mesh.Segments, Value: "/x"}),
			}},
		},
		Clusters: []mesh.Upstream{
			{Cluster: customer, Policy: mesh.Defaults()}, {Cluster: x, Policy: mesh.Defaults()},
		},
		Unknown: mesh.Response{Status: 404},
	}
	if got := mesh.NewGateway(top); !reflect.DeepEqual(got, want) {
		t.Errorf("gateway\n%+v\nwant\n%+v", got, want)
	}
}
