package xds

import (
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	proxyprotocolv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/proxy_protocol/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
)

// outside leads a cluster to an external host, or to what stands in for it. A name is resolved
// when it is first called.
func (b *builder) outside(client mesh.Name, c *clusterv3.Cluster, e mesh.ExternalHost, labels mesh.Labels) {
	switch {
	case e.Listed:
		b.places(client, c, e, labels)
	case b.cfg.Outside != nil:
		b.single(c, e.Host, b.cfg.Outside(e))
	case e.AsAsked:
		b.anyHost(c, true)
	default:
		if strings.Contains(e.Host, "*") {
			b.Fail("external host %s: the lab finds hosts by their whole name only", e.Host)
		}
		address := net.JoinHostPort(e.Host, strconv.Itoa(e.TargetPort()))
		b.single(c, e.Host, address)
		if b.comesBack(client, address) {
			c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
			c.LoadAssignment = assignment(c.Name)
		}
	}
}

// single leads a cluster to one address, or name, with a port.
func (b *builder) single(c *clusterv3.Cluster, name, address string) {
	lookUp(c, clusterv3.Cluster_LOGICAL_DNS)
	if host, _, err := net.SplitHostPort(address); err == nil && net.ParseIP(host) != nil {
		c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
	}
	c.LoadAssignment = assignment(c.Name, host(name, b.tcp(address)))
}

// lookUp has a cluster look names up: one that nobody knows holds up no rule.
func lookUp(c *clusterv3.Cluster, kind clusterv3.Cluster_DiscoveryType) {
	c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: kind}
	c.DnsLookupFamily = clusterv3.Cluster_V4_PREFERRED
	c.WaitForWarmOnInit = wrapperspb.Bool(false)
}

// places leads a cluster to the endpoints of a host that have some labels.
func (b *builder) places(client mesh.Name, c *clusterv3.Cluster, e mesh.ExternalHost, labels mesh.Labels) {
	lookUp(c, clusterv3.Cluster_STRICT_DNS)
	named := false
	var list []*endpointv3.LbEndpoint
	for _, p := range e.PlacesOf(labels) {
		address := b.place(e, p)
		if b.comesBack(client, address) {
			continue
		}
		at := pipe(p.Address, 0)
		if p.Port != 0 {
			at = b.tcp(address)
		}
		one := host(e.Host, at)
		if p.Weight > 0 {
			one.LoadBalancingWeight = wrapperspb.UInt32(uint32(p.Weight))
		}
		list = append(list, one)
		name, _, err := net.SplitHostPort(address)
		named = named || p.Port != 0 && err == nil && net.ParseIP(name) == nil
	}
	if !named {
		c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
	}
	c.LoadAssignment = assignment(c.Name, list...)
}

// place is where an endpoint is, host:port: on this machine itself, or at what stands in for it.
func (b *builder) place(e mesh.ExternalHost, p mesh.Place) string {
	ip := net.ParseIP(p.Address)
	here := p.Address == "localhost" || ip != nil && ip.IsLoopback()
	if p.Port == 0 || here || b.cfg.Outside == nil {
		return net.JoinHostPort(p.Address, strconv.Itoa(p.Port))
	}
	e.Port, e.Target = p.Port, 0
	return b.cfg.Outside(e)
}

const tlsSocket = "envoy.transport_sockets.tls"

// encrypt originates TLS.
func (b *builder) encrypt(client mesh.Name, c *clusterv3.Cluster, t *mesh.TLS) {
	if t == nil {
		return
	}
	common := &tlsv3.CommonTlsContext{}
	if t.Certificate != "" {
		common.TlsCertificateSdsSecretConfigs = []*tlsv3.SdsSecretConfig{b.maybe(client, t.Certificate, "")}
	}
	b.believe(client, common, *t)
	context := &tlsv3.UpstreamTlsContext{Sni: t.SNI, CommonTlsContext: common}
	c.TransportSocket = &corev3.TransportSocket{
		Name:       tlsSocket,
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: b.Pack(context)},
	}
}

// believe says whose certificates a client takes: the machine's authorities, or a secret's.
func (b *builder) believe(client mesh.Name, common *tlsv3.CommonTlsContext, t mesh.TLS) {
	names := &tlsv3.CertificateValidationContext{MatchTypedSubjectAltNames: subjects(t.Names)}
	switch {
	case !t.Verify:
	case t.Authorities == "":
		names.TrustedCa = &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: b.authorities()}}
		common.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: names}
	default:
		common.ValidationContextType = &tlsv3.CommonTlsContext_CombinedValidationContext{
			CombinedValidationContext: &tlsv3.CommonTlsContext_CombinedCertificateValidationContext{
				DefaultValidationContext:         names,
				ValidationContextSdsSecretConfig: b.maybe(client, t.Authorities, rootsSuffix),
			},
		}
	}
}

// subjects are the names of which the peer's certificate must have one; where the request names the
// host, that is one of the cluster's options.
func subjects(names []string) []*tlsv3.SubjectAltNameMatcher {
	var list []*tlsv3.SubjectAltNameMatcher
	for _, name := range names {
		list = append(list, &tlsv3.SubjectAltNameMatcher{
			SanType: subjectType(name),
			Matcher: &matcherv3.StringMatcher{
				MatchPattern: &matcherv3.StringMatcher_Exact{Exact: name},
			},
		})
	}
	return list
}

// subjectType goes by how a name looks, as rules do not say it.
func subjectType(name string) tlsv3.SubjectAltNameMatcher_SanType {
	switch {
	case strings.Contains(name, "://"):
		return tlsv3.SubjectAltNameMatcher_URI
	case net.ParseIP(name) != nil:
		return tlsv3.SubjectAltNameMatcher_IP_ADDRESS
	case strings.Contains(name, "@"):
		return tlsv3.SubjectAltNameMatcher_EMAIL
	default:
		return tlsv3.SubjectAltNameMatcher_DNS
	}
}

// introduce says to the server who calls, as the proxy protocol has it, before all else.
func (b *builder) introduce(c *clusterv3.Cluster, version *int) {
	if version == nil {
		return
	}
	inner := c.TransportSocket
	if inner == nil {
		inner = b.plain()
	}
	c.TransportSocket = &corev3.TransportSocket{
		Name: "envoy.transport_sockets.upstream_proxy_protocol",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: b.Pack(&proxyprotocolv3.ProxyProtocolUpstreamTransport{
			Config:          &corev3.ProxyProtocolConfig{Version: corev3.ProxyProtocolConfig_Version(*version - 1)},
			TransportSocket: inner,
		})},
	}
}

// systemAuthorities is where systems keep the certificates of public authorities.
const systemAuthorities = "/etc/ssl/certs/ca-certificates.crt:" +
	"/etc/pki/tls/certs/ca-bundle.crt:/etc/ssl/cert.pem"

func (b *builder) authorities() string {
	if b.cfg.Authorities != "" {
		return b.cfg.Authorities
	}
	for file := range strings.SplitSeq(systemAuthorities, ":") {
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	b.Fail("certificates of public authorities: none of %s: %w", systemAuthorities, fs.ErrNotExist)
	return ""
}
