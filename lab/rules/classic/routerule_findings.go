package classic

import (
	"fmt"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

func (i inspector) routeRule(r rules.Typed[routeRule]) []rules.Finding {
	if reason := i.unreachable(r.Rule, r.Spec.Destination, source(r.Spec)); reason != nil {
		return reason
	}
	if first, shadowed := i.shadow(r); shadowed {
		return never(Shadowed, "%s (%s) takes every request first", first.Key.Name, beats(first, r))
	}
	var list notes
	i.unanswered(&list, r)
	list.withoutEffect(r.Spec)
	if m := r.Spec.Match; m != nil && m.Request != nil {
		list.ambiguous(m.Request.Headers)
		for _, name := range sortedKeys(m.Request.Headers) {
			if reason := rules.Unsent(i.topology, r.Spec.Destination.host(r.Key.Namespace), name); reason != "" {
				list.add(Unsent, "matches no request on its way: %s", reason)
			}
		}
	}
	return list
}

// shadow is the rule after which nothing is generated, if r comes after one for every client.
func (i inspector) shadow(r rules.Typed[routeRule]) (first rules.Typed[routeRule], shadowed bool) {
	for _, p := range i.plans {
		if !i.isFrom(p.client, r.Rule, source(r.Spec)) {
			continue
		}
		for _, h := range p.hosts {
			if h.host != r.Spec.Destination.host(r.Key.Namespace) {
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
func beats(first, second rules.Typed[routeRule]) string {
	text := fmt.Sprintf("precedence %d", first.Spec.Precedence)
	switch {
	case first.Spec.Precedence != second.Spec.Precedence:
		return text
	case first.Key.Namespace != second.Key.Namespace:
		return text + ", earlier namespace"
	default:
		return text + ", earlier name"
	}
}

// unanswered are the destinations and mirrors of a rule that have no instance.
func (i inspector) unanswered(list *notes, r rules.Typed[routeRule]) {
	for _, h := range i.plans[0].hosts {
		if h.host != r.Spec.Destination.host(r.Key.Namespace) {
			continue
		}
		planned := route(&r, h.host, h.Port)
		for _, d := range planned.Destinations {
			if nobody := i.nobody(d.Cluster); nobody != "" && d.Weight > 0 {
				list.add(NoPods, "answers %d %% of its requests with 503: %s", d.Weight, nobody)
			}
		}
		for _, m := range planned.Mirrors {
			if planned.Redirect != nil {
				continue
			}
			if nobody := i.nobody(m.Cluster); nobody != "" {
				list.add(NoMirror, "mirrors nothing: %s", nobody)
			}
		}
	}
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
func (n *notes) withoutEffect(r *routeRule) {
	if t := r.Retries; t != nil && t.Simple != nil && t.Simple.Attempts == 0 {
		n.add(NoEffect, "retries nothing: attempts is 0")
	} else if asked := r.askedPerTry(); asked > 0 && r.perTry() == 0 {
		n.add(Inert, "ends no try after %v: Istio 0.7.1 ignored a perTryTimeout without a longer "+
			"httpReqTimeout", asked)
	}
	if r.Redirect != nil && r.Mirror != nil {
		n.add(NoEffect, "mirrors nothing: it redirects")
	}
	n.overridden(r)
	if r.Fault != nil {
		n.rare(r.Fault)
	}
}

// rare adds the parts of a fault that hit no request.
func (n *notes) rare(f *routeFault) {
	if d := f.Delay; d != nil && d.Percent < 1 {
		n.add(NoEffect, "delays nothing: %s", tooFew(d.Percent))
	}
	switch a := f.Abort; {
	case a == nil:
	case a.HTTPStatus == 0:
		n.add(NoEffect, "aborts nothing: httpStatus is missing")
	case a.Percent < 1:
		n.add(NoEffect, "aborts nothing: %s", tooFew(a.Percent))
	}
}

// overridden are the headers that would say other values, and that 0.7.1 did not look at.
func (n *notes) overridden(r *routeRule) {
	var names []string
	if t := r.Timeout; t != nil && t.Simple != nil {
		names = append(names, t.Simple.OverrideHeaderName)
	}
	if t := r.Retries; t != nil && t.Simple != nil {
		names = append(names, t.Simple.OverrideHeaderName)
	}
	if r.Fault != nil && r.Fault.Delay != nil {
		names = append(names, r.Fault.Delay.OverrideHeaderName)
	}
	if r.Fault != nil && r.Fault.Abort != nil {
		names = append(names, r.Fault.Abort.OverrideHeaderName)
	}
	for _, name := range names {
		if name != "" {
			n.add(NoEffect, "asks no header %s: Istio 0.7.1 did not look at overrideHeaderName", name)
		}
	}
}

func tooFew(percent float32) string {
	if percent == 0 {
		return "percent is 0"
	}
	return fmt.Sprintf("of percent %v only the whole number counts", percent)
}

// ambiguous are the conditions that a file states in two ways.
func (n *notes) ambiguous(headers map[string]*stringMatch) {
	for _, name := range sortedKeys(headers) {
		h := headers[name]
		kind, _ := h.of()
		if kind != "regex" && h.Regex != nil || kind == "exact" && h.Prefix != nil {
			n.add(Ambiguous, "compares %s by %s alone, though it names more ways", name, kind)
		}
	}
}
