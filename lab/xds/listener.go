package xds

import (
	"net"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

const routerFilter = "envoy.filters.http.router"

// listener takes HTTP at an address; its routes come by its name. No rule is in it, so that
// nothing but the coming and going of instances changes it, and no connection is drained.
func (b *builder) listener(name string, address *corev3.Address, m *hcmv3.HttpConnectionManager) {
	m.StatPrefix = statName(name)
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{
		Rds: &hcmv3.Rds{RouteConfigName: name, ConfigSource: ads()},
	}
	m.HttpFilters = append(m.HttpFilters, b.filter(routerFilter, &routerv3.Router{}))
	m.ServerHeaderTransformation = hcmv3.HttpConnectionManager_PASS_THROUGH
	m.StreamIdleTimeout = durationpb.New(0) // an injected delay may take as long as it likes
	b.add(listeners, name, &listenerv3.Listener{
		Name:       name,
		StatPrefix: statName(name),
		Address:    address,
		FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{{
			Name:       "envoy.filters.network.http_connection_manager",
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: b.pack(m)},
		}}}},
	})
}

func ads() *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ResourceApiVersion:    corev3.ApiVersion_V3,
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
		InitialFetchTimeout:   durationpb.New(0),
	}
}

// tcp is the address of host:port.
func (b *builder) tcp(hostPort string) *corev3.Address {
	host, text, err := net.SplitHostPort(hostPort)
	if err != nil {
		b.fail("%w", err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		b.fail("address %s: %w", hostPort, err)
	}
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address:       host,
		PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}
}

const ownerOnly = 0o600

func pipe(path string, mode uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: path, Mode: mode}}}
}

// filter is a step of a listener's chain.
func (b *builder) filter(name string, config proto.Message) *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{
		Name:       name,
		ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: b.pack(config)},
	}
}
