package xds

import (
	"cmp"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	proxyprotocolv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/proxy_protocol/v3"
	rawbufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
)

// outside leads a cluster to an external host, or to what stands in for it. A name is resolved
// when it is first called.
func (b *builder) outside(c *clusterv3.Cluster, e mesh.ExternalHost) {
	address := net.JoinHostPort(e.Host, strconv.Itoa(cmp.Or(e.Target, e.Port)))
	switch {
	case b.cfg.Outside != nil:
		address = b.cfg.Outside(e)
	case strings.Contains(e.Host, "*"):
		b.fail("external host %s: the lab finds hosts by their whole name only", e.Host)
	}
	c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_LOGICAL_DNS}
	if name, _, err := net.SplitHostPort(address); err == nil && net.ParseIP(name) != nil {
		c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
	}
	c.DnsLookupFamily = clusterv3.Cluster_V4_PREFERRED
	c.WaitForWarmOnInit = wrapperspb.Bool(false) // a name that nobody knows holds up no rule
	c.LoadAssignment = assignment(c.Name, host(e.Host, b.tcp(address)))
}

const tlsSocket = "envoy.transport_sockets.tls"

// encrypt originates TLS.
func (b *builder) encrypt(c *clusterv3.Cluster, t *mesh.TLS) {
	if t == nil {
		return
	}
	context := &tlsv3.UpstreamTlsContext{Sni: t.SNI, CommonTlsContext: &tlsv3.CommonTlsContext{}}
	if t.Verify {
		context.CommonTlsContext.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContext{
			ValidationContext: &tlsv3.CertificateValidationContext{
				TrustedCa: &corev3.DataSource{Specifier: &corev3.DataSource_Filename{
					Filename: b.authorities(),
				}},
				MatchTypedSubjectAltNames: []*tlsv3.SubjectAltNameMatcher{{
					SanType: tlsv3.SubjectAltNameMatcher_DNS,
					Matcher: &matcherv3.StringMatcher{
						MatchPattern: &matcherv3.StringMatcher_Exact{Exact: t.SNI},
					},
				}},
			},
		}
	}
	c.TransportSocket = &corev3.TransportSocket{
		Name:       tlsSocket,
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: b.pack(context)},
	}
}

// introduce says to the server who calls, as the proxy protocol has it, before all else.
func (b *builder) introduce(c *clusterv3.Cluster, version *int) {
	if version == nil {
		return
	}
	inner := c.TransportSocket
	if inner == nil {
		inner = &corev3.TransportSocket{
			Name:       "envoy.transport_sockets.raw_buffer",
			ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: b.pack(&rawbufferv3.RawBuffer{})},
		}
	}
	c.TransportSocket = &corev3.TransportSocket{
		Name: "envoy.transport_sockets.upstream_proxy_protocol",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: b.pack(&proxyprotocolv3.ProxyProtocolUpstreamTransport{
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
	b.fail("certificates of public authorities: none of %s: %w", systemAuthorities, fs.ErrNotExist)
	return ""
}
