package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// sidecar is the Sidecar of a workload: one that selects it, else its namespace's, else the root
// namespace's; nil if there is none.
func (r *resolver) sidecar(w mesh.Workload) *networking.Sidecar {
	of := func(namespace string) func(sidecar) bool {
		return func(s sidecar) bool {
			return s.Spec.WorkloadSelector == nil && s.Key.Namespace == namespace
		}
	}
	selecting := func(s sidecar) bool {
		return s.Spec.WorkloadSelector != nil && s.Key.Namespace == w.Namespace &&
			w.Labels.Has(s.Spec.WorkloadSelector.Labels)
	}
	for _, fits := range []func(sidecar) bool{selecting, of(w.Namespace), of(rootNamespace)} {
		if i := slices.IndexFunc(r.sidecars, fits); i >= 0 {
			return r.sidecars[i].Spec
		}
	}
	return nil
}

// imports reports whether a Sidecar lets its clients see a host of a namespace; without egress, or
// without a Sidecar, they see all.
func (c client) imports(namespace, host string) bool {
	egress := c.sidecar.GetEgress()
	for _, e := range egress {
		for _, pattern := range e.Hosts {
			from, name, _ := strings.Cut(pattern, "/")
			if from == "." {
				from = c.Namespace
			}
			if (from == "*" || from == namespace) && rules.Covers(name, host) {
				return true
			}
		}
	}
	return len(egress) == 0
}

// sees reports whether a rule that is exported somewhere, with these hosts, reaches a client.
func (c client) sees(rule rules.Key, exportTo, hosts []string) bool {
	return exported(rule, exportTo, c.Namespace) && c.importsAny(rule.Namespace, hosts)
}

// importsAny is imports for a rule with several hosts, which may be patterns themselves.
func (c client) importsAny(namespace string, hosts []string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool {
		return c.imports(namespace, fullName(h, namespace))
	})
}

func (v *validator) sidecar(s *networking.Sidecar) {
	if s.WorkloadSelector != nil && len(s.WorkloadSelector.Labels) == 0 ||
		len(s.Egress) == 0 && s.OutboundTrafficPolicy == nil {
		v.Fail("spec", "an empty Sidecar does nothing")
	}
	v.labels("spec.workloadSelector.labels", s.GetWorkloadSelector().GetLabels())
	for i, e := range s.Egress {
		if i > 0 {
			v.Fail(rules.At("spec.egress", i), "more than one listener without a port")
		}
		v.Required(rules.At("spec.egress", i)+".hosts", e.Hosts)
		for j, host := range e.Hosts {
			v.egressHost(rules.At(rules.At("spec.egress", i)+".hosts", j), host)
		}
	}
}

func (v *validator) egressHost(path, host string) {
	namespace, name, ok := strings.Cut(host, "/")
	if !ok || namespace == "" || name == "" {
		v.Fail(path, "want NAMESPACE/HOST, not %q", host)
		return
	}
	if !slices.Contains([]string{"*", ".", "~"}, namespace) && !isLabel(namespace) {
		v.Fail(path, "%q is no namespace, nor *, . or ~", namespace)
	}
	v.host(path, name)
}

func (i inspector) sidecarNotes(r sidecar) []rules.Finding {
	if len(r.Spec.GetWorkloadSelector().GetLabels()) == 0 && i.isAmbient(r.Key.Namespace) {
		return []rules.Finding{rules.Warn("metadata.name", rules.Ineffective, "The policy has no impact: "+
			"namespace is in ambient mode, the policy has no impact.")}
	}
	return sole(i, r, i.sidecars, choice[networking.Sidecar]{
		labels: func(s *networking.Sidecar) map[string]string {
			return s.GetWorkloadSelector().GetLabels()
		},
		path: "spec.workloadSelector", plural: "Sidecars", alone: "IST0111", shared: "IST0110",
	})
}

// isAmbient reports whether a cluster's pods of a namespace have no sidecars.
func (i inspector) isAmbient(namespace string) bool {
	labels := i.topology.LabelsOf(namespace)
	return labels["istio.io/dataplane-mode"] == "ambient" && labels["istio-injection"] != "enabled" &&
		labels["istio.io/rev"] == ""
}
