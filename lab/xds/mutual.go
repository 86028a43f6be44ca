package xds

import (
	"strconv"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	inspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	rawbufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/match"
)

// Proxies of the mesh speak mutual TLS where both sides can. A client goes by what each host's mark
// says, so that hosts with and without a sidecar may be behind one name; a server by the first bytes
// of a connection. What a server takes are chains of its listener: a change of it leaves those that
// stay, and their connections, alone.

const (
	matchKey  = "envoy.transport_socket_match"
	tlsMode   = "tlsMode"
	istioMode = "istio"

	tlsChain   = "tls"
	plainChain = "raw_buffer"
)

// authentications are those of all sidecars.
func authentications(m mesh.Mesh) []mesh.Authentication {
	list := make([]mesh.Authentication, len(m.Sidecars))
	for i, s := range m.Sidecars {
		list[i] = s.Inbound.Authentication
	}
	return list
}

// insisting reports whether some client calls pods by what its rule says, and not by what they take: in
// plain text, or by mutual TLS.
type insisting struct{ plain, mutual bool }

func insistingOf(m mesh.Mesh) (is insisting) {
	look := func(out mesh.Outbound) {
		for _, u := range out.Clusters {
			_, isInside := m.ServiceAt(u.Cluster.Host)
			is.plain = is.plain || isInside && u.Policy.Mutual == mesh.Never && u.Policy.TLS == nil
			is.mutual = is.mutual || isInside && u.Policy.Mutual == mesh.Always
		}
	}
	for _, s := range m.Sidecars {
		look(s.Outbound)
	}
	look(m.Gateway)
	return is
}

// takes is what the sidecar of an endpoint takes; Never: there is none that could.
func (b *builder) takes(e mesh.Endpoint) mesh.Mutual {
	s, ok := b.mesh.SidecarOf(e.Instance.Workload)
	if !ok || e.Instance.WithoutSidecar || b.cfg.Identify == nil {
		return mesh.Never
	}
	mode, _ := s.Inbound.Authentication.At(e.Port)
	return mode
}

// mark says of a host what its sidecar takes, if that is mutual TLS.
func (b *builder) mark(e mesh.Endpoint, host *endpointv3.LbEndpoint) *endpointv3.LbEndpoint {
	if mode := b.takes(e); mode == mesh.Permissive || mode == mesh.Strict {
		host.Metadata = &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{matchKey: istio()}}
	}
	return host
}

func istio() *structpb.Struct {
	return &structpb.Struct{Fields: map[string]*structpb.Value{tlsMode: structpb.NewStringValue(istioMode)}}
}

// prove has a client's proxy prove to those of a cluster's pods who calls.
func (b *builder) prove(client mesh.Name, c *clusterv3.Cluster, u mesh.Upstream) {
	if b.cfg.Identify == nil || u.Policy.Mutual == mesh.Never || c.GetType() != clusterv3.Cluster_EDS {
		return
	}
	socket := b.proving(client, u.Cluster)
	if u.Policy.Mutual == mesh.Always {
		c.TransportSocket = socket
		return
	}
	c.TransportSocketMatches = []*clusterv3.Cluster_TransportSocketMatch{
		{Name: "tlsMode-" + istioMode, Match: istio(), TransportSocket: socket},
		{Name: "tlsMode-disabled", Match: &structpb.Struct{}, TransportSocket: b.plain()},
	}
}

func (b *builder) plain() *corev3.TransportSocket {
	return &corev3.TransportSocket{
		Name:       "envoy.transport_sockets.raw_buffer",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: b.Pack(&rawbufferv3.RawBuffer{})},
	}
}

