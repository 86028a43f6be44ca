// Package v1 reads the rules of today's Istio, APIs networking.istio.io, security.istio.io and
// telemetry.istio.io, and turns them into mesh values with the meaning that they have in Istio
// 1.30: the first route in order that matches, one VirtualService for a host (the oldest),
// blocks of a policy that replace each other whole, two default retries, the less busy of two
// pods, no panic, and every host outside the mesh allowed.
//
// Features that the tutorial does not use are refused with "not supported by the lab"; field by
// field they are in docs/refused.md:
//   - VirtualService: tcp and tls routes, delegates, corsPolicy and gRPC aborts;
//   - Gateway: everything but HTTP servers;
//   - DestinationRule: localities, warm-up, PASSTHROUGH, HTTP/2 upgrades,
//     idle connections and keep-alive, tunnels, proxy protocol, retry budgets, local origin
//     errors, own certificates, and tls DISABLE;
//   - ServiceEntry: everything but HTTP, TLS and TCP to hosts outside by their whole names, where
//     DNS has them;
//   - Sidecar: ingress, ports and binds, connection pools, egress proxies;
//   - AuthorizationPolicy: AUDIT, CUSTOM, targetRefs, operations and conditions, and sources
//     other than principals, service accounts and namespaces;
//   - PeerAuthentication: DISABLE and single ports;
//   - EnvoyFilter: everything but a local rate limit on a workload's inbound calls;
//   - Telemetry: everything but tags of REQUEST_COUNT as the server counts it.
package v1

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"
)

// Kind is a kind of rule and its names.
type Kind struct {
	Kind   string // in a file: VirtualService
	Group  string // networking.istio.io
	Plural string // of the resource: virtualservices; the singular is Kind in lower case
	Short  string // virtualservice's vs; "" for none
	// Versions of the group that have the kind, the first is the one to write.
	Versions []string
}

const (
	virtualServiceKind      = "VirtualService"
	destinationRuleKind     = "DestinationRule"
	serviceEntryKind        = "ServiceEntry"
	sidecarKind             = "Sidecar"
	envoyFilterKind         = "EnvoyFilter"
	gatewayKind             = "Gateway"
	authorizationPolicyKind = "AuthorizationPolicy"
	peerAuthenticationKind  = "PeerAuthentication"
	telemetryKind           = "Telemetry"
)

// Kinds are all kinds, in the order of their names.
func Kinds() []Kind {
	const network, secure = "networking.istio.io", "security.istio.io"
	all, alpha := []string{"v1", "v1beta1", "v1alpha3"}, []string{"v1alpha3"}
	return []Kind{
		{authorizationPolicyKind, secure, "authorizationpolicies", "ap", all[:2]},
		{destinationRuleKind, network, "destinationrules", "dr", all},
		{envoyFilterKind, network, "envoyfilters", "", alpha},
		{gatewayKind, network, "gateways", "gw", all},
		{peerAuthenticationKind, secure, "peerauthentications", "pa", all[:2]},
		{serviceEntryKind, network, "serviceentries", "se", all},
		{sidecarKind, network, "sidecars", "", all},
		{telemetryKind, "telemetry.istio.io", "telemetries", "telemetry", []string{"v1", "v1alpha1"}},
		{virtualServiceKind, network, "virtualservices", "vs", all},
	}
}

// Has tells whether a document of an API version and a kind is of this Kind.
func (k Kind) Has(apiVersion, kind string) bool {
	group, version, _ := strings.Cut(apiVersion, "/")
	return k.Kind == kind && k.Group == group && slices.Contains(k.Versions, version)
}

// message is an empty spec of a kind.
func (k Kind) message() proto.Message {
	switch k.Kind {
	case virtualServiceKind:
		return &networking.VirtualService{}
	case destinationRuleKind:
		return &networking.DestinationRule{}
	case serviceEntryKind:
		return &networking.ServiceEntry{}
	case sidecarKind:
		return &networking.Sidecar{}
	case envoyFilterKind:
		return &networking.EnvoyFilter{}
	case gatewayKind:
		return &networking.Gateway{}
	case authorizationPolicyKind:
		return &security.AuthorizationPolicy{}
	case peerAuthenticationKind:
		return &security.PeerAuthentication{}
	default:
		return &telemetry.Telemetry{}
	}
}
