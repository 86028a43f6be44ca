package xds

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// served is a port of an instance that a service leads to.
type served struct {
	instance mesh.Instance
	port     int    // of the container
	address  string // where the program really listens, host:port
	protocol mesh.Protocol
}

func (s served) name() string { return inboundName(s.instance.Name, s.port) }

// ports are those of an instance that a service leads to, each once.
func (b *builder) ports(i mesh.Instance) []served {
	var list []served
	seen := map[string]bool{}
	for _, s := range b.mesh.Services {
		for _, p := range s.Ports {
			for _, e := range b.mesh.Endpoints(mesh.Cluster{Host: s.Host(), Port: p.Number}) {
				if e.Instance.Name == i.Name && !seen[e.Address] {
					seen[e.Address] = true
					list = append(list, served{i, portOf(i, e.Address), e.Address, p.Protocol})
				}
			}
		}
	}
	return list
}

func portOf(i mesh.Instance, address string) int {
	for port, a := range i.Addresses {
		if a == address {
			return port
		}
	}
	return 0
}

// inbound is how calls arrive at an instance.
func (b *builder) inbound(i mesh.Instance, in mesh.Inbound) {
	all := in
	for _, s := range b.ports(i) {
		name, in := s.name(), all
		if s.protocol == mesh.TCP {
			in.Limits = nil // nobody reads requests there
		}
		b.listen(door{
			name: name, address: pipe(b.socket(i, s.address), ownerOnly), owner: i.Name,
			service: app(i), direction: envoy.Inbound,
			filters: slices.Concat(b.accessFilters(), []*hcmv3.HttpFilter{b.limitFilter()}, b.localLimitFilters(i)),
		})
		b.program(s, in.Unlimited)
		settings := b.localLimits(s, in)
		b.access(s, in.Access, settings)
		b.add(Routes, name, &routev3.RouteConfiguration{
			Name: name,
			VirtualHosts: []*routev3.VirtualHost{{
				Name: name, Domains: []string{"*"}, Routes: b.entrances(s, in),
				TypedPerFilterConfig: settings,
			}},
			RequestHeadersToRemove: []string{callerHeader},
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
		AltStatName:    statName(name),
		ConnectTimeout: durationpb.New(toProgram),
		LoadAssignment: assignment(name, host(s.instance.Name.Name, b.tcp(s.address))),
	}
	if unlimited {
		c.CircuitBreakers = breakers(mesh.Limits{Unlimited: true})
	}
	b.speak(c, s.protocol, mesh.Connections{}, &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(idle)})
	b.add(Clusters, name, c)
}

// maxSocket is how long the path of a unix socket may be on every system.
const maxSocket = 103

// socket is where the sidecar of an instance takes the calls for an address. A digest keeps the
// path short, whatever the instance is called.
func (b *builder) socket(i mesh.Instance, address string) string {
	sum := sha256.Sum256([]byte(i.String() + " " + address))
	path := filepath.Join(b.cfg.Sockets, hex.EncodeToString(sum[:8]))
	if len(path) > maxSocket {
		b.fail("folder %s: its name is too long for a unix socket in it", b.cfg.Sockets)
	}
	return path
}