// proving is the client's side: the server, too, must prove that it has an account of the service.
func (b *builder) proving(client mesh.Name, to mesh.Cluster) *corev3.TransportSocket {
	var servers []*matcherv3.StringMatcher
	for _, who := range b.mesh.IdentitiesAt(to) {
		servers = append(servers, match.Text(mesh.Condition{Compare: mesh.Exact, Value: who.URI()}))
	}
	context := &tlsv3.UpstreamTlsContext{
		Sni:              "outbound_." + strconv.Itoa(to.Port) + "_." + to.Subset + "_." + to.Host,
		CommonTlsContext: b.mutual(client, servers),
	}
	return &corev3.TransportSocket{
		Name: tlsSocket, ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: b.Pack(context)},
	}
}

// mutual shows the certificate of a proxy, and asks for one of the lab's.
func (b *builder) mutual(proxy mesh.Name, names []*matcherv3.StringMatcher) *tlsv3.CommonTlsContext {
	own := ownSecret(proxy)
	var peers []*tlsv3.SubjectAltNameMatcher
	for _, name := range names {
		peers = append(peers, &tlsv3.SubjectAltNameMatcher{
			SanType: tlsv3.SubjectAltNameMatcher_URI, Matcher: name,
		})
	}
	return &tlsv3.CommonTlsContext{
		TlsParams: &tlsv3.TlsParameters{
			TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_2,
			TlsMaximumProtocolVersion: tlsv3.TlsParameters_TLSv1_3,
		},
		TlsCertificateSdsSecretConfigs: []*tlsv3.SdsSecretConfig{b.certificateOf(own)},
		ValidationContextType: &tlsv3.CommonTlsContext_CombinedValidationContext{
			CombinedValidationContext: &tlsv3.CommonTlsContext_CombinedCertificateValidationContext{
				DefaultValidationContext:         &tlsv3.CertificateValidationContext{MatchTypedSubjectAltNames: peers},
				ValidationContextSdsSecretConfig: b.rootsOf(own),
			},
		},
	}
}

// chains are what a door takes: each with the same filters.
func (b *builder) chains(d door, filters []*listenerv3.Filter) []*listenerv3.FilterChain {
	one := &listenerv3.FilterChain{Filters: filters}
	if d.takes == mesh.Never {
		return []*listenerv3.FilterChain{one}
	}
	when := func(transport string) *listenerv3.FilterChainMatch {
		return &listenerv3.FilterChainMatch{TransportProtocol: transport}
	}
	encrypted := &listenerv3.FilterChain{
		Name: tlsChain, FilterChainMatch: when(tlsChain), Filters: filters,
		TransportSocket: &corev3.TransportSocket{
			Name: tlsSocket, ConfigType: &corev3.TransportSocket_TypedConfig{
				TypedConfig: b.Pack(&tlsv3.DownstreamTlsContext{
					RequireClientCertificate: wrapperspb.Bool(true), CommonTlsContext: b.mutual(d.owner, nil),
				}),
			},
		},
	}
	plain := &listenerv3.FilterChain{Name: plainChain, FilterChainMatch: when(plainChain), Filters: filters}
	return map[mesh.Mutual][]*listenerv3.FilterChain{
		mesh.Permissive: {encrypted, plain}, mesh.Strict: {encrypted}, mesh.Disabled: {plain},
	}[d.takes]
}

// inspectors look at the first bytes of a connection.
func (b *builder) inspectors(d door) []*listenerv3.ListenerFilter {
	if d.takes == mesh.Never {
		return nil
	}
	return []*listenerv3.ListenerFilter{{
		Name: "envoy.filters.listener.tls_inspector",
		ConfigType: &listenerv3.ListenerFilter_TypedConfig{
			TypedConfig: b.Pack(&inspectorv3.TlsInspector{}),
		},
	}}
}

// tellPeer has programs told who called, as Istio does: the header x-forwarded-client-cert.
func tellPeer(d door, manager *hcmv3.HttpConnectionManager) {
	if d.takes == mesh.Never {
		return
	}
	manager.ForwardClientCertDetails = hcmv3.HttpConnectionManager_APPEND_FORWARD
	manager.SetCurrentClientCertDetails = &hcmv3.HttpConnectionManager_SetCurrentClientCertDetails{
		Subject: wrapperspb.Bool(true), Uri: true, Dns: true,
	}
}
