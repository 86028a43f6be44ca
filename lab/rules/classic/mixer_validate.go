package classic

import (
	"slices"
	"strings"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

// Istio 0.7.1 took Mixer's kinds without a look; what was wrong in them then did nothing.

func (v *validator) mixerRule(r *mixerRule) {
	asks := v.predicate(r.Match)
	for i, a := range r.Actions {
		path := rules.At("spec.actions", i)
		if _, kind, _ := strings.Cut(a.Handler, "."); asks && strings.HasPrefix(kind, prometheusKind) {
			v.Fail(path+".handler", "a %s with a match on the request: %w", prometheusKind, rules.ErrUnsupported)
		}
		v.mixerName(path+".handler", a.Handler, denierKind, listCheckerKind, memQuotaKind, prometheusKind)
		for j, instance := range a.Instances {
			v.mixerName(rules.At(path+".instances", j), instance,
				checkNothingKind, listEntryKind, quotaKind, metricKind)
		}
	}
}

// mostCases is how many ways to meet a match Envoy is told of.
const mostCases = 32

// predicate checks what Envoy will compare, and reports whether a match asks for anything of the request.
func (v *validator) predicate(p predicate) (asks bool) {
	const path = "spec.match"
	list := p.comparisons()
	for _, one := range list {
		if one.how == matches {
			v.Regex(path, one.left[0].text)
		}
		for _, t := range slices.Concat(one.left, one.right) {
			switch t.kind {
			case requestHeaders:
				v.HeaderName(path, t.text)
			case literal:
				v.Line(path, t.text)
			}
		}
	}
	if yes, _ := p.size(); yes > mostCases {
		v.Fail(path, "more than %d ways to meet it: %w", mostCases, rules.ErrUnsupported)
	}
	return len(list) > 0
}

// mixerName checks NAME.KIND or NAME.KIND.NAMESPACE.
func (v *validator) mixerName(path, name string, kinds ...string) {
	parts := strings.Split(name, ".")
	if len(parts) != 2 && len(parts) != 3 || parts[0] == "" {
		v.Fail(path, "want NAME.KIND or NAME.KIND.NAMESPACE, not %q", name)
		return
	}
	if !slices.Contains(kinds, parts[1]) {
		v.Fail(path, "kind %s: %w", parts[1], rules.ErrUnsupported)
	}
}

func (v *validator) denier(d *denier) {
	if d.Status != nil && (d.Status.Code < 0 || int(d.Status.Code) >= len(statusCodes())) {
		v.Fail("spec.status.code", "%d is not in range 0..%d", d.Status.Code, len(statusCodes())-1)
	}
}

func (v *validator) listChecker(l *listChecker) {
	if l.EntryType != "" && l.EntryType != "STRINGS" {
		v.Fail("spec.entryType", "%s: %w", l.EntryType, rules.ErrUnsupported)
	}
}

func (v *validator) listEntry(l *listEntry) {
	v.Required("spec.value", l.Value)
}

func (v *validator) memQuota(m *memQuota) {
	for i, q := range m.Quotas {
		path := rules.At("spec.quotas", i)
		v.Required(path+".name", q.Name)
		v.allowance(path, q.allowance)
		for j, o := range q.Overrides {
			v.allowance(rules.At(path+".overrides", j), o.allowance)
		}
	}
}

func (v *validator) allowance(path string, a allowance) {
	if a.MaxAmount < 1 {
		v.Fail(path+".maxAmount", "%d is less than 1", a.MaxAmount)
	}
	v.duration(path+".validDuration", a.ValidDuration)
}

func (v *validator) quotaSpec(s *quotaSpec) {
	for i, rule := range s.Rules {
		for j, q := range rule.Quotas {
			path := rules.At(rules.At("spec.rules", i)+".quotas", j)
			v.Required(path+".quota", q.Quota)
			if q.Charge < 1 {
				v.Fail(path+".charge", "%d charges nothing; want 1 or more", q.Charge)
			}
			v.Number(path+".charge", int(q.Charge))
		}
	}
}

func (v *validator) quotaSpecBinding(b *quotaSpecBinding) {
	for i := range b.Services {
		path := rules.At("spec.services", i)
		v.reference(path, &b.Services[i])
		if len(b.Services[i].Labels) > 0 {
			v.Fail(path+".labels", "%w", rules.ErrUnsupported)
		}
	}
	for i, s := range b.QuotaSpecs {
		v.Required(rules.At("spec.quotaSpecs", i)+".name", s.Name)
	}
}

func (v *validator) metric(m *metric) {
	for _, name := range sortedKeys(m.Dimensions) {
		for _, t := range m.Dimensions[name] {
			path := document.Join("spec.dimensions", name)
			if t.kind == requestHeaders {
				v.HeaderName(path, t.text)
			} else if _, ok := t.counted(); !ok && !t.kind.isStatic() {
				v.Fail(path, "attribute %s here: %w", t.kind, rules.ErrUnsupported)
			}
		}
	}
	if len(m.Value) != 1 || m.Value[0] != (term{text: "1"}) {
		v.Fail("spec.value", "other than 1: %w", rules.ErrUnsupported)
	}
}

func (v *validator) prometheus(p *prometheus) {
	for i, m := range p.Metrics {
		path := rules.At("spec.metrics", i)
		v.Required(path+".name", m.Name)
		v.mixerName(path+".instanceName", m.InstanceName, metricKind)
		if m.Kind != "COUNTER" {
			v.Fail(path+".kind", "%q, other than COUNTER: %w", m.Kind, rules.ErrUnsupported)
		}
	}
}
