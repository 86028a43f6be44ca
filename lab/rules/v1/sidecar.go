package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
)

// sidecar is the Sidecar of a workload: one that selects it, else its namespace's, else the root
// namespace's; nil if there is none.
func (r *resolver) sidecar(w mesh.Workload) *typed[*networking.Sidecar] {
	for _, fits := range []func(typed[*networking.Sidecar]) bool{
		func(s typed[*networking.Sidecar]) bool {
			return s.spec.WorkloadSelector != nil && s.Key.Namespace == w.Namespace &&
				w.Labels.Has(s.spec.WorkloadSelector.Labels)
		},
		func(s typed[*networking.Sidecar]) bool {
			return s.spec.WorkloadSelector == nil && s.Key.Namespace == w.Namespace
		},
		func(s typed[*networking.Sidecar]) bool {
			return s.spec.WorkloadSelector == nil && s.Key.Namespace == rootNamespace
		},
	} {
		if i := slices.IndexFunc(r.sidecars, fits); i >= 0 {
			return &r.sidecars[i]
		}
	}
	return nil
}

// imports tells whether a Sidecar lets its clients see a host of a namespace; without egress, or
// without a Sidecar, they see all.
func (c client) imports(namespace, host string) bool {
	if c.sidecar == nil || len(c.sidecar.spec.Egress) == 0 {
		return true
	}
	for _, e := range c.sidecar.spec.Egress {
		for _, pattern := range e.Hosts {
			from, name, _ := strings.Cut(pattern, "/")
			if from == "." {
				from = c.Namespace
			}
			if (from == "*" || from == namespace) && covers(name, host) {
				return true
			}
		}
	}
	return false
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
		v.fail("spec", "an empty Sidecar does nothing")
	}
	v.labels("spec.workloadSelector.labels", s.GetWorkloadSelector().GetLabels())
	for i, e := range s.Egress {
		if i > 0 {
			v.fail(at("spec.egress", i), "more than one listener without a port")
		}
		for j, host := range e.Hosts {
			v.egressHost(at(at("spec.egress", i)+".hosts", j), host)
		}
	}
}

func (v *validator) egressHost(path, host string) {
	namespace, name, ok := strings.Cut(host, "/")
	if !ok || namespace == "" || name == "" {
		v.fail(path, "want NAMESPACE/HOST, not %q", host)
		return
	}
	if !slices.Contains([]string{"*", ".", "~"}, namespace) && !isLabel(namespace) {
		v.fail(path, "%q is no namespace, nor *, . or ~", namespace)
	}
	v.host(path, name)
}

func sidecarChoice() choice[*networking.Sidecar] {
	return choice[*networking.Sidecar]{
		labels: func(s *networking.Sidecar) map[string]string {
			return s.GetWorkloadSelector().GetLabels()
		},
		path: "spec.workloadSelector", plural: "Sidecars", alone: "IST0111", shared: "IST0110",
	}
}
