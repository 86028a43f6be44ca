package xds

import (
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	inspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/naming"
)

const tcpProxy = "envoy.filters.network.tcp_proxy"

// secureDoors are one listener, with a chain for each door: which one, the name says that a client
// asks for as it begins to encrypt. Without doors nobody listens.
func (b *builder) secureDoors(c client, out mesh.Outbound) {
	open := slices.DeleteFunc(slices.Clone(out.Secure), func(s mesh.SecureDoor) bool { return !b.opens(s) })
	if b.cfg.Secure == "" || len(open) == 0 {
		return
	}
	name := "secure" + naming.At(c.name)
	l := &listenerv3.Listener{
		Name: name, StatPrefix: naming.Stat(name), Address: b.tcp(b.cfg.Secure),
		EnableReusePort: wrapperspb.Bool(false), TrafficDirection: corev3.TrafficDirection_OUTBOUND,
		ListenerFilters: []*listenerv3.ListenerFilter{{
			Name: "envoy.filters.listener.tls_inspector",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{
				TypedConfig: b.Pack(&inspectorv3.TlsInspector{}),
			},
		}},
	}
	l.AccessLog = b.connectionLog(c)
	for _, s := range open {
		l.FilterChains = append(l.FilterChains, b.secureChain(c, out, s))
	}
	b.add(Listeners, name, l)
}

// opens reports whether a door has what it needs, or still has it.
func (b *builder) opens(s mesh.SecureDoor) bool {
	switch {
	case s.Closed:
		return false
	case s.Secret == "":
		return true
	case s.Clients != mesh.NoProof && b.secret(s.Authorities+rootsSuffix) == nil:
		return false
	}
	return b.secret(s.Secret) != nil
}

func (b *builder) secureChain(c client, out mesh.Outbound, s mesh.SecureDoor) *listenerv3.FilterChain {
	chain := &listenerv3.FilterChain{Name: s.Name}
	if !slices.Contains(s.Hosts, "*") {
		chain.FilterChainMatch = &listenerv3.FilterChainMatch{ServerNames: s.Hosts}
	}
	c.table = "secure|" + s.Name + naming.At(c.name)
	if s.Secret == "" {
		chain.FilterChainMatch = orEmpty(chain.FilterChainMatch)
		chain.FilterChainMatch.TransportProtocol = "tls"
		chain.Filters = b.leadThrough(c, s)
		return chain
	}
	d := door{
		name: c.table, owner: c.name, service: c.service, direction: envoy.Outbound, edge: true,
		filters: b.routeSteps(), tokens: out.Tokens,
		access: out.Access, encrypted: true, proxyDefaults: out.ProxyDefaults,
	}
	chain.Filters, chain.TransportSocket = b.reading(d), b.decrypting(s)
	routed := mesh.Outbound{Hosts: s.Routed, Unknown: out.Unknown, Clusters: out.Clusters, ProxyDefaults: out.ProxyDefaults}
	table := &routev3.RouteConfiguration{
		Name: c.table, MaxDirectResponseBodySizeBytes: wrapperspb.UInt32(largestBody),
		VirtualHosts: b.hosts(c, routed, nil),
	}
	b.tables[c.table] = b.same(table)
	b.add(Routes, c.table, b.tables[c.table])
	return chain
}

func orEmpty(m *listenerv3.FilterChainMatch) *listenerv3.FilterChainMatch {
	if m == nil {
		return &listenerv3.FilterChainMatch{}
	}
	return m
}

// decrypting is how a door ends the encryption.
func (b *builder) decrypting(s mesh.SecureDoor) *corev3.TransportSocket {
	context := &tlsv3.DownstreamTlsContext{
		RequireClientCertificate: wrapperspb.Bool(s.Clients == mesh.MustProve),
		CommonTlsContext: &tlsv3.CommonTlsContext{
			AlpnProtocols:                  []string{"h2", "http/1.1"},
			TlsCertificateSdsSecretConfigs: []*tlsv3.SdsSecretConfig{b.certificateOf(s.Secret)},
		},
	}
	switch s.Clients {
	case mesh.NoProof:
	case mesh.MayClaim:
		context.CommonTlsContext.ValidationContextType = &tlsv3.CommonTlsContext_CombinedValidationContext{
			CombinedValidationContext: &tlsv3.CommonTlsContext_CombinedCertificateValidationContext{
				DefaultValidationContext: &tlsv3.CertificateValidationContext{
					TrustChainVerification: tlsv3.CertificateValidationContext_ACCEPT_UNTRUSTED,
				},
				ValidationContextSdsSecretConfig: b.rootsOf(s.Authorities),
			},
		}
	default:
		context.CommonTlsContext.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContextSdsSecretConfig{
			ValidationContextSdsSecretConfig: b.rootsOf(s.Authorities),
		}
	}
	return &corev3.TransportSocket{
		Name: tlsSocket, ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: b.Pack(context)},
	}
}

// leadThrough leads connections on as they are.
func (b *builder) leadThrough(c client, s mesh.SecureDoor) []*listenerv3.Filter {
	weighted := &tcpproxyv3.TcpProxy_WeightedCluster{}
	for _, d := range s.Through {
		weighted.Clusters = append(weighted.Clusters, &tcpproxyv3.TcpProxy_WeightedCluster_ClusterWeight{
			Name: naming.Cluster(c.name, d.Cluster), Weight: uint32(max(1, d.Weight)),
		})
	}
	proxy := &tcpproxyv3.TcpProxy{
		StatPrefix:       naming.Stat(c.table),
		ClusterSpecifier: &tcpproxyv3.TcpProxy_WeightedClusters{WeightedClusters: weighted},
	}
	return append(b.edgeLimit(door{name: c.table, edge: true}), &listenerv3.Filter{
		Name: tcpProxy, ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: b.Pack(proxy)},
	})
}
