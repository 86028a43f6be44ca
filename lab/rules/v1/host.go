package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
)

// rootNamespace is the one whose rules are for the whole mesh.
const rootNamespace = "istio-system"

// fullName is a host that a rule of a namespace names: a word without dots is a service there.
func fullName(host, namespace string) string {
	if strings.Contains(host, ".") || host == "*" {
		return host
	}
	return mesh.Service{Name: mesh.Name{Namespace: namespace, Name: host}}.Host()
}

// covers tells whether a pattern, a host or * and the end of one, matches a host or another
// pattern.
func covers(pattern, host string) bool {
	end, wild := strings.CutPrefix(pattern, "*")
	if !wild {
		return pattern == host
	}
	return strings.HasSuffix(strings.TrimPrefix(host, "*"), end)
}

// exportedTo tells whether a rule is seen in a namespace.
func (r Rule) exportedTo(list []string, namespace string) bool {
	if len(list) == 0 {
		return true
	}
	return slices.ContainsFunc(list, func(e string) bool {
		return e == "*" || e == namespace || e == "." && r.Key.Namespace == namespace
	})
}

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
