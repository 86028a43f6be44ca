package xds

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tracev3 "github.com/envoyproxy/go-control-plane/envoy/config/trace/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tracingv3 "github.com/envoyproxy/go-control-plane/envoy/type/tracing/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/xds/naming"
)

const (
	zipkinCluster = "zipkin"
	zipkinTimeout = 5 // seconds
	podTag        = "pod"
)

// zipkin is where spans are reported.
func (b *builder) zipkin() {
	if b.cfg.Zipkin == "" {
		return
	}
	b.add(Clusters, zipkinCluster, &clusterv3.Cluster{
		Name:           zipkinCluster,
		ConnectTimeout: durationpb.New(toProgram),
		LoadAssignment: assignment(zipkinCluster, host(zipkinCluster, b.tcp(b.cfg.Zipkin))),
	})
}

// tracing reports a span for every request: a client's on its way out, a server's on its way in,
// which share one id, as in Istio.
func (b *builder) tracing(d door) *hcmv3.HttpConnectionManager_Tracing {
	if b.cfg.Zipkin == "" {
		return nil
	}
	return &hcmv3.HttpConnectionManager_Tracing{
		CustomTags: []*tracingv3.CustomTag{{
			Tag: podTag,
			Type: &tracingv3.CustomTag_Literal_{
				Literal: &tracingv3.CustomTag_Literal{Value: naming.Short(d.owner)},
			},
		}},
		Provider: &tracev3.Tracing_Http{
			Name: "envoy.tracers.zipkin",
			ConfigType: &tracev3.Tracing_Http_TypedConfig{TypedConfig: b.Pack(&tracev3.ZipkinConfig{
				CollectorEndpointVersion: tracev3.ZipkinConfig_HTTP_JSON,
				CollectorService:         reports(b.cfg.Zipkin, d.service),
			})},
		},
	}
}

func reports(collector, service string) *corev3.HttpService {
	return &corev3.HttpService{
		HttpUri: &corev3.HttpUri{
			Uri:              "http://" + collector + envoy.SpansPath,
			HttpUpstreamType: &corev3.HttpUri_Cluster{Cluster: zipkinCluster},
			Timeout:          &durationpb.Duration{Seconds: zipkinTimeout},
		},
		RequestHeadersToAdd: []*corev3.HeaderValueOption{{
			Header: &corev3.HeaderValue{Key: envoy.ServiceHeader, Value: service},
		}},
	}
}
