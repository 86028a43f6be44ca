package xds

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"istio-tutorial/lab/mesh"
)

// Snapshot is the whole configuration of Envoy at one moment, by type and name.
type Snapshot [kinds]resources

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
	b := &builder{mesh: m, cfg: cfg}
	for k := range b.snapshot {
		b.snapshot[k] = resources{}
	}
	for _, i := range m.Instances {
		if s, ok := m.SidecarOf(i.Workload); ok {
			b.inbound(i, s.Inbound)
			b.outbound(client{name: i.Name, caller: i.Workload.String(), listen: i.Proxy}, s.Outbound)
		}
	}
	b.outbound(client{name: Ingress(), caller: Ingress().Name, listen: cfg.Ingress, edge: true}, m.Gateway)
	return b.snapshot, errors.Join(b.errs...)
}

// client is whose calls a part of the configuration is for.
type client struct {
	name   mesh.Name
	caller string // how it introduces itself to servers
	listen string // host:port; "": it makes no calls
	edge   bool   // its own callers are outside the mesh, and not to be believed
}

// builder collects resources, and what is wrong with them.
type builder struct {
	mesh     mesh.Mesh
	cfg      Config
	snapshot Snapshot
	errs     []error
}

func (b *builder) add(k kind, name string, m proto.Message) { b.snapshot[k][name] = m }

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
