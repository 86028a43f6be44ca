package v1

import (
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// An inserted limit is for the calls that arrive at a workload, for those that leave one, or for those
// that come in by the ingress. Of the latter two each sidecar, and the ingress, has tokens for all its
// calls together.

const (
	arriving = networking.EnvoyFilter_SIDECAR_INBOUND
	leaving  = networking.EnvoyFilter_SIDECAR_OUTBOUND
	comingIn = networking.EnvoyFilter_GATEWAY
)

// contexts are those that a patch may have.
func contexts(p *envoyPatch) []string {
	if isRoute(p) {
		return []string{arriving.String()}
	}
	return []string{arriving.String(), leaving.String(), comingIn.String()}
}

// callLimits are those for the calls that a client makes.
func (r *resolver) callLimits(c client, context networking.EnvoyFilter_PatchContext) []mesh.RateLimit {
	var list []mesh.RateLimit
	for _, f := range r.filters {
		if !selects(f.Rule, f.Spec.GetWorkloadSelector().GetLabels(), c.Workload) {
			continue
		}
		for _, p := range f.Spec.ConfigPatches {
			patch, _, err := patchOf(p)
			if limit := r.limitOf(f, patch); err == nil && p.GetMatch().GetContext() == context && limit.Tokens > 0 {
				list = append(list, limit)
			}
		}
	}
	return list
}

// unreached tells of patches for the ingress by a filter that does not select it.
func (i inspector) unreached(r envoyFilter) []rules.Finding {
	labels := r.Spec.GetWorkloadSelector().GetLabels()
	isMeant := selects(r.Rule, labels, ingress().Workload)
	others := false
	var list []rules.Finding
	for n, p := range r.Spec.ConfigPatches {
		switch {
		case p.GetMatch().GetContext() != comingIn:
			others = true
		case !isMeant:
			list = append(list, rules.Warn(rules.At("spec.configPatches", n)+".match.context", "", "never acts: the "+
				"rule is not for the ingress, which is in namespace %s and has the labels %s", rootNamespace, ingressLabels()))
		}
	}
	if isMeant && !others {
		return list // its selector is for no pod of the mesh
	}
	return append(i.nobody(r.Rule, "spec.workloadSelector", labels), list...)
}
