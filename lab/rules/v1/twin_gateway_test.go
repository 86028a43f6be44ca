package v1_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

func versionServices() []difference {
	return []difference{
		{"the Gateway API knows no subsets: each version is a Service", func(m *mesh.Mesh) {
			clusters(func(c *mesh.Cluster) {
				if app, version, ok := versionOf(c.Host); ok {
					c.Host = mesh.Service{Name: tutorial(app)}.Host()
					c.Labels = mesh.Labels{"version": version}
				}
			})(m)
			outbounds(func(out *mesh.Outbound) {
				out.Hosts = slices.DeleteFunc(out.Hosts, func(h mesh.VirtualHost) bool {
					_, _, ok := versionOf(h.Names[0])
					return ok
				})
				slices.SortFunc(out.Clusters, func(a, b mesh.Upstream) int {
					return strings.Compare(a.Cluster.Key(), b.Cluster.Key())
				})
				out.Clusters = slices.CompactFunc(out.Clusters, func(a, b mesh.Upstream) bool {
					return reflect.DeepEqual(a, b)
				})
				out.Clusters = slices.DeleteFunc(out.Clusters, func(u mesh.Upstream) bool {
					return !names(out, u.Cluster)
				})
			})(m)
			m.Services = slices.DeleteFunc(m.Services, func(s mesh.Service) bool {
				_, _, ok := versionOf(s.Name.Name)
				return ok
			})
		}},
		{"what is not there answers 500", routes(func(r *mesh.Route) { r.Missing = 0 })},
		{"statuses are listed, 5xx is no word of it", routes(func(r *mesh.Route) {
			if r.Retry != nil && len(r.Retry.Statuses) == 4 {
				r.Retry.On, r.Retry.Statuses = []string{"5xx"}, nil
			}
		})},
	}
}

// versionOf is recommendation and v2 of recommendation-v2.
func versionOf(host string) (app, version string, ok bool) {
	name, _, _ := strings.Cut(host, ".")
	app, version, ok = strings.Cut(name, "-")
	return app, version, ok
}

// names reports whether a route leads to a cluster: no route leads to the version Services alone.
func names(out *mesh.Outbound, c mesh.Cluster) bool {
	found := false
	routes(func(r *mesh.Route) {
		for _, d := range r.Destinations {
			found = found || d.Cluster.Key() == c.Key()
		}
		for _, m := range r.Mirrors {
			found = found || m.Cluster.Key() == c.Key()
		}
	})(&mesh.Mesh{Sidecars: []mesh.Sidecar{{Outbound: *out}}})
	return found
}

func TestGatewayTwins(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(istiofiles + "/gateway-api/route-rule-*.yml")
	if err != nil || len(files) != 12 {
		t.Fatal(len(files), err)
	}
	table := twins()
	for _, path := range files {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair := table[name]
			before := classicMesh(t, append(pair.classic, name))
			set, top := gatewaySet(t, path)
			for _, f := range gatewayapi.Findings(set, top) {
				t.Errorf("%s: %s", path, f)
			}
			now := gatewayapi.Resolve(set, top)
			all := append(versionServices(), everywhere()...)
			for _, d := range append(all, pair.differences...) {
				d.erase(&before)
				d.erase(&now)
			}
			if !reflect.DeepEqual(settled(before), settled(now)) {
				t.Errorf("2018\n%s\ntoday\n%s", canonical(t, before), canonical(t, now))
			}
		})
	}
}

// gatewaySet is a file's rules, and the topology with its Services.
func gatewaySet(t *testing.T, path string) (rules.Set, mesh.Topology) {
	t.Helper()
	return gatewayObjects(t, file(t, path))
}

func gatewayObjects(t *testing.T, docs []document.Document) (rules.Set, mesh.Topology) {
	t.Helper()
	var loaded []rules.Rule
	top := topology()
	for _, doc := range docs {
		if manifests.Known(doc) {
			object, err := manifests.Parse(doc, namespace)
			if err != nil {
				t.Fatal(err)
			}
			more := manifests.Topology([]manifests.Object{object})
			top.Services = append(top.Services, more.Services...)
			continue
		}
		parsed, err := gatewayapi.Parse([]document.Document{doc}, namespace)
		if err != nil {
			t.Fatal(err)
		}
		loaded = append(loaded, parsed...)
	}
	return rules.Set{}.Apply(loaded...), top
}

// TestGatewayIngress leads every host to customer, as the Ingress of deploy/ does.
func TestGatewayIngress(t *testing.T) {
	t.Parallel()
	set, top := gatewaySet(t, istiofiles+"/gateway-api/ingress.yml")
	top.Ingresses = []mesh.Ingress{{
		Name: tutorial("customer"), Path: "/", Service: tutorial("customer"), Port: 8080,
	}}
	want := v1.Resolve(rules.Set{}, top)
	top.Ingresses = nil
	got := gatewayapi.Resolve(set, top)
	for _, m := range []*mesh.Mesh{&want, &got} {
		routes(func(r *mesh.Route) { r.From, r.Part, r.Missing = "", "", 0 })(m)
	}
	if !reflect.DeepEqual(got.Gateway, want.Gateway) {
		t.Errorf("gateway\n%s\nwant\n%s", canonical(t, got.Gateway), canonical(t, want.Gateway))
	}
	for _, f := range gatewayapi.Findings(set, top) {
		t.Error(f)
	}
}
