package classic

import (
	"cmp"
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
		addDenial(&in, c, actions)
		r.addLimits(&in, c, actions)
		addCounters(&in, c, actions)
	}
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
		if !actsAt(rule, c.destination) || !rule.Spec.Match.holds(c) {
			continue
		}
		for _, a := range rule.Spec.Actions {
			handler, ok := r.set.Get(mixerKey(a.Handler, rule.Key.Namespace))
			for _, name := range a.Instances {
				instance, ok2 := r.set.Get(mixerKey(name, rule.Key.Namespace))
				if ok && ok2 && takes(handler, instance) {
					list = append(list, action{rule, handler, instance})
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

// addDenial joins all refusals of a call, as Mixer does; the first one's code counts. Mixer joins
// them as they come in, ours in the order of the rules' keys.
func addDenial(in *mesh.Inbound, c call, actions []action) {
	var from, messages []string
	var first int
	for _, a := range actions {
		code, message := a.deny(c)
		if code == 0 {
			continue
		}
		first = cmp.Or(first, code)
		from = append(from, a.rule.Key.String())
		messages = append(messages, mixerName(a.handler)+":"+message)
	}
	if len(messages) > 0 {
		d := mesh.Denial{From: from, Answer: answer(first, strings.Join(messages, ", "))}
		mesh.Meet(&in.Denials, c.source, d, func(d *mesh.Denial) *mesh.Callers { return &d.Callers })
	}
}

// deny is code 0 for a call that may pass.
func (a action) deny(c call) (code int, message string) {
	switch handler := a.handler.Spec.(type) {
	case *denier:
		if s := handler.Status; s != nil {
			return int(s.Code), s.Message
		}
		return codeFailedPrecondition, ""
	case *listChecker:
		return handler.check(a.instance, c)
	default:
		return 0, ""
	}
}

// check is code 0 for a caller who may pass, one whose value cannot be told among them.
func (l *listChecker) check(instance rules.Rule, c call) (code int, message string) {
	entry, ok := instance.Spec.(*listEntry)
	if !ok {
		return 0, ""
	}
	text, ok := entry.Value.of(c)
	switch listed := slices.Contains(l.Overrides, text); {
	case !ok || listed != l.Blacklist:
		return 0, ""
	case l.Blacklist:
		return codePermissionDenied, text + " is blacklisted"
	default:
		return codeNotFound, text + " is not whitelisted"
	}
}
