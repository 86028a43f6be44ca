package v1

import (
	"cmp"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// ruling is whose routes a client's calls of a host have.
type ruling struct {
	routes []Route
	by     rules.Key // of a VirtualService
	// attached are the routes that extensions have for the call, whether they act or not.
	attached []Route
	extended bool // they act
}

// attachment is what extensions have for a call, from the rules of one namespace.
type attachment struct {
	routes []Route
	oldest rules.Key
	ok     bool
}

// attachments are those of the client's own namespace, and of the called service's.
func (r *resolver) attachments(call Call) (own, others attachment) {
	of := func(namespace string) (a attachment) {
		for _, e := range r.extensions {
			if a.routes, a.oldest, a.ok = e.Routes(r.set, call, namespace); a.ok {
				break
			}
		}
		return a
	}
	own = of(call.Client.Namespace)
	if parent := cmp.Or(call.Entry, call.Service.Name).Namespace; parent != call.Client.Namespace {
		others = of(parent)
	}
	return own, others
}

// choose follows Istio's order: VirtualServices that are exported to the client's namespace by name,
// extensions' rules of that namespace, and the oldest of all others. The first acts that has routes.
func (r *resolver) choose(c client, call Call, host string) ruling {
	own, others := r.attachments(call)
	all := ruling{attached: slices.Concat(own.routes, others.routes)}
	chosen := func(a attachment) ruling {
		all.routes, all.extended = a.routes, true
		return all
	}
	for _, rule := range r.candidates(c, host, call.Port) {
		if (own.ok || others.ok) && patternFor(rule, host) != host {
			break // a pattern says less than a name
		}
		if first, ok := r.before(rule, own, others); ok && c.closeness(rule) == public {
			return chosen(first)
		}
		if routes := r.virtualService(c, rule, call.Port); len(routes) > 0 {
			r.label(c, routes)
			all.routes, all.by = routes, rule.Key
			return all
		}
	}
	if own.ok {
		return chosen(own)
	}
	if others.ok {
		return chosen(others)
	}
	all.routes = []Route{defaultRoute(mesh.Cluster{Host: host, Port: call.Port})}
	return all
}

// before is what comes before a VirtualService that is for all.
func (r *resolver) before(rule virtualService, own, others attachment) (attachment, bool) {
	if own.ok {
		return own, true
	}
	return others, others.ok && r.set.IsBefore(others.oldest, rule.Key)
}

// How a VirtualService comes to a client, the closest first.
const (
	private = iota // for its own namespace alone
	named          // for the client's namespace
	public         // for all
)

func (c client) closeness(rule virtualService) int {
	switch {
	case len(rule.Spec.ExportTo) == 0 || slices.Contains(rule.Spec.ExportTo, "*"):
		return public
	case rule.Key.Namespace == c.Namespace:
		return private
	default:
		return named
	}
}

// place is a host's port as one client calls it.
type place struct {
	client mesh.Name
	host   string
	port   int
}

// rulings are those of all clients and hosts, where extensions have rules at all.
func (r *resolver) rulings() map[place]ruling {
	all := map[place]ruling{}
	if !r.set.Has(func(k rules.Key) bool { return !strings.HasSuffix(k.Group, ".istio.io") }) {
		return all
	}
	for _, w := range r.topology.Workloads {
		c := client{Workload: w, sidecar: r.sidecar(w)}
		for _, s := range r.topology.Services {
			for _, p := range s.Ports {
				if c.speaks(p.Number, p.Protocol) != mesh.TCP && s.SeenFrom(c.Namespace) &&
					c.imports(s.Namespace, s.Host(), p.Number) {
					all[place{w.Name, s.Host(), p.Number}] = r.choose(c, r.call(c, s, p.Number), s.Host())
				}
			}
		}
		for _, e := range r.externalFor(c) {
			if c.speaks(e.Port, e.Protocol) != mesh.TCP {
				all[place{w.Name, e.Host, e.Port}] = r.choose(c, r.externalCall(c, e), e.Host)
			}
		}
	}
	return all
}

// beaten is about hosts of a VirtualService that another kind of rule has for every client.
func (i inspector) beaten(r virtualService) []rules.Finding {
	var list []rules.Finding
	for n, host := range r.Spec.Hosts {
		full, winner, acts := strings.ToLower(fullName(host, r.Key.Namespace)), "", false
		for at, chosen := range i.ruled() {
			switch {
			case !rules.Covers(full, at.host) || !bound(r.Spec):
			case chosen.extended && len(chosen.routes) > 0:
				winner = max(winner, from(chosen.routes[0]))
			case chosen.by == r.Key:
				acts = true
			}
		}
		if winner != "" && !acts {
			list = append(list, rules.Warn(rules.At("spec.hosts", n), "",
				"never acts for host %s: %s does, as Istio looks at it first", host, winner))
		}
	}
	return list
}

// beatenRoutes is about a rule of an extension whose hosts VirtualServices have for every client.
func (i inspector) beatenRoutes(r *rules.Rule) []rules.Finding {
	mine := func(route Route) bool { return from(route) == r.Key.Kind+" "+r.Key.Path() }
	winner := ""
	for _, chosen := range i.ruled() {
		switch {
		case !slices.ContainsFunc(chosen.attached, mine):
		case chosen.by != rules.Key{}:
			winner = max(winner, chosen.by.String())
		case slices.ContainsFunc(chosen.routes, mine):
			return nil
		}
	}
	if winner == "" {
		return nil
	}
	return []rules.Finding{rules.Warn("", "", "never acts inside the mesh: %s does, as Istio looks at it first", winner)}
}

// from is the rule that a route of an extension comes from.
func from(r Route) string { return r.Source.Kind + " " + r.From }
