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

// Endpoint is an instance as a cluster reaches it.
type Endpoint struct {
	Instance Instance
	Address  string // host:port
}

// Endpoints are a cluster's instances, ready or not, in the order of the topology.
func (t Topology) Endpoints(c Cluster) []Endpoint {
	service, ok := t.ServiceAt(c.Host)
	if !ok {
		return nil
	}
	port, ok := service.Port(c.Port)
	if !ok {
		return nil
	}
	var list []Endpoint
	for _, i := range t.Instances {
		if !service.selects(i.Namespace, i.Labels) || !i.Labels.Has(c.Labels) {
			continue
		}
		if address, ok := i.Addresses[t.target(i, port)]; ok {
			list = append(list, Endpoint{Instance: i, Address: address})
		}
	}
	return list
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
