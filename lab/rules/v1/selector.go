package v1

import (
	"slices"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// chosen are the workloads that a rule's selector selects; without a selector, all of its
// namespace.
func (i inspector) chosen(r *rules.Rule, labels map[string]string) []mesh.Workload {
	var list []mesh.Workload
	for _, w := range i.topology.Workloads {
		if selects(r, labels, w) {
			list = append(list, w)
		}
	}
	return list
}

// nobody warns of a selector that selects nothing. istioctl does not, for some kinds.
func (i inspector) nobody(r *rules.Rule, path string, labels map[string]string) []rules.Finding {
	if len(labels) == 0 || len(i.chosen(r, labels)) > 0 {
		return nil
	}
	return []rules.Finding{rules.Warn(path, "", "never acts: no pod has %s", mesh.Labels(labels))}
}

// choice is how a kind selects its workloads, of which each takes one rule only.
type choice[S any] struct {
	labels func(*S) map[string]string
	path   string
	plural string
	alone  rules.Code // the code of several rules without a selector
	shared rules.Code // the code of several for one pod
}

// sole tells of a rule that selects nothing, and of others that select the same. istioctl says the
// second of each pod; the first is enough.
func sole[S any](
	i inspector, r rules.Typed[S], all []rules.Typed[S], c choice[S],
) []rules.Finding {
	const undefined = ", which can lead to undefined behavior."
	labels := c.labels(r.Spec)
	pods := i.chosen(r.Rule, labels)
	if len(labels) > 0 && len(pods) == 0 {
		return []rules.Finding{failed(c.path, rules.NotFound,
			"Referenced selector not found: %q", mesh.Labels(labels))}
	}
	alone := c.names(all, func(o *rules.Rule, labels map[string]string) bool {
		return o.Key.Namespace == r.Key.Namespace && len(labels) == 0
	})
	if len(labels) == 0 && len(alone) > 1 {
		return []rules.Finding{failed("metadata.name", c.alone, "The %s %v in namespace %q have no "+
			"workload selector"+undefined, c.plural, alone, r.Key.Namespace)}
	}
	for _, w := range pods {
		names := c.names(all, func(o *rules.Rule, labels map[string]string) bool {
			return len(labels) > 0 && selects(o, labels, w)
		})
		if len(labels) > 0 && len(names) > 1 {
			return []rules.Finding{failed("metadata.name", c.shared, "The %s %v in namespace %q select "+
				"the same workload pod %q"+undefined, c.plural, names, w.Namespace, i.podOf(w))}
		}
	}
	return nil
}

// names are those of some rules, sorted.
func (c choice[S]) names(
	all []rules.Typed[S], have func(r *rules.Rule, labels map[string]string) bool,
) []string {
	var names []string
	for _, r := range all {
		if have(r.Rule, c.labels(r.Spec)) {
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
