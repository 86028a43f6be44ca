package mesh

import (
	"maps"
	"slices"
	"strings"
)

// Domain ends the full name of every service.
const Domain = "cluster.local"

// Name is an object's name in its namespace.
type Name struct {
	Namespace string
	Name      string
}

// String is NAMESPACE/NAME.
func (n Name) String() string { return n.Namespace + "/" + n.Name }

// ParseName reads NAMESPACE/NAME, or a name in no namespace.
func ParseName(s string) Name {
	namespace, name, ok := strings.Cut(s, "/")
	if !ok {
		return Name{Name: s}
	}
	return Name{Namespace: namespace, Name: name}
}

// Is reports whether a text is the name as NAMESPACE/NAME.
func (n Name) Is(text string) bool {
	namespace, name, ok := strings.Cut(text, "/")
	return ok && name == n.Name && namespace == n.Namespace
}

// Topology is what runs, whatever the rules say.
type Topology struct {
	Workloads   []Workload
	Instances   []Instance
	Services    []Service
	Aliases     []Service // other names of hosts, which no instance is behind
	External    []ExternalHost
	Ingresses   []Ingress
	Credentials []Credential
	// Namespaces are those that manifests name, and their labels.
	Namespaces map[string]Labels
}

// NamespaceNames are all that there are: those of manifests, of what runs, and of every cluster with
// Istio; some of them twice.
func (t Topology) NamespaceNames() []string {
	names := []string{"default", "istio-system", "kube-system"}
	names = slices.AppendSeq(names, maps.Keys(t.Namespaces))
	for _, w := range t.Workloads {
		names = append(names, w.Namespace)
	}
	for _, s := range t.Services {
		names = append(names, s.Namespace)
	}
	return names
}

// LabelsOf are those of a namespace.
func (t Topology) LabelsOf(namespace string) Labels { return t.Namespaces[namespace] }

// Workload is a Deployment: instances of one program.
type Workload struct {
	Name
	Labels         Labels // of its instances
	ServiceAccount string // "default" where the manifest names none
	// WithoutSidecar: its calls pass no proxy of the mesh, and nor do those of it.
	WithoutSidecar bool
	Replicas       int
	Container      Container
}

// Instance is a pod.
type Instance struct {
	Name
	Workload Name
	Labels   Labels
	// ServiceAccount is that with which it was started; "": its workload's.
	ServiceAccount string
	// Addresses is where the program really listens, host:port, by container port. All
	// instances share one machine, so the numbers differ from the manifest's.
	Addresses map[int]string
	// Forwards are the ports at which its sidecar takes calls for another of them. Without a port
	// behind, nobody answers there.
	Forwards map[int]int
	// Proxy is where its sidecar takes the calls that the program makes, host:port; "": it
	// makes none.
	Proxy string
	Ready bool
	// WithoutSidecar: calls of it go to its program, and Proxy is where the cluster's network takes
	// those that it makes.
	WithoutSidecar bool
}

// Service is a name that clients call, and the instances behind it.
type Service struct {
	Name
	Ports    []ServicePort
	Selector Labels // empty: no instance
	// ExportTo are the namespaces whose clients see it, "*" for all and "." for its own; none: all.
	// Rules of 2018 do not know it.
	ExportTo []string
	External string // the host that it is another name of; "": it is a service of its own
}

// SeenFrom reports whether clients of a namespace see the service.
func (s Service) SeenFrom(namespace string) bool {
	return len(s.ExportTo) == 0 || slices.ContainsFunc(s.ExportTo, func(e string) bool {
		return e == "*" || e == namespace || e == "." && namespace == s.Namespace
	})
}

// ServicePort is one port of a service.
type ServicePort struct {
	Name     string
	Number   int
	Target   string // container port, name or number
	Protocol Protocol
	TLS      bool // clients encrypt themselves
}

// Host is the service's full name.
func (s Service) Host() string { return s.Name.Name + "." + s.Namespace + ".svc." + Domain }

// nameAt is the name of the service that a full host name is of.
func nameAt(host string) (Name, bool) {
	full, ok := strings.CutSuffix(host, ".svc."+Domain)
	name, namespace, hasBoth := strings.Cut(full, ".")
	return Name{Namespace: namespace, Name: name}, ok && hasBoth
}

// Names are all ways in which a client of a namespace may write the service's host.
func (s Service) Names(client string) []string {
	short, full := s.Name.Name, s.Name.Name+"."+s.Namespace
	names := []string{full, full + ".svc", full + ".svc.cluster", full + ".svc." + Domain}
	if s.Namespace == client {
		names = append([]string{short}, names...)
	}
	return names
}

// Port is the port of a number.
func (s Service) Port(number int) (ServicePort, bool) {
	i := slices.IndexFunc(s.Ports, func(p ServicePort) bool { return p.Number == number })
	if i < 0 {
		return ServicePort{}, false
	}
	return s.Ports[i], true
}

// Protocol is what a port speaks. Rules act on the HTTP ones only.
type Protocol int

// The protocols; TCP is everything that is not HTTP. What an Unnamed port speaks, its name does not
// say: dialects of rules differ in what they make of it, see Topology.Taking.
const (
	TCP Protocol = iota
	HTTP
	HTTP2
	Unnamed
)

// TLS is how a proxy encrypts a connection.
type TLS struct {
	SNI    string // "": none
	Verify bool   // the peer's certificate must be valid, and for one of Names if there are any
	Names  []string
	// Certificate is the secret that the proxy shows; "": none. Authorities is that of those whom it
	// believes; "": the machine's. One that the mesh does not have lets no connection come about.
	Certificate, Authorities string
}

// Ingress leads calls from outside to a service.
type Ingress struct {
	Name
	Host    string // "" is any
	Path    string
	Exact   bool // the path as a whole, instead of as a prefix of whole segments
	Service Name
	Port    int
}

// Taking is the topology in which unnamed ports of services speak a protocol.
func (t Topology) Taking(unnamed Protocol) Topology {
	t.Services = slices.Clone(t.Services)
	for i, s := range t.Services {
		t.Services[i].Ports = slices.Clone(s.Ports)
		for j, p := range s.Ports {
			if p.Protocol == Unnamed {
				t.Services[i].Ports[j].Protocol = unnamed
			}
		}
	}
	return t
}

// Workload is the workload of a name.
func (t Topology) Workload(name Name) (Workload, bool) {
	i := slices.IndexFunc(t.Workloads, func(w Workload) bool { return w.Name == name })
	if i < 0 {
		return Workload{}, false
	}
	return t.Workloads[i], true
}

// ServiceAt is the service of a full host name.
func (t Topology) ServiceAt(host string) (Service, bool) {
	name, ok := nameAt(host)
	if !ok {
		return Service{}, false
	}
	i := slices.IndexFunc(t.Services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return t.Services[i], true
}

// ServicesOf are the services that select a workload's instances.
func (t Topology) ServicesOf(w Workload) []Service {
	var list []Service
	for _, s := range t.Services {
		if s.selects(w.Namespace, w.Labels) {
			list = append(list, s)
		}
	}
	return list
}

func (s Service) selects(namespace string, labels Labels) bool {
	return len(s.Selector) > 0 && s.Namespace == namespace && labels.Has(s.Selector)
}
