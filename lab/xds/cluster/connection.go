package cluster

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	upstreamhttpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/message"
)

const httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

// Speak sets the protocol of a cluster, and what holds for its connections.
func Speak(
	p *message.Packer, c *clusterv3.Cluster, protocol mesh.Protocol, how mesh.Connections, common *corev3.HttpProtocolOptions,
) {
	two := protocol == mesh.HTTP2 || how.HTTP2
	asClient := how.AsClient || protocol == mesh.Unnamed && !two
	if !two && !asClient && common == nil && !how.NameAsAsked {
		return // HTTP/1.1, as it is
	}
	options := &upstreamhttpv3.HttpProtocolOptions{CommonHttpProtocolOptions: common}
	if how.NameAsAsked {
		options.UpstreamHttpProtocolOptions = &corev3.UpstreamHttpProtocolOptions{
			AutoSni: true, AutoSanValidation: how.CheckAsAsked,
		}
	}
	http2 := &corev3.Http2ProtocolOptions{MaxConcurrentStreams: message.Number(how.Streams)}
	switch {
	case asClient:
		options.UpstreamProtocolOptions = &upstreamhttpv3.HttpProtocolOptions_UseDownstreamProtocolConfig{
			UseDownstreamProtocolConfig: &upstreamhttpv3.HttpProtocolOptions_UseDownstreamHttpConfig{
				HttpProtocolOptions: &corev3.Http1ProtocolOptions{}, Http2ProtocolOptions: http2,
			},
		}
	case two:
		options.UpstreamProtocolOptions = explicitly(&upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{
				Http2ProtocolOptions: http2,
			},
		})
	default:
		options.UpstreamProtocolOptions = explicitly(&upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{
				HttpProtocolOptions: &corev3.Http1ProtocolOptions{},
			},
		})
	}
	c.TypedExtensionProtocolOptions = map[string]*anypb.Any{httpOptions: p.Pack(options)}
}

func explicitly(
	p *upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig,
) *upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_ {
	return &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: p}
}

// Lives says how long connections live; nil where Envoy's defaults hold.
func Lives(p mesh.Policy) *corev3.HttpProtocolOptions {
	how, requests := p.Connections, p.Limits.RequestsPerConnection
	if requests == nil && how.Idle == nil && how.Lifetime == nil {
		return nil
	}
	return &corev3.HttpProtocolOptions{
		MaxRequestsPerConnection: message.Number(requests),
		IdleTimeout:              message.Duration(how.Idle),
		MaxConnectionDuration:    message.Duration(how.Lifetime),
	}
}

// KeepAlive probes the connections of a cluster.
func KeepAlive(c *clusterv3.Cluster, k *mesh.Keepalive) {
	if k == nil {
		return
	}
	probe := &corev3.TcpKeepalive{KeepaliveProbes: message.Number(k.Probes)}
	if k.Idle != nil {
		probe.KeepaliveTime = message.Number(new(int(k.Idle.Seconds())))
	}
	if k.Interval != nil {
		probe.KeepaliveInterval = message.Number(new(int(k.Interval.Seconds())))
	}
	c.UpstreamConnectionOptions = &clusterv3.UpstreamConnectionOptions{TcpKeepalive: probe}
}

// WarmUp lets the requests for new hosts grow, where hosts are weighed at all.
func WarmUp(c *clusterv3.Cluster, w *mesh.Warmup) {
	if w == nil {
		return
	}
	slow := &clusterv3.Cluster_SlowStartConfig{
		SlowStartWindow: durationpb.New(w.Window),
		Aggression: &corev3.RuntimeDouble{
			DefaultValue: w.Aggression, RuntimeKey: "lab.warmup.aggression",
		},
		MinWeightPercent: &typev3.Percent{Value: w.Least},
	}
	switch c.LbPolicy {
	case clusterv3.Cluster_ROUND_ROBIN:
		c.LbConfig = &clusterv3.Cluster_RoundRobinLbConfig_{
			RoundRobinLbConfig: &clusterv3.Cluster_RoundRobinLbConfig{SlowStartConfig: slow},
		}
	case clusterv3.Cluster_LEAST_REQUEST:
		c.LbConfig = &clusterv3.Cluster_LeastRequestLbConfig_{
			LeastRequestLbConfig: &clusterv3.Cluster_LeastRequestLbConfig{SlowStartConfig: slow},
		}
	}
}
