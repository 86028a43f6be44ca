package classic

import (
	"fmt"
	"slices"
	"strings"
)

func (i inspector) mixerRule(r typed[mixerRule]) []string {
	if len(r.spec.Actions) == 0 {
		return never("it has no actions")
	}
	calls := i.matching(r)
	if len(calls) == 0 {
		return never("its match holds for no call to the pods of its namespace")
	}
	reasons, acts := i.idleActions(r)
	switch {
	case !acts:
		return never("%s", reasons[0])
	case len(reasons) > 0:
		return []string{"does less than it says: " + strings.Join(reasons, ", ")}
	case i.limitsOnly(r) && !slices.ContainsFunc(calls, i.isCharged):
		return never("no QuotaSpecBinding names a service that it is for, so no request is charged")
	}
	return nil
}

// matching are the calls between the pods there are that a rule is for.
func (i inspector) matching(r typed[mixerRule]) []call {
	var list []call
	for _, server := range i.topology.Workloads {
		for _, c := range i.calls(server) {
			if r.isFor(server) && r.spec.Match.holds(c) {
				list = append(list, c)
			}
		}
	}
	return list
}

func (i inspector) isCharged(c call) bool { return len(i.charged(c.destination)) > 0 }

// idleActions are the reasons why some of a rule's actions do nothing.
func (i inspector) idleActions(r typed[mixerRule]) (reasons []string, acts bool) {
	for _, a := range r.spec.Actions {
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
func (i inspector) idle(handlerKey, instanceKey Key) string {
	handler, ok := i.set.Get(handlerKey)
	if !ok {
		return fmt.Sprintf("there is no %s", handlerKey)
	}
	instance, ok := i.set.Get(instanceKey)
	if !ok {
		return fmt.Sprintf("there is no %s", instanceKey)
	}
	if !takes(handler, instance) {
		return fmt.Sprintf("a %s takes no %s", handlerKey.Type, instanceKey.Type)
	}
	switch spec := handler.spec.(type) {
	case *memQuota:
		if _, ok := spec.allowance(instance.name(), nil); !ok {
			return fmt.Sprintf("%s has no quota named %s", handlerKey, instance.name())
		}
	case *prometheus:
		if !spec.has(instance.name()) {
			return fmt.Sprintf("%s has no metric with instanceName %s", handlerKey, instance.name())
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

// limitsOnly tells whether all handlers of a rule are memquotas.
func (i inspector) limitsOnly(r typed[mixerRule]) bool {
	for _, a := range r.spec.Actions {
		if mixerKey(a.Handler, r.Key.Namespace).Type != memQuotaKind {
			return false
		}
	}
	return true
}

// unused is for handlers and instances.
func (i inspector) unused(r Rule) []string {
	for _, rule := range i.rules {
		for _, a := range rule.spec.Actions {
			if mixerKey(a.Handler, rule.Key.Namespace) == r.Key {
				return nil
			}
			for _, name := range a.Instances {
				if mixerKey(name, rule.Key.Namespace) == r.Key {
					return nil
				}
			}
		}
	}
	return never("no rule uses it")
}

func (i inspector) quotaSpec(r Rule) []string {
	for _, binding := range rulesOf[quotaSpecBinding](i.set) {
		for _, ref := range binding.spec.QuotaSpecs {
			if binding.quotaSpecKey(ref.Name, ref.Namespace) == r.Key {
				return nil
			}
		}
	}
	return never("no QuotaSpecBinding names it")
}

func (i inspector) quotaSpecBinding(b typed[quotaSpecBinding]) []string {
	var notes []string
	for _, ref := range b.spec.QuotaSpecs {
		if key := b.quotaSpecKey(ref.Name, ref.Namespace); len(i.quotasOf(key)) == 0 {
			notes = append(notes, fmt.Sprintf("charges nothing by %s: there is none", key))
		}
	}
	for _, ref := range b.spec.Services {
		if host := b.host(&ref); !i.known(host) {
			notes = append(notes, fmt.Sprintf("charges nothing to %s: there is no such service", host))
		}
	}
	if len(notes) == 0 && !i.handsOut(b) {
		return never("no rule has a memquota for the services that it names")
	}
	return notes
}

// handsOut tells whether some call of the bound services gets its quota from somewhere.
func (i inspector) handsOut(b typed[quotaSpecBinding]) bool {
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
