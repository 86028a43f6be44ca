// Package v1 reads the rules of today's Istio, APIs networking.istio.io, security.istio.io and
// telemetry.istio.io, and turns them into mesh values with the meaning that they have in Istio
// 1.31: the first route in order that matches, one VirtualService for a host (the oldest),
// blocks of a policy that replace each other whole, two default retries, the less busy of two
// pods, no panic, and every host outside the mesh allowed.
//
// Features that the tutorial does not use are refused with "not supported by the lab"; field by
// field they are in docs/refused.md:
//   - Gateway: servers of TCP, and certificates other than those of one Secret;
//   - DestinationRule: tunnels by POST, and own certificates;
//   - ServiceEntry: endpoints with an identity, ranges of IPv6;
//   - Sidecar: ports at which a sidecar itself listens, and TLS at them;
//   - AuthorizationPolicy: CUSTOM, targetRefs, and sources and conditions of addresses;
//   - RequestAuthentication: targetRefs;
//   - EnvoyFilter: everything but local rate limits;
//   - Telemetry: everything but tags of REQUEST_COUNT as the server counts it.
package v1

import (
	"istio-tutorial/lab/rules"
)

// table is all kinds, in the order of their names.
func table() rules.Table[*validator, inspector] {
	const network, secure, measure = "networking.istio.io", "security.istio.io", "telemetry.istio.io"
	const latest = "v1, v1beta1"
	const all = latest + ", v1alpha3"
	const set = "istio-io"
	return rules.Table[*validator, inspector]{
		rules.NewRow(rules.Kind{
			Kind: "AuthorizationPolicy", Plural: "authorizationpolicies", Short: "ap", Group: secure,
			Versions: latest, Set: set, Columns: "ACTION:.spec.action",
		}, (*validator).authorizationPolicy, inspector.accessNotes),
		rules.NewRow(rules.Kind{
			Kind: "DestinationRule", Plural: "destinationrules", Short: "dr", Group: network,
			Versions: all, Set: set, Columns: "HOST:.spec.host",
		}, (*validator).destinationRule, inspector.destinationRuleNotes),
		rules.NewRow(rules.Kind{
			Kind: "EnvoyFilter", Plural: "envoyfilters", Group: network, Versions: "v1alpha3", Set: set,
		}, (*validator).envoyFilter, inspector.envoyFilterNotes),
		rules.NewRow(rules.Kind{
			Kind: "Gateway", Plural: "gateways", Short: "gw", Group: network, Versions: all, Set: set,
		}, (*validator).gateway, inspector.gatewayNotes),
		rules.NewRow(rules.Kind{
			Kind: "PeerAuthentication", Plural: "peerauthentications", Short: "pa", Group: secure,
			Versions: latest, Set: set, Columns: "MODE:.spec.mtls.mode",
		}, (*validator).peerAuthentication, inspector.peerAuthenticationNotes),
		rules.NewRow(rules.Kind{
			Kind: "RequestAuthentication", Plural: "requestauthentications", Short: "ra", Group: secure,
			Versions: latest, Set: set,
		}, (*validator).requestAuthentication, inspector.requestAuthenticationNotes),
		rules.NewRow(rules.Kind{
			Kind: "ServiceEntry", Plural: "serviceentries", Short: "se", Group: network,
			Versions: all, Set: set,
			Columns: "HOSTS:.spec.hosts,LOCATION:.spec.location,RESOLUTION:.spec.resolution",
		}, (*validator).serviceEntry, inspector.serviceEntryNotes),
		rules.NewRow(rules.Kind{
			Kind: "Sidecar", Plural: "sidecars", Group: network, Versions: all, Set: set,
		}, (*validator).sidecar, inspector.sidecarNotes),
		rules.NewRow(rules.Kind{
			Kind: "Telemetry", Plural: "telemetries", Short: "telemetry", Group: measure,
			Versions: "v1, v1alpha1", Set: set,
		}, (*validator).telemetry, inspector.telemetryNotes),
		rules.NewRow(rules.Kind{
			Kind: "VirtualService", Plural: "virtualservices", Short: "vs", Group: network,
			Versions: all, Set: set, Columns: "GATEWAYS:.spec.gateways,HOSTS:.spec.hosts",
		}, (*validator).virtualService, inspector.virtualServiceNotes),
	}
}

// Kinds are all kinds, in the order of their names.
func Kinds() []rules.Kind { return table().Kinds() }
