package filter_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	localv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/filter"
	"istio-tutorial/lab/xds/message"
)

// unpack reads the settings of the only step.
func unpack(t *testing.T, settings map[string]*anypb.Any, into proto.Message) {
	t.Helper()
	if len(settings) != 1 {
		t.Fatalf("%d steps, want 1", len(settings))
	}
	for _, one := range settings {
		if err := one.UnmarshalTo(into); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLocalTokens limits a port by its own limit, in place of that of all ports; one with a bucket is Envoy's to ask
// for, and none of these.
func TestLocalTokens(t *testing.T) {
	t.Parallel()
	limit := func(port, tokens int) mesh.RateLimit {
		return mesh.RateLimit{Tokens: tokens, Interval: time.Minute, LimitDetails: mesh.LimitDetails{Port: port}}
	}
	shared := limit(0, 9)
	shared.Bucket = "all"
	in := mesh.Inbound{Limits: []mesh.RateLimit{shared, limit(0, 5), limit(8080, 2)}}
	for port, want := range map[int]uint32{8080: 2, 9090: 5} {
		var got localv3.LocalRateLimit
		unpack(t, filter.LocalTokens(&message.Packer{}, mesh.Name{Name: "pod"}, port, in), &got)
		if got.TokenBucket.MaxTokens != want {
			t.Errorf("%d: %d tokens, want %d", port, got.TokenBucket.MaxTokens, want)
		}
	}
}

// TestPrepared prepares a listener for as many limits and faults as any workload has, and for a few where there are
// none, so that the first one changes no listener.
func TestPrepared(t *testing.T) {
	t.Parallel()
	faults := func(n int) mesh.Sidecar {
		to := []mesh.Destination{{Faults: make([]mesh.Fault, n)}}
		return mesh.Sidecar{Outbound: mesh.Outbound{Hosts: []mesh.VirtualHost{{Routes: []mesh.Route{{Destinations: to}}}}}}
	}
	limits := mesh.Sidecar{Inbound: mesh.Inbound{Limits: []mesh.RateLimit{{}, {Bucket: "shared"}, {}}}}
	few := filter.MostFaults(mesh.Mesh{})
	if few == 0 || filter.MostFaults(mesh.Mesh{Sidecars: []mesh.Sidecar{faults(few + 3), faults(1)}}) != few+3 {
		t.Errorf("faults: %d, and not as many as there are", few)
	}
	if few, most := filter.MostLocals(mesh.Mesh{}), filter.MostLocals(mesh.Mesh{Sidecars: []mesh.Sidecar{limits}}); few != 1 || most != 2 {
		t.Errorf("limits: %d and %d, want 1 and 2", few, most)
	}
}

// TestNotBack refuses the ports of the mesh on this machine, and leaves out what is no port.
func TestNotBack(t *testing.T) {
	t.Parallel()
	if got := filter.NotBack(&message.Packer{}, []string{"http"}); got != nil {
		t.Errorf("without a port: %v", got)
	}
	var got rbacv3.RBACPerRoute
	unpack(t, filter.NotBack(&message.Packer{}, []string{"http", "3000", "3001"}), &got)
	for _, policy := range got.Rbac.Rules.Policies {
		if len(policy.Permissions) != 2 {
			t.Errorf("%d ports are refused, want 2", len(policy.Permissions))
		}
	}
}

// TestAnswerBrowsers keeps the settings of a route's other steps, and says only what the rule says.
func TestAnswerBrowsers(t *testing.T) {
	t.Parallel()
	r := &routev3.Route{TypedPerFilterConfig: map[string]*anypb.Any{"other": {}}}
	filter.AnswerBrowsers(&message.Packer{}, r, nil)
	filter.AnswerBrowsers(&message.Packer{}, r, &mesh.Cors{Methods: []string{"GET", "PUT"}, MaxAge: new(90 * time.Second)})
	if names := slices.Sorted(maps.Keys(r.TypedPerFilterConfig)); len(names) != 2 || names[1] != "other" {
		t.Fatalf("steps %q", names)
	}
	delete(r.TypedPerFilterConfig, "other")
	var got corsv3.CorsPolicy
	unpack(t, r.TypedPerFilterConfig, &got)
	if got.AllowMethods != "GET,PUT" || got.MaxAge != "90" || got.AllowCredentials != nil {
		t.Errorf("policy %v", &got)
	}
}
