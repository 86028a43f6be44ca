package xds

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"istio-tutorial/lab/mesh"
)

// Snapshot is the whole configuration of Envoy at one moment, and what the lab must know to
// answer it. The zero Snapshot is that of no mesh.
type Snapshot struct {
	Resources [Kinds]Resources
	Limits    map[string]mesh.RateLimit
}

// Resources are those of one kind, by name.
type Resources map[string]proto.Message

// Kind is a type of resource.
type Kind int

// The kinds in the order in which additions are sent: nothing is named before it is there.
const (
	Clusters Kind = iota
	Endpoints
	Secrets
	Listeners
	Routes
	Filters // steps of listeners, which act at once, also on open connections
	Kinds   // how many there are
)

func newSnapshot() Snapshot {
	s := Snapshot{Limits: map[string]mesh.RateLimit{}}
	for k := range Kinds {
		s.Resources[k] = Resources{}
	}
	return s
}

// Build is Envoy's configuration for a mesh, which must not be changed from then on. The error
// names every part that Envoy could not be told.
func (r *Builder) Build(m mesh.Mesh) (Snapshot, error) {
	now := base{m.Topology, mostFaults(m), mostLocals(m), loggedHeaders(m), authentications(m), insistingOf(m), explainedHeaders(m)}
	if !reflect.DeepEqual(now, r.base) {
		r.base, r.built = now, built{}
	}
	b := &builder{
		mesh: m, cfg: r.config, base: now, snapshot: newSnapshot(),
		before: r.built, kept: r.kept, built: built{
			map[string]piece{}, map[hostKey]builtHost{}, map[string]*routev3.RouteConfiguration{},
		},
	}
	b.zipkin()
	for _, i := range m.Instances {
		if s, ok := m.SidecarOf(i.Workload); ok && !i.WithoutSidecar {
			b.part("inbound"+at(i.Name), s.Inbound, func() []*routev3.VirtualHost {
				b.inbound(i, s.Inbound)
				return nil
			})
			b.outbound(sidecar(i).with(s.Outbound.Manners), s.Outbound)
		}
	}
	edge := ingress(r.config).with(m.Gateway.Manners)
	b.outbound(edge, m.Gateway)
	b.secureDoors(edge, m.Gateway)
	b.deliver()
	r.built, r.kept = b.built, b.snapshot.Resources[Secrets]
	return b.snapshot, errors.Join(b.errs...)
}

// client is whose calls a part of the configuration is for.
type client struct {
	name    mesh.Name
	caller  string // how it introduces itself to servers
	service string // by which its spans are known
	listen  string // host:port; "": it makes no calls
	table   string // of routes; "": its only one
	edge    bool   // its own callers are outside the mesh, and not to be believed
	manners mesh.Manners
	// instance is whose calls they are; of the ingress, one without ports.
	instance mesh.Instance
}

func sidecar(i mesh.Instance) client {
	return client{
		name: i.Name, caller: i.Workload.String(), service: app(i), listen: i.Proxy, instance: i,
	}
}

func (c client) with(m mesh.Manners) client {
	c.manners = m
	return c
}

// app is what Istio calls the service of an instance in traces.
func app(i mesh.Instance) string { return cmp.Or(i.Labels["app"], i.Workload.Name) }

func ingress(cfg Config) client {
	name := Ingress()
	return client{
		name: name, caller: name.Name, service: "istio-" + name.Name, listen: cfg.Ingress, edge: true,
	}
}

// builder collects resources, and what is wrong with them.
type builder struct {
	base
	mesh     mesh.Mesh
	cfg      Config
	before   built // of the same base
	built          // now
	snapshot Snapshot
	kept     Resources // the secrets of the snapshot before
	errs     []error
}

func (b *builder) add(k Kind, name string, m proto.Message) { b.snapshot.Resources[k][name] = m }

func (b *builder) fail(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

// pack is always the same for the same message: Envoy sees any difference as a change.
func (b *builder) pack(m proto.Message) *anypb.Any {
	packed := &anypb.Any{}
	if err := anypb.MarshalFrom(packed, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		b.errs = append(b.errs, err)
	}
	return packed
}
