package classic

import (
	"cmp"
	"fmt"

	"istio-tutorial/lab/mesh"
)

// Finding is a rule that never acts, or acts less than its file says, and why.
type Finding struct {
	Key  Key
	Text string // a sentence that begins with the rule's name
}

const neverActs = "never acts: "

// Findings are what a reader should know about the rules in force, in the order of their keys.
func Findings(s Set, t mesh.Topology) []Finding {
	r := newResolver(s, t)
	i := inspector{resolver: r}
	for _, w := range t.Workloads {
		p := r.plan(w)
		i.plans = append(i.plans, p)
		i.outbounds = append(i.outbounds, r.outbound(p))
	}
	var list []Finding
	for _, rule := range s.Rules() {
		name := rule.Key.Name
		if rule.Key.Type == rule.Kind.Kind { // Mixer's names say too little by themselves
			name = rule.Key.Type + " " + name
		}
		for _, text := range i.inspect(rule) {
			list = append(list, Finding{Key: rule.Key, Text: name + " " + text})
		}
	}
	return list
}

type inspector struct {
	*resolver
	plans     []plan
	outbounds []mesh.Outbound // of the same clients
}

func (i inspector) inspect(r Rule) []string {
	switch spec := r.spec.(type) {
	case *routeRule:
		return i.routeRule(typed[routeRule]{r, spec})
	case *destinationPolicy:
		return i.destinationPolicy(typed[destinationPolicy]{r, spec})
	case *egressRule:
		return i.egressRule(typed[egressRule]{r, spec})
	case *mixerRule:
		return i.mixerRule(typed[mixerRule]{r, spec})
	case *quotaSpec:
		return i.quotaSpec(r)
	case *quotaSpecBinding:
		return i.quotaSpecBinding(typed[quotaSpecBinding]{r, spec})
	default:
		return i.unused(r)
	}
}

func never(format string, args ...any) []string {
	return []string{neverActs + fmt.Sprintf(format, args...)}
}

// unreachable is why no client's call can be meant by a rule for a destination from a source.
func (i inspector) unreachable(r Rule, destination, source *reference) []string {
	host := r.host(destination)
	if _, ok := i.topology.ServiceAt(host); !i.known(host) && ok {
		return never("no port of %s is named http, http-…, http2 or grpc", host)
	}
	if !i.known(host) {
		return never("there is no service %s", host)
	}
	for _, p := range i.plans {
		if i.isFrom(p.client, r, source) {
			return nil
		}
	}
	if source == nil {
		return never("there is no pod that could call %s", destination.short())
	}
	if len(source.Labels) > 0 {
		return never("there is no pod of %s with %s", r.host(source), mesh.Labels(source.Labels))
	}
	return never("there is no pod of %s", r.host(source))
}

// known tells whether clients have routes for a host.
func (i inspector) known(host string) bool {
	for _, p := range i.plans {
		for _, h := range p.hosts {
			if h.host == host {
				return true
			}
		}
	}
	return len(i.plans) == 0
}

func (r *reference) short() string { return cmp.Or(r.Name, r.Service) }
