package classic

import (
	"fmt"
	"slices"
	"strings"

	"istio-tutorial/lab/rules"
)

func (i inspector) mixerRule(r rules.Typed[mixerRule]) []rules.Finding {
	if len(r.Spec.Actions) == 0 {
		return never(NoAction, "it has no actions")
	}
	calls := i.matching(r)
	if len(calls) == 0 {
		return never(NoMatch, "its match holds for no call to the pods of its namespace")
	}
	reasons, acts := i.idleActions(r)
	switch {
	case !acts:
		return never(NoAction, "%s", reasons[0])
	case len(reasons) > 0:
		return []rules.Finding{
			rules.Warn("", NoAction, "does less than it says: %s", strings.Join(reasons, ", ")),
		}
	case limitsOnly(r) && !slices.ContainsFunc(calls, i.isCharged):
		return never(NoQuota,
			"no QuotaSpecBinding names a service that it is for, so no request is charged")
	}
	return nil
}

// matching are the calls between the pods there are that a rule is for.
func (i inspector) matching(r rules.Typed[mixerRule]) []call {
	var list []call
	for _, server := range i.topology.Workloads {
		for _, c := range i.calls(server) {
			if actsAt(r, server) && len(r.Spec.Match.when(c)) > 0 {
				list = append(list, c)
			}
		}
	}
	return list
}

func (i inspector) isCharged(c call) bool { return len(i.charged(c.destination)) > 0 }

// idleActions are the reasons why some of a rule's actions do nothing.
func (i inspector) idleActions(r rules.Typed[mixerRule]) (reasons []string, acts bool) {
	for _, a := range r.Spec.Actions {
		if len(a.Instances) == 0 {
			reasons = append(reasons, fmt.Sprintf("its action for %s names no instances", a.Handler))
		}
		for _, name := range a.Instances {
			handler, instance := mixerKey(a.Handler, r.Key.Namespace), mixerKey(name, r.Key.Namespace)
			if reason := i.idle(handler, instance); reason != "" {
				reasons = append(reasons, reason)
			} else {
				acts = true
			}
		}
	}
	return reasons, acts
}

// idle is why a handler does nothing with an instance.
func (i inspector) idle(handlerKey, instanceKey rules.Key) string {
	handler, ok := i.set.Get(handlerKey)
	if !ok {
		return fmt.Sprintf("there is no %s", handlerKey)
	}
	instance, ok := i.set.Get(instanceKey)
	if !ok {
		return fmt.Sprintf("there is no %s", instanceKey)
	}
	if !takes(handler, instance) {
		return fmt.Sprintf("a %s takes no %s", handlerKey.Kind, instanceKey.Kind)
	}
	name := mixerName(instance)
	switch spec := handler.Spec.(type) {
	case *memQuota:
		if _, ok := spec.allowance(name, nil); !ok {
			return fmt.Sprintf("%s has no quota named %s", handlerKey, name)
		}
	case *prometheus:
		if !spec.has(name) {
			return fmt.Sprintf("%s has no metric with instanceName %s", handlerKey, name)
		}
	}
	return ""
}

func (p *prometheus) has(instance string) bool {
	for _, m := range p.Metrics {
		if m.InstanceName == instance {
			return true
		}
	}
	return false
}

// limitsOnly reports whether all handlers of a rule are memquotas.
func limitsOnly(r rules.Typed[mixerRule]) bool {
	return !slices.ContainsFunc(r.Spec.Actions, func(a mixerAction) bool {
		return mixerKey(a.Handler, r.Key.Namespace).Kind != memQuotaKind
	})
}

// unused is for handlers and instances.
func unused[S any](i inspector, r rules.Typed[S]) []rules.Finding {
	for _, rule := range i.rules {
		for _, a := range rule.Spec.Actions {
			for _, name := range append(slices.Clone(a.Instances), a.Handler) {
				if mixerKey(name, rule.Key.Namespace) == r.Key {
					return nil
				}
			}
		}
	}
	return never(Unused, "no rule uses it")
}

func (i inspector) quotaSpec(r rules.Typed[quotaSpec]) []rules.Finding {
	for _, binding := range i.bindings {
		if slices.Contains(specs(binding), r.Key) {
			return nil
		}
	}
	return never(Unused, "no QuotaSpecBinding names it")
}

func (i inspector) quotaSpecBinding(b rules.Typed[quotaSpecBinding]) []rules.Finding {
	var list notes
	for _, key := range specs(b) {
		if len(i.quotasOf(key)) == 0 {
			list.add(NoQuota, "charges nothing by %s: there is none", key)
		}
	}
	for _, ref := range b.Spec.Services {
		if host := ref.host(b.Key.Namespace); !i.known(host) {
			list.add(NoQuota, "charges nothing to %s: there is no such service", host)
		}
	}
	if len(list) == 0 && !i.handsOut(b) {
		return never(NoQuota, "no rule has a memquota for the services that it names")
	}
	return list
}

// handsOut reports whether some call of the bound services gets its quota from somewhere.
func (i inspector) handsOut(b rules.Typed[quotaSpecBinding]) bool {
	for _, server := range i.topology.Workloads {
		if !i.bound(b, server) {
			continue
		}
		for _, c := range i.calls(server) {
			for _, a := range i.actions(c) {
				if _, ok := a.limit(c); ok {
					return true
				}
			}
		}
	}
	return false
}
