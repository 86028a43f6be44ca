// Package mesh is the domain in plain values: what runs, and what the rules make of its calls.
// It knows neither the rules' dialects nor the proxy: two rule files that mean the same end in
// the same Mesh, and every default is written out in it.
package mesh

import "slices"

// Mesh is everything desired at one moment.
type Mesh struct {
	Topology
	Sidecars []Sidecar // one per workload, in the order of Workloads
	Gateway  Outbound  // the calls that the ingress makes
	Secrets  []Secret  // those that rules name; a proxy's own is not among them
}

// Sidecar is what the proxy beside each instance of a workload does.
type Sidecar struct {
	Workload Name
	Outbound Outbound
	Inbound  Inbound
}

// Outbound is how calls leave: the hosts that a client may call, and its clusters.
type Outbound struct {
	Hosts    []VirtualHost
	Clusters []Upstream // those that Hosts name, each once, in the order of first use
	Unknown  Response   // the answer to a call of any other host
	AllowAny bool       // calls of any other host go where they ask, in place of that answer
	// Limits are for all calls of an instance together; they have no bucket and no port.
	Limits []RateLimit
	// Tokens are checked before anything else; only those of the ingress' own callers are.
	Tokens []TokenRule
	// Access are the rules for the ingress' own callers; a sidecar's are with its inbound calls.
	Access []AccessRule
	// Secure are the doors for encrypted connections; only the ingress has any.
	Secure []SecureDoor
	// Elsewhere is where those go in place of where they ask; nil: nowhere else.
	Elsewhere     *Cluster
	ProxyDefaults ProxyDefaults
}

// VirtualHost is one host and port to call, and the routes that decide where its requests go.
type VirtualHost struct {
	Names  []string // how a client may write the host, without port; "*" is any
	Port   int      // 0: any
	Routes []Route  // the first that matches wins; where none does, the answer is 404
	// AnyName: connections to the port, whichever host they name, come here too, unless another has
	// that name; so do those to an address in Ranges, such as 10.0.0.0/8. Both go the way of Unread,
	// or of the first route if that is nil.
	AnyName bool
	// OnlyTLS is the rule that sends whoever asks in plain text to the same URL with https, before any route is
	// looked at; the zero value: none does.
	OnlyTLS Origin
	Ranges  []string
	// Unread is where connections go that the client encrypts itself; nil: they have no way of their
	// own beside Routes.
	Unread *Cluster
}

// Origin is where something stands: the rule, for the reader, and the field of it.
type Origin struct{ From, Field string }

// Upstream is a cluster as one client sees it.
type Upstream struct {
	Cluster Cluster
	Policy  Policy
}

// Response is an answer that the proxy gives by itself.
type Response struct {
	Status int
	Body   string
}

// AddCluster adds a cluster unless it is there; policy is only asked for a new one.
func (o *Outbound) AddCluster(c Cluster, policy func() Policy) {
	same := func(u Upstream) bool { return u.Cluster.Is(c) }
	if !slices.ContainsFunc(o.Clusters, same) {
		o.Clusters = append(o.Clusters, Upstream{Cluster: c, Policy: policy()})
	}
}

// NewSidecars are those of all workloads.
func NewSidecars(
	t Topology, outbound func(Workload) Outbound, inbound func(Workload) Inbound,
) []Sidecar {
	list := make([]Sidecar, len(t.Workloads))
	for i, w := range t.Workloads {
		list[i] = Sidecar{Workload: w.Name, Outbound: outbound(w), Inbound: inbound(w)}
	}
	return list
}

// SidecarOf is the sidecar of a workload; false if the mesh has no such workload.
func (m Mesh) SidecarOf(workload Name) (Sidecar, bool) {
	for _, s := range m.Sidecars {
		if s.Workload == workload {
			return s, true
		}
	}
	return Sidecar{}, false
}
