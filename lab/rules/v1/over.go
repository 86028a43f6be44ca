package v1

import (
	"slices"

	"istio-tutorial/lab/mesh"
)

// Over lays rules over the mesh that those of another dialect made. Then holds:
//   - A host is today's for a client as soon as a rule of the set speaks of it: a ServiceEntry, a
//     DestinationRule, or routes of a VirtualService or an extension. Nothing that the other
//     dialect says of it acts, and today's defaults are its own. Other hosts stay as they are.
//   - A cluster to which both lead has today's policy.
//   - A Sidecar decides who sees a host, and where calls of unknown hosts go. Without one that
//     says, calls of unknown hosts go as the other dialect has it.
//   - Refusals, limits and counters of both are in force, the other dialect's first.
//   - Hosts that Gateways lead on come before those of the Ingresses.
func Over(base mesh.Mesh, s Set, extensions ...Extension) mesh.Mesh {
	r := newResolver(s, base.Topology, extensions)
	today := Resolve(s, base.Topology, extensions...)
	out := base
	out.External = slices.Clone(today.External)
	for _, e := range base.External {
		if !slices.ContainsFunc(out.External, func(have mesh.ExternalHost) bool {
			return have.Host == e.Host && have.Port == e.Port
		}) {
			out.External = append(out.External, e)
		}
	}
	out.Gateway = overGateway(base.Gateway, today.Gateway)
	out.Sidecars = slices.Clone(base.Sidecars)
	for i, w := range base.Workloads {
		sidecar := &out.Sidecars[i]
		sidecar.Outbound = r.over(r.plan(w), base.Sidecars[i].Outbound, today.Sidecars[i].Outbound)
		in, more := &sidecar.Inbound, today.Sidecars[i].Inbound
		in.Denials = slices.Concat(in.Denials, withoutCallers(more.Denials, in.Denials))
		in.Limits = slices.Concat(in.Limits, more.Limits)
		in.Counters = slices.Concat(in.Counters, more.Counters)
	}
	return out
}

func (r *resolver) over(p plan, base, today mesh.Outbound) mesh.Outbound {
	out := mesh.Outbound{Unknown: base.Unknown, AllowAny: base.AllowAny}
	if p.client.sidecar != nil && p.client.sidecar.spec.OutboundTrafficPolicy != nil {
		out.Unknown, out.AllowAny = today.Unknown, today.AllowAny
	}
	for i, h := range p.hosts {
		old := index(base.Hosts, h.VirtualHost)
		if old < 0 || r.speaks(p.client, h) {
			out.Hosts = append(out.Hosts, today.Hosts[i])
			keep(&out, today.Clusters, today.Hosts[i])
			continue
		}
		out.Hosts = append(out.Hosts, base.Hosts[old])
	}
	for _, h := range base.Hosts {
		_, isService := r.topology.ServiceAt(h.Names[len(h.Names)-1])
		if !isService && index(out.Hosts, h) < 0 {
			out.Hosts = append(out.Hosts, h)
		}
	}
	for _, h := range out.Hosts {
		keep(&out, base.Clusters, h)
	}
	return out
}

// index is where a list has a host, whatever its routes; -1 if it has not.
func index(list []mesh.VirtualHost, h mesh.VirtualHost) int {
	return slices.IndexFunc(list, func(other mesh.VirtualHost) bool { return same(other, h) })
}

func same(a, b mesh.VirtualHost) bool { return a.Port == b.Port && slices.Equal(a.Names, b.Names) }

// speaks tells whether a rule of the set says anything of a host.
func (r *resolver) speaks(c client, h plannedHost) bool {
	return r.entryOf(h.host) != "" || r.rule(c, h.host) != nil ||
		slices.ContainsFunc(h.routes, func(route Route) bool { return route.From != defaultName })
}

// keep adds the clusters that a host's routes name.
func keep(out *mesh.Outbound, clusters []mesh.Upstream, h mesh.VirtualHost) {
	for _, u := range clusters {
		key := u.Cluster.Key()
		if slices.ContainsFunc(h.Routes, func(r mesh.Route) bool {
			return slices.ContainsFunc(r.Destinations, func(d mesh.Destination) bool {
				return d.Cluster.Key() == key
			}) || slices.ContainsFunc(r.Mirrors, func(m mesh.Mirror) bool {
				return m.Cluster.Key() == key
			})
		}) {
			out.AddCluster(u.Cluster, func() mesh.Policy { return u.Policy })
		}
	}
}

// withoutCallers leaves out whom others refuse already: a caller is refused once.
func withoutCallers(list, others []mesh.Denial) []mesh.Denial {
	var out []mesh.Denial
	for _, d := range list {
		d.Callers.Workloads = slices.DeleteFunc(slices.Clone(d.Callers.Workloads), func(n mesh.Name) bool {
			return slices.ContainsFunc(others, func(o mesh.Denial) bool {
				return slices.Contains(o.Callers.Workloads, n)
			})
		})
		d.Callers.Others = d.Callers.Others && !slices.ContainsFunc(others, func(o mesh.Denial) bool {
			return o.Callers.Others
		})
		if d.Callers.Others || len(d.Callers.Workloads) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// overGateway puts hosts of Gateways first; where they are the same, they replace the Ingress'.
func overGateway(base, today mesh.Outbound) mesh.Outbound {
	out := mesh.Outbound{Unknown: base.Unknown}
	for _, h := range today.Hosts {
		if !slices.ContainsFunc(base.Hosts, func(b mesh.VirtualHost) bool { return sameRoutes(b, h) }) {
			out.Hosts = append(out.Hosts, h)
			keep(&out, today.Clusters, h)
		}
	}
	for _, h := range base.Hosts {
		if index(out.Hosts, h) < 0 {
			out.Hosts = append(out.Hosts, h)
			keep(&out, base.Clusters, h)
		}
	}
	return out
}

// sameRoutes tells whether two hosts are those of the same Ingresses.
func sameRoutes(a, b mesh.VirtualHost) bool {
	return same(a, b) && slices.EqualFunc(a.Routes, b.Routes, func(x, y mesh.Route) bool {
		return x.From == y.From
	})
}
