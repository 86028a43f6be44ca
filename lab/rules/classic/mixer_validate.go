package classic

import (
	"fmt"
	"strings"
)

// Istio 0.7.1 took Mixer's kinds without a look; what was wrong in them then did nothing.

func (v *validator) mixerRule(r *mixerRule) {
	for i, a := range r.Actions {
		path := fmt.Sprintf("spec.actions[%d]", i)
		v.mixerName(path+".handler", a.Handler, denierKind, listCheckerKind, memQuotaKind, prometheusKind)
		for j, instance := range a.Instances {
			v.mixerName(fmt.Sprintf("%s.instances[%d]", path, j), instance,
				checkNothingKind, listEntryKind, quotaKind, metricKind)
		}
	}
}

// mixerName checks NAME.KIND or NAME.KIND.NAMESPACE.
func (v *validator) mixerName(path, name string, kinds ...string) {
	parts := strings.Split(name, ".")
	if len(parts) != 2 && len(parts) != 3 || parts[0] == "" {
		v.fail(path, "want NAME.KIND or NAME.KIND.NAMESPACE, not %q", name)
		return
	}
	for _, kind := range kinds {
		if parts[1] == kind {
			return
		}
	}
	v.fail(path, "kind %s: %w", parts[1], errUnsupported)
}

func (v *validator) denier(d *denier) {
	if d.Status != nil && (d.Status.Code < 0 || int(d.Status.Code) >= len(statusCodes())) {
		v.fail("spec.status.code", "%d is not in range 0..%d", d.Status.Code, len(statusCodes())-1)
	}
}

func (v *validator) listChecker(l *listChecker) {
	if l.EntryType != "" && l.EntryType != "STRINGS" {
		v.fail("spec.entryType", "%s: %w", l.EntryType, errUnsupported)
	}
}

func (v *validator) listEntry(l *listEntry) {
	if len(l.Value) == 0 {
		v.fail("spec.value", "missing")
	}
}

func (v *validator) quota(*quota) {}

func (v *validator) memQuota(m *memQuota) {
	for i, q := range m.Quotas {
		path := fmt.Sprintf("spec.quotas[%d]", i)
		v.required(path+".name", q.Name)
		v.allowance(path, q.allowance)
		for j, o := range q.Overrides {
			v.allowance(fmt.Sprintf("%s.overrides[%d]", path, j), o.allowance)
		}
	}
}

func (v *validator) allowance(path string, a allowance) {
	if a.MaxAmount < 1 {
		v.fail(path+".maxAmount", "%d is less than 1", a.MaxAmount)
	}
	v.duration(path+".validDuration", a.ValidDuration)
}

func (v *validator) quotaSpec(s *quotaSpec) {
	for i, rule := range s.Rules {
		for j, q := range rule.Quotas {
			path := fmt.Sprintf("spec.rules[%d].quotas[%d]", i, j)
			v.required(path+".quota", q.Quota)
			if q.Charge != 1 {
				v.fail(path+".charge", "%d, other than 1: %w", q.Charge, errUnsupported)
			}
		}
	}
}

func (v *validator) quotaSpecBinding(b *quotaSpecBinding) {
	for i := range b.Services {
		path := fmt.Sprintf("spec.services[%d]", i)
		v.reference(path, &b.Services[i])
		if len(b.Services[i].Labels) > 0 {
			v.fail(path+".labels", "%w", errUnsupported)
		}
	}
	for i, s := range b.QuotaSpecs {
		v.required(fmt.Sprintf("spec.quotaSpecs[%d].name", i), s.Name)
	}
}

func (v *validator) metric(m *metric) {
	if len(m.Value) != 1 || m.Value[0] != (term{text: "1"}) {
		v.fail("spec.value", "other than 1: %w", errUnsupported)
	}
}

func (v *validator) prometheus(p *prometheus) {
	for i, m := range p.Metrics {
		path := fmt.Sprintf("spec.metrics[%d]", i)
		v.required(path+".name", m.Name)
		v.mixerName(path+".instanceName", m.InstanceName, metricKind)
		if m.Kind != "COUNTER" {
			v.fail(path+".kind", "%q, other than COUNTER: %w", m.Kind, errUnsupported)
		}
	}
}
