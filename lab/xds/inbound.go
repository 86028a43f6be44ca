package xds

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/cluster"
	"istio-tutorial/lab/xds/filter"
	"istio-tutorial/lab/xds/naming"
	"istio-tutorial/lab/xds/route"
)

// served is a port of an instance that a service leads to.
type served struct {
	instance mesh.Instance
	port     int    // of the container
	service  int    // the service's port
	address  string // where the program really listens, host:port
	protocol mesh.Protocol
	pool     *mesh.Pool // nil: none is named
}

func (s served) name() string { return naming.Inbound(s.instance.Name, s.port) }

// ports are those of an instance that a service leads to, each once.
func (b *builder) ports(i mesh.Instance) []served {
	var list []served
	seen := map[int]bool{}
	serve := func(at mesh.Cluster, protocol mesh.Protocol) {
		for _, e := range b.mesh.Endpoints(at) {
			if e.Instance.Name == i.Name && !seen[e.Port] {
				seen[e.Port] = true
				list = append(list, served{
					instance: i, port: e.Port, service: at.Port, address: e.Address, protocol: protocol,
				})
			}
		}
	}
	for _, s := range b.mesh.Services {
		for _, p := range s.Ports {
			serve(mesh.Cluster{Host: s.Host(), Port: p.Number}, p.Protocol)
		}
	}
	for _, e := range b.mesh.External {
		if e.Pods != nil {
			serve(mesh.Cluster{Host: e.Host, Port: e.Port}, e.Protocol)
		}
	}
	return list
}

// at is the port as the sidecar's own rules have it.
func (s served) at(in mesh.Inbound) served {
	s.pool = in.Pool
	if door, ok := in.Doors[s.port]; ok {
		s.pool = door.Pool
		if door.Protocol != mesh.Unnamed {
			s.protocol = door.Protocol
		}
	}
	return s
}

// inbound is how calls arrive at an instance.
func (b *builder) inbound(i mesh.Instance, in mesh.Inbound) {
	all := in
	for _, s := range b.ports(i) {
		s = s.at(all)
		name, in := s.name(), all
		if s.protocol == mesh.TCP {
			in.Limits = nil // nobody reads requests there
		}
		b.listen(door{
			name: name, address: pipe(b.socket(s.door()), ownerOnly), owner: i.Name,
			service: app(i), direction: envoy.Inbound, takes: b.takes(s.door()),
			filters: slices.Concat(
				filter.Access(&b.Packer), []*hcmv3.HttpFilter{filter.SharedLimits(&b.Packer)}, filter.LocalLimits(&b.Packer, i.Name, b.locals),
			),
			tokens:        in.Tokens,
			proxyDefaults: in.ProxyDefaults,
		})
		b.program(s, in.Unlimited)
		settings := filter.LocalTokens(&b.Packer, i.Name, s.service, in)
		filter.SetAccess(&b.Packer, filter.Port{Number: s.port, Protocol: s.protocol}, in.Access, settings)
		b.add(Routes, name, &routev3.RouteConfiguration{
			Name: name,
			VirtualHosts: []*routev3.VirtualHost{{
				Name: name, Domains: []string{"*"}, Routes: b.entrances(s, in),
				TypedPerFilterConfig: settings,
			}},
			RequestHeadersToRemove: []string{route.CallerHeader},
		})
	}
}

const (
	// toProgram is how long a program may take to accept a connection.
	toProgram = 10 * time.Second
	// idle is how long a connection to a program is kept; the services' own limit is longer.
	idle = time.Minute
)

// program is the cluster of the one program behind an inbound listener.
func (b *builder) program(s served, unlimited bool) {
	name := s.name()
	c := &clusterv3.Cluster{
		Name:           name,
		AltStatName:    naming.Stat(name),
		ConnectTimeout: durationpb.New(toProgram),
		LoadAssignment: assignment(name, host(s.instance.Name.Name, b.tcp(s.address))),
	}
	if unlimited {
		c.CircuitBreakers = cluster.Breakers(mesh.Limits{Unlimited: true})
	}
	lives := &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(idle)}
	how := mesh.Connections{}
	if s.pool != nil {
		lives, how = b.pooled(c, *s.pool, lives), s.pool.Connections
	}
	cluster.Speak(&b.Packer, c, s.protocol, how, lives)
	b.add(Clusters, name, c)
}

// maxSocket is how long the path of a unix socket may be on every system.
const maxSocket = 103

// pooled puts a pool over what holds for connections to programs.
func (b *builder) pooled(
	c *clusterv3.Cluster, p mesh.Pool, usual *corev3.HttpProtocolOptions,
) *corev3.HttpProtocolOptions {
	c.CircuitBreakers, c.ConnectTimeout = cluster.Breakers(p.Limits), durationpb.New(p.ConnectTimeout)
	cluster.KeepAlive(c, p.Connections.Keepalive)
	own := cluster.Lives(mesh.Policy{Limits: p.Limits, Connections: p.Connections})
	if own == nil {
		return usual
	}
	if own.IdleTimeout == nil {
		own.IdleTimeout = usual.IdleTimeout
	}
	return own
}

// door is the port as others find it.
func (s served) door() mesh.Endpoint {
	return mesh.Endpoint{Instance: s.instance, Port: s.port, Address: s.address}
}

func (b *builder) socket(e mesh.Endpoint) string {
	path := Socket(b.cfg.Sockets, e)
	if len(path) > maxSocket {
		b.Fail("folder %s: its name is too long for a unix socket in it", b.cfg.Sockets)
	}
	return path
}

// Socket is where in a folder the sidecar of an instance takes the calls for a port. A digest keeps
// the path short, whatever the instance is called. The program's address is in it, as the path must
// change where the program moves; so is the port, if it is not the program's own.
func Socket(folder string, e mesh.Endpoint) string {
	door := e.Instance.String() + " " + e.Address
	if _, forwarded := e.Instance.Forwards[e.Port]; forwarded {
		door += " " + strconv.Itoa(e.Port)
	}
	sum := sha256.Sum256([]byte(door))
	return filepath.Join(folder, hex.EncodeToString(sum[:8]))
}
