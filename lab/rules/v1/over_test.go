package v1_test

import (
	"reflect"
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/classic"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// outboundOf is preference's in the mesh of both dialects' files.
func outboundOf(t *testing.T, old, today string) (mesh.Mesh, mesh.Sidecar) {
	t.Helper()
	var classics classic.Set
	var now v1.Set
	for name := range strings.FieldsSeq(old) {
		rules, err := classic.Parse(file(t, istiofiles+"/"+name), namespace)
		if err != nil {
			t.Fatal(err)
		}
		classics = classics.Apply(rules...)
	}
	for name := range strings.FieldsSeq(today) {
		rules, err := v1.Parse(file(t, istiofiles+"/v1/"+name), namespace)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Apply(rules...)
	}
	m := v1.Over(classic.Resolve(classics, topology()), now, gatewayapi.Extension())
	sidecar, _ := m.SidecarOf(tutorial("preference-v1"))
	return m, sidecar
}

func hostOf(t *testing.T, s mesh.Sidecar, name string) mesh.VirtualHost {
	t.Helper()
	for _, h := range s.Outbound.Hosts {
		if h.Names[0] == name {
			return h
		}
	}
	t.Fatalf("no host %s", name)
	return mesh.VirtualHost{}
}

func TestOverNothing(t *testing.T) {
	t.Parallel()
	got, _ := outboundOf(t, "route-rule-recommendation-v1.yml acl-blacklist.yml egress_github.yml", "")
	rules := append(
		file(t, istiofiles+"/route-rule-recommendation-v1.yml"),
		append(file(t, istiofiles+"/acl-blacklist.yml"), file(t, istiofiles+"/egress_github.yml")...)...,
	)
	parsed, err := classic.Parse(rules, namespace)
	if err != nil {
		t.Fatal(err)
	}
	want := classic.Resolve(classic.Set{}.Apply(parsed...), topology())
	if !reflect.DeepEqual(settled(got), settled(want)) {
		t.Errorf("mesh\n%s\nwant\n%s", canonical(t, got), canonical(t, want))
	}
}

func TestOverOneHost(t *testing.T) {
	t.Parallel()
	_, s := outboundOf(t, "route-rule-recommendation-v1.yml", "route-rule-recommendation-v2.yml")
	recommendation := hostOf(t, s, "recommendation").Routes
	if len(recommendation) != 1 || recommendation[0].From != "istio-tutorial/recommendation" ||
		recommendation[0].Retry == nil {
		t.Errorf("routes %+v", recommendation)
	}
	if customer := hostOf(t, s, "customer").Routes; customer[0].Retry != nil {
		t.Errorf("customer is of today: %+v", customer)
	}
	for _, u := range s.Outbound.Clusters {
		today := strings.HasPrefix(u.Cluster.Host, "recommendation.")
		if want := map[bool]mesh.Balance{true: mesh.LeastRequest}[today]; u.Policy.Balance != want {
			t.Errorf("cluster %s balances by %d", u.Cluster.Key(), u.Policy.Balance)
		}
	}
	if s.Outbound.AllowAny || s.Outbound.Unknown.Status != 404 {
		t.Error("unknown hosts are of today, though no Sidecar says so")
	}
}

func TestOverBoth(t *testing.T) {
	t.Parallel()
	m, s := outboundOf(t, "acl-blacklist.yml egress_httpbin.yml",
		"acl-blacklist.yml acl-whitelist.yml egress_github.yml egress_registry_only.yml")
	if s.Outbound.AllowAny || s.Outbound.Unknown.Status != 502 {
		t.Errorf("unknown hosts: %+v", s.Outbound.Unknown)
	}
	hostOf(t, s, "httpbin.org")
	hostOf(t, s, "api.github.com")
	if len(m.External) != 2 {
		t.Errorf("external hosts %+v", m.External)
	}
	denials := s.Inbound.Denials
	if len(denials) != 2 || !strings.HasPrefix(denials[0].Answer.Body, "PERMISSION_DENIED") ||
		denials[1].Answer.Body != "RBAC: access denied" {
		t.Fatalf("denials %+v", denials)
	}
	for _, n := range denials[1].Callers.Workloads {
		if n == tutorial("customer-v1") {
			t.Error("customer is refused twice")
		}
	}
}
