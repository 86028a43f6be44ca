package mesh

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Labels mark instances.
type Labels map[string]string

// Has reports whether all of sub are among l.
func (l Labels) Has(sub Labels) bool {
	for key, value := range sub {
		if have, ok := l[key]; !ok || have != value {
			return false
		}
	}
	return true
}

// String is k=v,k=v, sorted.
func (l Labels) String() string {
	if len(l) == 0 {
		return "" // of a service's cluster, which is asked for most
	}
	pairs := make([]string, 0, len(l))
	for _, key := range slices.Sorted(maps.Keys(l)) {
		pairs = append(pairs, key+"="+l[key])
	}
	return strings.Join(pairs, ",")
}

// Cluster is a set of interchangeable instances: those of a service that have the labels, or
// one external host.
type Cluster struct {
	Host   string // a service's full name, or an external host
	Port   int
	Labels Labels // none: all instances
	// Subset is the name that the rules give these instances; "" where rules have only labels.
	// Two subsets of equal labels are two clusters, with limits and outliers of their own.
	Subset string
}

// Key is unique for a cluster, for maps and for names: HOST:PORT, and |SUBSET and |LABELS if
// there are any.
func (c Cluster) Key() string {
	key := c.Host + ":" + strconv.Itoa(c.Port)
	if c.Subset != "" {
		key += "|" + c.Subset
	}
	if len(c.Labels) > 0 {
		key += "|" + c.Labels.String()
	}
	return key
}

// Is reports whether two are the same, as their keys would be.
func (c Cluster) Is(other Cluster) bool {
	return c.Host == other.Host && c.Port == other.Port && c.Subset == other.Subset && maps.Equal(c.Labels, other.Labels)
}

// Endpoint is an instance as a cluster reaches it.
type Endpoint struct {
	Instance Instance
	Port     int    // of the instance, as others call it
	Address  string // where its program listens, host:port
}

// Endpoints are a cluster's instances, ready or not, in the order of the topology.
func (t Topology) Endpoints(c Cluster) []Endpoint {
	selects, port, ok := t.behind(c)
	if !ok {
		return nil
	}
	var list []Endpoint
	for _, i := range t.Instances {
		if !selects(i) || !i.Labels.Has(c.Labels) {
			continue
		}
		if e, ok := i.at(t.target(i, port)); ok {
			list = append(list, e)
		}
	}
	return list
}

// behind is which instances a cluster is of, and by which port of theirs.
func (t Topology) behind(c Cluster) (selects func(Instance) bool, port ServicePort, ok bool) {
	if e, ok := t.ExternalPort(c); ok && e.Pods != nil {
		return e.Pods.selects, ServicePort{Number: e.TargetPort()}, true
	}
	service, ok := t.ServiceAt(c.Host)
	if !ok {
		return nil, ServicePort{}, false
	}
	port, ok = service.Port(c.Port)
	return func(i Instance) bool { return service.selects(i.Namespace, i.Labels) }, port, ok
}

// at is a port of an instance as its sidecar takes calls for it.
func (i Instance) at(port int) (Endpoint, bool) {
	inner := port
	if to, ok := i.Forwards[port]; ok {
		inner = to
	}
	address, ok := i.Addresses[inner]
	return Endpoint{Instance: i, Port: port, Address: address}, ok
}

// target is the container port behind a service's port; 0 if the program has none of that name.
func (t Topology) target(i Instance, port ServicePort) int {
	if port.Target == "" {
		return port.Number
	}
	if number, err := strconv.Atoi(port.Target); err == nil {
		return number
	}
	w, _ := t.Workload(i.Workload)
	for _, p := range w.Container.Ports {
		if p.Name == port.Target {
			return p.Number
		}
	}
	return 0
}
