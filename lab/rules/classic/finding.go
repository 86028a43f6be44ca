package classic

import (
	"cmp"
	"fmt"
	"strings"

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

func (i inspector) routeRule(r typed[routeRule]) []string {
	if reason := i.unreachable(r.Rule, r.spec.Destination, source(r.spec)); reason != nil {
		return reason
	}
	if first, shadowed := i.shadow(r); shadowed {
		return never("%s (%s) takes every request first", first.Key.Name, beats(first, r))
	}
	notes := append(i.unanswered(r), withoutEffect(r.spec)...)
	return append(notes, ambiguous(r.spec.Match)...)
}

// shadow is the rule after which nothing is generated, if r comes after one for every client.
func (i inspector) shadow(r typed[routeRule]) (first typed[routeRule], shadowed bool) {
	for _, p := range i.plans {
		if !i.isFrom(p.client, r.Rule, source(r.spec)) {
			continue
		}
		for _, h := range p.hosts {
			if h.host != r.host(r.spec.Destination) {
				continue
			}
			for _, route := range h.routes {
				if route.rule == nil || route.rule.Key == r.Key {
					return first, false
				}
				first, shadowed = *route.rule, true
			}
		}
	}
	return first, shadowed
}

// beats says why one rule is tried before another.
func beats(first, second typed[routeRule]) string {
	text := fmt.Sprintf("precedence %d", first.spec.Precedence)
	switch {
	case first.spec.Precedence != second.spec.Precedence:
		return text
	case first.Key.Namespace != second.Key.Namespace:
		return text + ", earlier namespace"
	default:
		return text + ", earlier name"
	}
}

// unanswered are the destinations and mirrors of a rule that have no instance.
func (i inspector) unanswered(r typed[routeRule]) []string {
	var notes []string
	for _, h := range i.plans[0].hosts {
		if h.host != r.host(r.spec.Destination) {
			continue
		}
		planned := route(&r, h.host, h.Port)
		for _, d := range planned.Destinations {
			if nobody := i.nobody(d.Cluster); nobody != "" && d.Weight > 0 {
				note := fmt.Sprintf("answers %d %% of its requests with 503: %s", d.Weight, nobody)
				notes = append(notes, note)
			}
		}
		for _, m := range planned.Mirrors {
			if nobody := i.nobody(m.Cluster); nobody != "" {
				notes = append(notes, "mirrors nothing: "+nobody)
			}
		}
	}
	return notes
}

func (i inspector) nobody(c mesh.Cluster) string {
	_, isExternal := i.external(c)
	short, _, _ := strings.Cut(c.Host, ".")
	switch {
	case isExternal || len(i.topology.Endpoints(c)) > 0:
		return ""
	case len(c.Labels) == 0:
		return "there is no pod of " + c.Host
	default:
		return fmt.Sprintf("no pod of %s has %s", short, c.Labels)
	}
}

// withoutEffect is what a rule asks for so little that 0.7.1 leaves it out.
func withoutEffect(r *routeRule) []string {
	var notes []string
	if t := r.Retries; t != nil && t.Simple != nil && t.Simple.Attempts == 0 {
		notes = append(notes, "retries nothing: attempts is 0")
	}
	if r.Fault == nil {
		return notes
	}
	if d := r.Fault.Delay; d != nil && d.Percent < 1 {
		notes = append(notes, "delays nothing: "+tooFew(d.Percent))
	}
	switch a := r.Fault.Abort; {
	case a == nil:
	case a.HTTPStatus == 0:
		notes = append(notes, "aborts nothing: httpStatus is missing")
	case a.Percent < 1:
		notes = append(notes, "aborts nothing: "+tooFew(a.Percent))
	}
	return notes
}

func tooFew(percent float32) string {
	if percent == 0 {
		return "percent is 0"
	}
	return fmt.Sprintf("of percent %v only the whole number counts", percent)
}

// ambiguous are the conditions that a file states in two ways.
func ambiguous(m *match) []string {
	if m == nil || m.Request == nil {
		return nil
	}
	var notes []string
	for _, name := range sortedKeys(m.Request.Headers) {
		h := m.Request.Headers[name]
		kind, _ := h.of()
		if kind != "regex" && h.Regex != nil || kind == "exact" && h.Prefix != nil {
			note := fmt.Sprintf("compares %s by %s alone, though it names more ways", name, kind)
			notes = append(notes, note)
		}
	}
	return notes
}
