package mesh

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// ExternalHost is a port of a host that rules add to the mesh. If it speaks TCP, what clients
// encrypt themselves is led there unread; if it is Unnamed, that too, besides HTTP.
type ExternalHost struct {
	Host     string // *.NAME is every host below
	Port     int
	Target   int // the port at the host; 0: Port
	Protocol Protocol
	// TLS: clients speak plain text and their sidecar encrypts; nil passes the text on as it is.
	TLS *TLS
	// AsAsked leads each call to the host that it asks for.
	AsAsked bool
	// Addresses are those by which clients may call it, besides its name: of IP, or ranges of it.
	Addresses []string
	// ByPort: whatever is sent to the port, for whichever host, is led there: nothing tells it from
	// what is for the host.
	ByPort bool
	// Listed: it is at Endpoints and nowhere else; otherwise it is where its name leads.
	Listed    bool
	Endpoints []Place
	// Pods selects instances of a namespace in their place; nil: none.
	Pods *PodSelector
}

// PodSelector are the instances of a namespace that have the labels.
type PodSelector struct {
	Namespace string
	Labels    Labels
}

func (s PodSelector) selects(i Instance) bool {
	return i.Namespace == s.Namespace && i.Labels.Has(s.Labels)
}

// Place is where a host outside is: an address of IP or a name with a port, or, without a port, the
// path of a unix socket.
type Place struct {
	Address string
	Port    int
	Labels  Labels
	Weight  int // relative to others; 0 is 1
}

// TargetPort is the port at the host.
func (e ExternalHost) TargetPort() int { return cmp.Or(e.Target, e.Port) }

// PlacesOf are its endpoints that have all of some labels.
func (e ExternalHost) PlacesOf(labels Labels) []Place {
	return slices.DeleteFunc(slices.Clone(e.Endpoints), func(p Place) bool {
		return !p.Labels.Has(labels)
	})
}

// ExternalAt are the ports of an external host.
func (t Topology) ExternalAt(host string) []ExternalHost {
	var ports []ExternalHost
	for _, e := range t.External {
		if e.Host == host {
			ports = append(ports, e)
		}
	}
	return ports
}

// ExternalPort is one port of an external host.
func (t Topology) ExternalPort(c Cluster) (ExternalHost, bool) {
	i := slices.IndexFunc(t.External, func(e ExternalHost) bool {
		return e.Host == c.Host && e.Port == c.Port
	})
	if i < 0 {
		return ExternalHost{}, false
	}
	return t.External[i], true
}

// IsLoopback reports whether a host, as it is written, is the machine's own: localhost or what is below it, or an
// address of IP that leads there, as the unspecified ones do.
func IsLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return ip.IsLoopback() || ip.IsUnspecified()
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}
