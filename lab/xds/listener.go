package xds

import (
	"net"
	"net/http"
	"strconv"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	connectionlimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/connection_limit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/filter"
	"istio-tutorial/lab/xds/message"
	"istio-tutorial/lab/xds/naming"
	"istio-tutorial/lab/xds/route"
)

const (
	connectionManager = "envoy.filters.network.http_connection_manager"
	routerFilter      = "envoy.filters.http.router"
)

// door is where a proxy takes requests.
type door struct {
	name          string // of the listener, and of its routes
	address       *corev3.Address
	owner         mesh.Name // the instance whose proxy it is
	service       string    // by which its spans are known
	direction     string    // envoy.Inbound or envoy.Outbound
	edge          bool      // whoever calls is outside the mesh
	takes         mesh.Mutual
	filters       []*hcmv3.HttpFilter
	tokens        []mesh.TokenRule // of calls that arrive
	proxyDefaults mesh.ProxyDefaults
	// access has the rules for callers of the ingress; encrypted says that they come by TLS.
	access    []mesh.AccessRule
	encrypted bool
}

// listen opens a door. No rule is in a listener, so that hardly anything but the coming and going
// of instances changes it: a listener that changes drains its connections. Idle ones it leaves to
// its clients to end, lest one be ended as it is used again.
func (b *builder) listen(d door) {
	direction := corev3.TrafficDirection_OUTBOUND
	if d.direction == envoy.Inbound {
		direction = corev3.TrafficDirection_INBOUND
	}
	b.add(Listeners, d.name, &listenerv3.Listener{
		Name:             d.name,
		StatPrefix:       naming.Stat(d.name),
		Address:          d.address,
		EnableReusePort:  wrapperspb.Bool(false), // else two labs could share a port, and get half of its calls
		TrafficDirection: direction,
		ListenerFilters:  b.inspectors(d),
		FilterChains:     b.chains(d, b.reading(d)),
	})
}

// reading is what a door does with connections: it reads requests.
func (b *builder) reading(d door) []*listenerv3.Filter {
	if d.edge {
		d.filters = append(b.discover(filter.AccessAtIngress(&b.Packer, d.name, d.encrypted, d.access)...), d.filters...)
	}
	if d.edge || d.direction == envoy.Inbound {
		d.filters = append(b.discover(filter.Tokens(&b.Packer, d.name, d.edge, d.tokens)), d.filters...)
	}
	manager := &hcmv3.HttpConnectionManager{
		StatPrefix: naming.Stat(d.name),
		RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{
			Rds: &hcmv3.Rds{RouteConfigName: d.name, ConfigSource: message.ADS()},
		},
		HttpFilters:                append(d.filters, filter.Step(&b.Packer, routerFilter, b.router(d))),
		UseRemoteAddress:           wrapperspb.Bool(d.edge),
		NormalizePath:              wrapperspb.Bool(true), // rules read /a/../b as /b, as Istio's proxies do
		ServerName:                 d.proxyDefaults.Server,
		ServerHeaderTransformation: hcmv3.HttpConnectionManager_PASS_THROUGH,
		Proxy_100Continue:          d.proxyDefaults.Continue,
		StreamIdleTimeout:          durationpb.New(0), // a delay may be as long as its rule says
		CommonHttpProtocolOptions:  &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(0)},
		AccessLog:                  b.accessLog(d),
		Tracing:                    b.tracing(d),
	}
	if d.proxyDefaults.Server != "" {
		manager.ServerHeaderTransformation = hcmv3.HttpConnectionManager_OVERWRITE
	}
	if d.edge {
		manager.CommonHttpProtocolOptions.IdleTimeout = durationpb.New(edgeIdle)
		manager.RequestHeadersTimeout = durationpb.New(edgeHeaders)
	}
	tellPeer(d, manager)
	manager.UpgradeConfigs = upgrades(d.direction == envoy.Outbound)
	return append(b.edgeLimit(d), &listenerv3.Filter{
		Name:       connectionManager,
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: b.Pack(manager)},
	})
}

// Whoever is outside the mesh must not take the connections of those inside. One more than there may be is
// refused at once; so those that nobody uses make room soon.
const (
	edgeIdle        = 5 * time.Second
	edgeHeaders     = 10 * time.Second
	edgeConnections = 1000
)

// edgeLimit bounds the connections from outside the mesh.
func (b *builder) edgeLimit(d door) []*listenerv3.Filter {
	if !d.edge {
		return nil
	}
	return []*listenerv3.Filter{{
		Name: "envoy.filters.network.connection_limit",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: b.Pack(&connectionlimitv3.ConnectionLimit{
			StatPrefix: naming.Stat(d.name), MaxConnections: wrapperspb.UInt64(edgeConnections),
		})},
	}}
}

// upgrades are what a client may make of a connection: a WebSocket, but on routes that forbid it,
// and, of one out, a tunnel, for routes that have one, or refuse it in their words.
func upgrades(outbound bool) []*hcmv3.HttpConnectionManager_UpgradeConfig {
	sockets := &hcmv3.HttpConnectionManager_UpgradeConfig{UpgradeType: route.Websocket}
	if !outbound {
		return []*hcmv3.HttpConnectionManager_UpgradeConfig{sockets}
	}
	return []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: http.MethodConnect}, sockets}
}

// tcp is the address of host:port.
func (b *builder) tcp(hostPort string) *corev3.Address {
	host, text, err := net.SplitHostPort(hostPort)
	if err != nil {
		b.Fail("%w", err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		b.Fail("address %s: %w", hostPort, err)
	}
	return socketAddress(host, uint32(port))
}

func socketAddress(host string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}

const ownerOnly = 0o600

func pipe(path string, mode uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: path, Mode: mode}}}
}
