package xds

import (
	"cmp"
	"reflect"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/filter"
	"istio-tutorial/lab/xds/message"
	"istio-tutorial/lab/xds/naming"
	"istio-tutorial/lab/xds/route"
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
	now := base{m.Topology, filter.MostFaults(m), filter.MostLocals(m), loggedHeaders(m), authentications(m), insistingOf(m), explainedHeaders(m)}
	if !reflect.DeepEqual(now, r.base) {
		r.base, r.built = now, built{}
	}
	b := &builder{
		mesh: m, cfg: r.config, base: now, snapshot: newSnapshot(),
		given: secretsOf(m), had: r.had, before: r.built, built: built{
			map[string]piece{}, map[hostKey]builtHost{}, map[string]*routev3.RouteConfiguration{},
		},
	}
	b.zipkin()
	for _, i := range m.Instances {
		if s, ok := m.SidecarOf(i.Workload); ok && !i.WithoutSidecar {
			b.part("inbound"+naming.At(i.Name), s.Inbound, func() []*routev3.VirtualHost {
				b.inbound(i, s.Inbound)
				return nil
			})
			b.outbound(sidecar(i).with(s.Outbound.ProxyDefaults), s.Outbound)
		}
	}
	edge := ingress(r.config).with(m.Gateway.ProxyDefaults)
	b.outbound(edge, m.Gateway)
	b.secureDoors(edge, m.Gateway)
	b.deliver()
	r.built, r.had = b.built, b.snapshot.Resources[Secrets]
	return b.snapshot, b.Err()
}

// client is whose calls a part of the configuration is for.
type client struct {
	name          mesh.Name
	caller        string // how it introduces itself to servers
	service       string // by which its spans are known
	listen        string // host:port; "": it makes no calls
	table         string // of routes; "": its only one
	edge          bool   // its own callers are outside the mesh, and not to be believed
	proxyDefaults mesh.ProxyDefaults
	// instance is whose calls they are; of the ingress, one without ports.
	instance mesh.Instance
}

func sidecar(i mesh.Instance) client {
	return client{
		name: i.Name, caller: i.Workload.String(), service: app(i), listen: i.Proxy, instance: i,
	}
}

func (c client) with(m mesh.ProxyDefaults) client {
	c.proxyDefaults = m
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
	message.Packer
	mesh     mesh.Mesh
	cfg      Config
	given    Resources // the mesh's secrets
	had      Resources // all that there were
	before   built     // of the same base
	built              // now
	snapshot Snapshot
}

// routing makes the routes of a client.
func (b *builder) routing(c client) route.Client {
	return route.Client{
		Name: c.name, Caller: c.caller, Deadlines: c.proxyDefaults.Deadlines, Mesh: &b.mesh.Topology, Packer: &b.Packer,
	}
}

// discover adds what Envoy gets when it asks for steps.
func (b *builder) discover(list ...filter.Discovered) []*hcmv3.HttpFilter {
	var steps []*hcmv3.HttpFilter
	for _, d := range list {
		b.add(Filters, d.Config.Name, d.Config)
		steps = append(steps, d.Step)
	}
	return steps
}

func (b *builder) add(k Kind, name string, m proto.Message) { b.snapshot.Resources[k][name] = m }
