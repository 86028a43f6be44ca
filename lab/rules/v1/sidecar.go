package v1

import (
	"net"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// sidecar is the Sidecar of a workload: one that selects it, else its namespace's, else the root
// namespace's; nil if there is none.
func (r *resolver) sidecar(w mesh.Workload) *networking.Sidecar {
	of := func(namespace string) func(sidecar) bool {
		return func(s sidecar) bool {
			return s.Spec.WorkloadSelector == nil && s.Key.Namespace == namespace
		}
	}
	selecting := func(s sidecar) bool {
		return s.Spec.WorkloadSelector != nil && s.Key.Namespace == w.Namespace &&
			w.Labels.Has(s.Spec.WorkloadSelector.Labels)
	}
	for _, fits := range []func(sidecar) bool{selecting, of(w.Namespace), of(rootNamespace)} {
		if i := slices.IndexFunc(r.sidecars, fits); i >= 0 {
			return r.sidecars[i].Spec
		}
	}
	return nil
}

// anyPort is for what a client sees, at whatever port.
const anyPort = 0

// listeners are the parts of a Sidecar for the calls of a port: that of the port itself, or else the
// one without a port.
func (c client) listeners(port int) []*networking.IstioEgressListener {
	var own, all []*networking.IstioEgressListener
	for _, e := range c.sidecar.GetEgress() {
		switch {
		case port == anyPort || e.Port == nil:
			all = append(all, e)
		case int(e.Port.Number) == port:
			own = append(own, e)
		}
	}
	if len(own) > 0 {
		return own
	}
	return all
}

// imports reports whether a Sidecar lets its clients see a host of a namespace at a port; without
// egress, or without a Sidecar, they see all.
func (c client) imports(namespace, host string, port int) bool {
	for _, e := range c.listeners(port) {
		for _, pattern := range e.Hosts {
			from, name, _ := strings.Cut(pattern, "/")
			if from == "." {
				from = c.Namespace
			}
			if (from == "*" || from == namespace) && rules.Covers(name, host) {
				return true
			}
		}
	}
	return len(c.sidecar.GetEgress()) == 0
}

// speaks is the protocol that a Sidecar takes the calls of a port to have, if it says so, in place
// of the port's own.
func (c client) speaks(port int, own mesh.Protocol) mesh.Protocol {
	for _, e := range c.sidecar.GetEgress() {
		if name := e.GetPort().GetProtocol(); name != "" && int(e.Port.Number) == port {
			return protocolOf(name)
		}
	}
	return own
}

// sees reports whether a rule that is exported somewhere, with these hosts, reaches a client.
func (c client) sees(rule rules.Key, exportTo, hosts []string, port int) bool {
	return exported(rule, exportTo, c.Namespace) && c.importsAny(rule.Namespace, hosts, port)
}

// importsAny is imports for a rule with several hosts, which may be patterns themselves.
func (c client) importsAny(namespace string, hosts []string, port int) bool {
	return slices.ContainsFunc(hosts, func(h string) bool {
		return c.imports(namespace, fullName(h, namespace), port)
	})
}

// egressProxy is where a client's calls of hosts that nobody names go; nil: where they ask.
func (c client) egressProxy() *mesh.Cluster {
	d := c.sidecar.GetOutboundTrafficPolicy().GetEgressProxy()
	if d == nil {
		return nil
	}
	return &mesh.Cluster{
		Host: fullName(d.Host, c.Namespace), Port: int(d.GetPort().GetNumber()), Subset: d.Subset,
	}
}

// forward has the instances' sidecars take calls at the ports that their Sidecar says.
func (r *resolver) forward() {
	r.topology.Instances = slices.Clone(r.topology.Instances)
	for i, instance := range r.topology.Instances {
		w, _ := r.topology.Workload(instance.Workload)
		for _, in := range r.sidecar(w).GetIngress() {
			port, to := int(in.GetPort().GetNumber()), endpointPort(in)
			if to == port {
				continue
			}
			if instance.Forwards == nil {
				instance.Forwards = map[int]int{}
			}
			instance.Forwards[port] = to
		}
		r.topology.Instances[i] = instance
	}
}

// endpointPort is the port of the program behind a port of its sidecar.
func endpointPort(in *networking.IstioIngressListener) int {
	if _, text, err := net.SplitHostPort(in.DefaultEndpoint); err == nil {
		if port, err := strconv.Atoi(text); err == nil {
			return port
		}
	}
	return int(in.GetPort().GetNumber())
}

// doors are what a Sidecar says of the connections to a program, by its ports, and at all others.
func (r *resolver) doors(w mesh.Workload) (map[int]mesh.Door, *mesh.Pool) {
	s := r.sidecar(w)
	var doors map[int]mesh.Door
	others := inboundPool(s.GetInboundConnectionPool())
	for _, in := range s.GetIngress() {
		door := mesh.Door{Protocol: protocolOf(in.GetPort().GetProtocol()), Pool: inboundPool(in.ConnectionPool)}
		if door.Pool == nil {
			door.Pool = others
		}
		if doors == nil {
			doors = map[int]mesh.Door{}
		}
		doors[int(in.GetPort().GetNumber())] = door
	}
	return doors, others
}

func inboundPool(p *networking.ConnectionPoolSettings) *mesh.Pool {
	if p == nil {
		return nil
	}
	pool := &mesh.Pool{Limits: limits(p), Connections: connections(p), ConnectTimeout: connectTimeout}
	pool.Connections.HTTP2, pool.Connections.AsClient = false, false
	if t := p.GetTcp().GetConnectTimeout(); t != nil {
		pool.ConnectTimeout = t.AsDuration()
	}
	return pool
}

// isAmbient reports whether a cluster's pods of a namespace have no sidecars.
func (i inspector) isAmbient(namespace string) bool {
	labels := i.topology.LabelsOf(namespace)
	return labels["istio.io/dataplane-mode"] == "ambient" && labels["istio-injection"] != "enabled" &&
		labels["istio.io/rev"] == ""
}
