// Package gatewayapi reads the rules of the Gateway API, gateway.networking.k8s.io/v1 with the
// experimental channel's retries, as Istio 1.30 does: an HTTPRoute of a Service acts on the calls
// of the sidecars and wins over VirtualServices, several of one Service add up, and the more
// specific match comes first; a Gateway of class istio is the way in.
//
// Features that the tutorial does not use are refused with "not supported by the lab": filters of
// type CORS, ExternalAuth and ExtensionRef, filters of backends, session persistence, parents
// other than a Service and a Gateway, sections of a Gateway, backends other than Services, and of
// a Gateway everything but HTTP listeners with a host name. docs/refused.md lists them.
package gatewayapi

import (
	"encoding/json"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	v1 "istio-tutorial/lab/rules/v1"
)

// Group is the one that all kinds of this package have.
const Group = "gateway.networking.k8s.io"

const (
	httpRouteKind = "HTTPRoute"
	gatewayKind   = "Gateway"
	serviceKind   = "Service"
)

// Kinds are all kinds, in the order of their names.
func Kinds() []v1.Kind {
	versions := []string{"v1", "v1beta1"}
	return []v1.Kind{
		{Kind: gatewayKind, Group: Group, Plural: "gateways", Short: "gtw", Versions: versions},
		{Kind: httpRouteKind, Group: Group, Plural: "httproutes", Versions: versions},
	}
}

// Extension is these rules for package v1, for a set that has them.
func Extension() v1.Extension {
	return v1.Extension{Routes: serviceRoutes, Gateway: gatewayHosts}
}

// Resolve is the mesh in which the rules of both packages are in force.
func Resolve(s v1.Set, t mesh.Topology) mesh.Mesh { return v1.Resolve(s, t, Extension()) }

// Effective is what the rules of both packages make of a client's calls to a service.
func Effective(s v1.Set, t mesh.Topology, target v1.Target) (v1.View, error) {
	return v1.Effective(s, t, target, Extension())
}

// rule is one of this package together with its spec.
type rule[S any] struct {
	v1.Rule
	spec *S
}

// rulesOf are the rules whose spec is an S, the oldest first.
func rulesOf[S any](s v1.Set) []rule[S] {
	var list []rule[S]
	for _, r := range s.Oldest() {
		if spec, ok := r.Spec.(*S); ok {
			list = append(list, rule[S]{r, spec})
		}
	}
	return list
}

// withDefaults writes out the defaults that the API server sets and the published types leave
// open.
func withDefaults(s *gateway.HTTPRouteSpec) {
	if len(s.Rules) == 0 {
		s.Rules = []gateway.HTTPRouteRule{{}}
	}
	for i := range s.Rules {
		if len(s.Rules[i].Matches) == 0 {
			s.Rules[i].Matches = []gateway.HTTPRouteMatch{{}}
		}
	}
}

// or is what a field points to, else its default.
func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// present tells whether a field says anything.
func present(v any) bool {
	data, err := json.Marshal(v)
	return err == nil && string(data) != "null"
}
