// Package gatewayapi reads the rules of the Gateway API, gateway.networking.k8s.io/v1 with the
// experimental channel's retries, as Istio 1.31 does: an HTTPRoute or GRPCRoute of a Service acts on
// the calls of the sidecars and wins over VirtualServices, several of one Service add up, and the
// more specific match comes first; a Gateway of class istio is the way in.
//
// Features that one Envoy on one machine does not do are refused with "not supported by the lab":
// filters of type ExternalAuth and ExtensionRef, parents other than a Service, a ServiceEntry and a
// Gateway, backends other than Services and hosts, and of a Gateway listeners of TCP and UDP.
// What Istio itself does not look at is taken, and told. docs/refused.md lists them.
package gatewayapi

import (
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	v1 "istio-tutorial/lab/rules/v1"
)

// Group is the one that all kinds of this package have.
const Group = "gateway.networking.k8s.io"

// istioGroup is that of Istio's own kinds that a route may name.
const istioGroup = "networking.istio.io"

const (
	httpRouteKind = "HTTPRoute"
	grpcRouteKind = "GRPCRoute"
	gatewayKind   = "Gateway"
	tlsRouteKind  = "TLSRoute"
	secretKind    = "Secret"
	serviceKind   = "Service"
	entryKind     = "ServiceEntry"
	hostKind      = "Hostname"
)

// Rules of the kinds, with their specs.
type (
	gatewayRule = rules.Typed[gateway.GatewaySpec]
	grant       = rules.Typed[gateway.ReferenceGrantSpec]
	grpcRoute   = rules.Typed[gateway.GRPCRouteSpec]
	httpRoute   = rules.Typed[gateway.HTTPRouteSpec]
	tlsRoute    = rules.Typed[gateway.TLSRouteSpec]
)

// table is all kinds, in the order of their names.
func table() rules.Table[*validator, inspector] {
	const versions, set = "v1, v1beta1", "gateway-api"
	return rules.Table[*validator, inspector]{
		rules.NewRow(rules.Kind{
			Kind: grpcRouteKind, Plural: "grpcroutes", Group: Group, Versions: "v1", Set: set,
			Columns: "HOSTNAMES:.spec.hostnames",
		}, (*validator).grpcRoute, inspector.grpcRouteNotes),
		rules.NewRow(rules.Kind{
			Kind: gatewayKind, Plural: "gateways", Short: "gtw", Group: Group, Versions: versions, Set: set,
			Columns: "CLASS:.spec.gatewayClassName,ADDRESS:.status.addresses.value,PROGRAMMED:.status.conditions[type=Programmed].status",
		}, (*validator).gateway, inspector.gatewayNotes),
		rules.NewRow(rules.Kind{
			Kind: httpRouteKind, Plural: "httproutes", Group: Group, Versions: versions, Set: set,
			Columns: "HOSTNAMES:.spec.hostnames",
		}, (*validator).httpRoute, inspector.httpRouteNotes),
		rules.NewRow(rules.Kind{
			Kind: "ReferenceGrant", Plural: "referencegrants", Short: "refgrant", Group: Group,
			Versions: "v1, v1beta1", Set: set,
		}, (*validator).referenceGrant, inspector.grantNotes),
		rules.NewRow(rules.Kind{
			Kind: tlsRouteKind, Plural: "tlsroutes", Group: Group, Versions: "v1, v1alpha3, v1alpha2", Set: set,
			Columns: "HOSTNAMES:.spec.hostnames",
		}, (*validator).tlsRoute, inspector.tlsRouteNotes),
	}
}

// Kinds are all kinds, in the order of their names.
func Kinds() []rules.Kind { return table().Kinds() }

// Extension is these rules for package v1, for a set that has them.
func Extension() v1.Extension {
	kinds := table()
	return v1.Extension{
		Routes: meshRoutes, Gateway: gatewayHosts, Doors: doors, Proxies: proxies,
		Inspect: func(s rules.Set, t mesh.Topology, r *rules.Rule) []rules.Finding {
			return kinds.Inspect(inspector{s, t}, r)
		},
	}
}

// Resolve is the mesh in which the rules of both packages are in force.
func Resolve(s rules.Set, t mesh.Topology) mesh.Mesh { return v1.Resolve(s, t, Extension()) }

// Findings are what a reader should know about the rules of both packages, in the order of their
// keys.
func Findings(s rules.Set, t mesh.Topology) []rules.Finding {
	return v1.Findings(s, t, Extension())
}

// Effective is what the rules of both packages make of a client's calls to a service.
func Effective(s rules.Set, t mesh.Topology, target rules.Target) (v1.View, error) {
	return v1.Effective(s, t, target, Extension())
}

// orOne is a list, or one empty item: the API server writes it where there is none.
func orOne[T any](list []T) []T {
	if len(list) == 0 {
		return make([]T, 1)
	}
	return list
}

// or is what a field points to, else its default.
func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
