package v1

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"

	"istio-tutorial/lab/mesh"
)

// chosen are the workloads that a rule's selector selects; without a selector, all of its
// namespace.
func (i inspector) chosen(r Rule, labels map[string]string) []mesh.Workload {
	var list []mesh.Workload
	for _, w := range i.topology.Workloads {
		if selects(r, labels, w) {
			list = append(list, w)
		}
	}
	return list
}

// nobody warns of a selector that selects nothing. istioctl does not, for some kinds.
func (i inspector) nobody(r Rule, path string, labels map[string]string) []Finding {
	if len(labels) == 0 || len(i.chosen(r, labels)) > 0 {
		return nil
	}
	return []Finding{plain(path, "never acts: no pod has %s", mesh.Labels(labels))}
}

func (i inspector) envoyFilterNotes(r typed[*networking.EnvoyFilter]) []Finding {
	list := i.nobody(r.Rule, "spec.workloadSelector", r.spec.GetWorkloadSelector().GetLabels())
	if r.spec.Priority != 0 {
		return list
	}
	for n := range r.spec.ConfigPatches { // each is relative: validation takes no others
		list = append(list, warned(at("spec.configPatches", n), codeRelative,
			"This EnvoyFilter does not have a priority and has a relative patch operation set which "+
				"can cause the EnvoyFilter not to be applied. Using the INSERT_FIRST of ADD option or "+
				"setting the priority may help in ensuring the EnvoyFilter is applied correctly."))
	}
	return list
}

// choice is how a kind selects its workloads, of which each takes one rule only.
type choice[S proto.Message] struct {
	labels func(S) map[string]string
	path   string
	plural string
	alone  string // the code of several rules without a selector
	shared string // the code of several for one pod
}

func sidecarChoice() choice[*networking.Sidecar] {
	return choice[*networking.Sidecar]{
		labels: func(s *networking.Sidecar) map[string]string {
			return s.GetWorkloadSelector().GetLabels()
		},
		path: "spec.workloadSelector", plural: "Sidecars", alone: "IST0111", shared: "IST0110",
	}
}

func telemetryChoice() choice[*telemetry.Telemetry] {
	return choice[*telemetry.Telemetry]{
		labels: func(t *telemetry.Telemetry) map[string]string {
			return t.GetSelector().GetMatchLabels()
		},
		path: "spec.selector", plural: "Telemetries", alone: "IST0160", shared: "IST0159",
	}
}

// sole tells of a rule that selects nothing, and of others that select the same. istioctl says the
// second of each pod; the first is enough.
func sole[S proto.Message](
	i inspector, r typed[S], all []typed[S], how func() choice[S],
) []Finding {
	const undefined = ", which can lead to undefined behavior."
	c := how()
	labels := c.labels(r.spec)
	pods := i.chosen(r.Rule, labels)
	if len(labels) > 0 && len(pods) == 0 {
		return []Finding{coded(c.path, codeNotFound,
			"Referenced selector not found: %q", mesh.Labels(labels))}
	}
	if names := c.unlabelled(all, r.Key.Namespace); len(labels) == 0 && len(names) > 1 {
		return []Finding{coded("metadata.name", c.alone, "The %s %v in namespace %q have no "+
			"workload selector"+undefined, c.plural, names, r.Key.Namespace)}
	}
	for _, w := range pods {
		if names := c.labelled(all, w); len(labels) > 0 && len(names) > 1 {
			return []Finding{coded("metadata.name", c.shared, "The %s %v in namespace %q select "+
				"the same workload pod %q"+undefined, c.plural, names, w.Namespace, i.podOf(w))}
		}
	}
	return nil
}

// unlabelled are the rules of a namespace that select all of it.
func (c choice[S]) unlabelled(all []typed[S], namespace string) []string {
	return namesOf(all, func(r typed[S]) bool {
		return r.Key.Namespace == namespace && len(c.labels(r.spec)) == 0
	})
}

// labelled are the rules that select a workload by labels.
func (c choice[S]) labelled(all []typed[S], w mesh.Workload) []string {
	return namesOf(all, func(r typed[S]) bool {
		labels := c.labels(r.spec)
		return len(labels) > 0 && selects(r.Rule, labels, w)
	})
}

func namesOf[S proto.Message](all []typed[S], is func(typed[S]) bool) []string {
	var names []string
	for _, r := range all {
		if is(r) {
			names = append(names, r.Key.Name)
		}
	}
	slices.Sort(names)
	return names
}

// podOf is the name of a workload's first pod, or its own.
func (i inspector) podOf(w mesh.Workload) string {
	for _, instance := range i.topology.Instances {
		if instance.Workload == w.Name {
			return instance.Name.Name
		}
	}
	return w.Name.Name
}

func (i inspector) accessNotes(r typed[*security.AuthorizationPolicy]) []Finding {
	labels := r.spec.GetSelector().GetMatchLabels()
	notes := i.principals(r.spec)
	if len(labels) > 0 && len(i.chosen(r.Rule, labels)) == 0 {
		notes = append(notes, warned("spec.selector", codeNoWorkloads,
			"No matching workloads for this resource with the following labels: %s", mesh.Labels(labels)))
	}
	return notes
}

// principals warns of identities that nobody has, as they are easy to misspell.
func (i inspector) principals(p *security.AuthorizationPolicy) []Finding {
	var list []Finding
	known := func(principal string) bool {
		return slices.ContainsFunc(i.callers(), func(c caller) bool {
			return fits(principal, c.principal())
		})
	}
	for n, rule := range p.Rules {
		for m, from := range rule.From {
			for k, principal := range from.GetSource().GetPrincipals() {
				path := fmt.Sprintf("spec.rules[%d].from[%d].source.principals[%d]", n, m, k)
				if !known(principal) {
					list = append(list, plain(path, "nobody has the principal %s", principal))
				}
			}
		}
	}
	return list
}
