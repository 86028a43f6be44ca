package xds

import (
	"cmp"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"istio-tutorial/lab/mesh"
)

// Snapshot is the whole configuration of Envoy at one moment, and what the lab must know to
// answer it. The zero Snapshot is that of no mesh.
type Snapshot struct {
	resources [kinds]resources
	limits    map[string]mesh.RateLimit
}

// resources are those of one kind, by name.
type resources map[string]proto.Message

// kind is a type of resource.
type kind int

// The kinds in the order in which additions are sent: nothing is named before it is there.
const (
	clusters kind = iota
	endpoints
	listeners
	routes
	kinds
)

// Build is Envoy's configuration for a mesh. The error names every part that Envoy could not
// be told.
func Build(m mesh.Mesh, cfg Config) (Snapshot, error) {
	b := &builder{
		mesh: m, cfg: cfg, snapshot: Snapshot{limits: map[string]mesh.RateLimit{}},
		faults: mostFaults(m), locals: mostLocals(m), headers: loggedHeaders(m),
	}
	for k := range kinds {
		b.snapshot.resources[k] = resources{}
	}
	b.zipkin()
	for _, i := range m.Instances {
		if s, ok := m.SidecarOf(i.Workload); ok {
			b.inbound(i, s.Inbound)
			b.outbound(b.sidecar(i), s.Outbound)
		}
	}
	b.outbound(ingress(cfg), m.Gateway)
	return b.snapshot, errors.Join(b.errs...)
}

// client is whose calls a part of the configuration is for.
type client struct {
	name    mesh.Name
	caller  string         // how it introduces itself to servers
	service string         // by which its spans are known
	listen  string         // host:port; "": it makes no calls
	edge    bool           // its own callers are outside the mesh, and not to be believed
	itself  map[int]string // the clusters of its own ports
}

func (b *builder) sidecar(i mesh.Instance) client {
	return client{
		name: i.Name, caller: i.Workload.String(), service: app(i), listen: i.Proxy,
		itself: b.itself(i),
	}
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
	mesh     mesh.Mesh
	cfg      Config
	faults   int      // that a listener is prepared for
	locals   int      // and limits
	headers  []string // that the access log shows
	snapshot Snapshot
	errs     []error
}

func (b *builder) add(k kind, name string, m proto.Message) { b.snapshot.resources[k][name] = m }

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
