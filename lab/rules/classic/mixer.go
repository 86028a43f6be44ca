package classic

import (
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// everywhere is the namespace whose Mixer rules act on the calls of all namespaces.
const everywhere = "istio-system"

// call is what Mixer's static attributes are taken from.
type call struct {
	source             *mesh.Workload // nil: a caller outside the mesh
	sourceService      string
	destination        mesh.Workload
	destinationService string
}

// action is a handler together with one of its instances.
type action struct {
	rule     rules.Typed[mixerRule]
	handler  rules.Rule
	instance rules.Rule
	when     cases // that of the rule's match for a caller
}

// mixerName is NAME.KIND.NAMESPACE, as Mixer's answers have it.
func mixerName(r rules.Rule) string {
	return r.Key.Name + "." + r.Key.Kind + "." + r.Key.Namespace
}

// mixerKey is the key of NAME.KIND or NAME.KIND.NAMESPACE; without a namespace, that of the rule.
func mixerKey(name, namespace string) rules.Key {
	parts := strings.SplitN(name, ".", 3)
	if len(parts) == 3 {
		namespace = parts[2]
	}
	return rules.Key{Kind: parts[1], Namespace: namespace, Name: parts[0]}
}

// inbound is the outcome of Mixer's rules for each caller.
func (r *resolver) inbound(server mesh.Workload) mesh.Inbound {
	var in mesh.Inbound
	for _, c := range r.calls(server) {
		actions := r.actions(c)
		addDenials(&in, c, actions)
		r.addLimits(&in, c, actions)
		addCounters(&in, c, actions)
	}
	sortDenials(in.Denials)
	return in
}

func (r *resolver) calls(server mesh.Workload) []call {
	to := call{destination: server, destinationService: r.serviceOf(server)}
	list := make([]call, 0, len(r.topology.Workloads)+1)
	for _, w := range r.topology.Workloads {
		c := to
		c.source, c.sourceService = &w, r.serviceOf(w)
		list = append(list, c)
	}
	return append(list, to)
}

func (r *resolver) serviceOf(w mesh.Workload) string {
	if services := r.topology.ServicesOf(w); len(services) > 0 {
		return services[0].Host()
	}
	return ""
}

// actions are those of the rules that match a call. What refers to something that is not there
// is left out, as Mixer does.
func (r *resolver) actions(c call) []action {
	var list []action
	for _, rule := range r.rules {
		when := rule.Spec.Match.when(c)
		if !actsAt(rule, c.destination) || len(when) == 0 {
			continue
		}
		for _, a := range rule.Spec.Actions {
			handler, ok := r.set.Get(mixerKey(a.Handler, rule.Key.Namespace))
			for _, name := range a.Instances {
				instance, ok2 := r.set.Get(mixerKey(name, rule.Key.Namespace))
				if ok && ok2 && takes(handler, instance) {
					list = append(list, action{rule, handler, instance, when})
				}
			}
		}
	}
	return list
}

// takes reports whether a handler has a use for an instance.
func takes(handler, instance rules.Rule) bool {
	switch handler.Kind.Kind {
	case denierKind:
		return slices.Contains([]string{checkNothingKind, listEntryKind, quotaKind}, instance.Kind.Kind)
	case listCheckerKind:
		return instance.Kind.Kind == listEntryKind
	case memQuotaKind:
		return instance.Kind.Kind == quotaKind
	default:
		return instance.Kind.Kind == metricKind
	}
}

// actsAt reports whether a rule is for the calls to a server.
func actsAt(r rules.Typed[mixerRule], server mesh.Workload) bool {
	return r.Key.Namespace == server.Namespace || r.Key.Namespace == everywhere
}

// of is a value for a call; false if it cannot be told. A key missing from a caller's labels is
// passed over for the next term, and "" where there is none.
func (v static) of(c call) (string, bool) {
	for i, t := range v {
		text, ok := t.of(c)
		if ok {
			return text, true
		}
		if last := i == len(v)-1; last {
			return "", t.kind.isMap() && (t.kind != sourceLabels || c.source != nil)
		}
	}
	return "", false
}

func (t term) of(c call) (string, bool) {
	switch t.kind {
	case literal:
		return t.text, true
	case sourceService:
		return c.sourceService, c.sourceService != ""
	case sourceNamespace:
		if c.source == nil {
			return "", false
		}
		return c.source.Namespace, true
	case destinationNamespace:
		return c.destination.Namespace, true
	case destinationService:
		return c.destinationService, c.destinationService != ""
	case destinationLabels:
		text, ok := c.destination.Labels[t.text]
		return text, ok
	case sourceLabels:
		if c.source == nil {
			return "", false
		}
		text, ok := c.source.Labels[t.text]
		return text, ok
	default:
		return "", false
	}
}
