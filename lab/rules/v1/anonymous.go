package v1

import (
	"net/http"
	"slices"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/mesh"
)

// isAnonymous reports whether a client calls the pods of a cluster in plain text, without saying
// who calls.
func (r *resolver) isAnonymous(c client, cluster mesh.Cluster) bool {
	_, isInside := r.topology.ServiceAt(cluster.Host)
	return isInside && r.blocks(c, cluster).isPlain()
}

// anonymousDenials are what those meet who do not say who calls, where a server wants to know it.
func (r *resolver) anonymousDenials(server mesh.Workload) []mesh.Denial {
	if !r.isPlainAnywhere() {
		return nil
	}
	strict := r.strict(server)
	if strict == "" {
		return nil
	}
	return []mesh.Denial{{
		From: []string{strict}, Callers: mesh.Callers{Anonymous: true},
		Answer: mesh.Response{
			Status: http.StatusServiceUnavailable,
			Body: "upstream connect error or disconnect/reset before headers. reset reason: connection " +
				"termination",
		},
	}}
}

// isPlainAnywhere reports whether any rule has calls of services go in plain text.
func (r *resolver) isPlainAnywhere() bool {
	return slices.ContainsFunc(r.policies, func(p destinationRule) bool {
		if plainPolicy(p.Spec.TrafficPolicy) {
			return true
		}
		for _, s := range p.Spec.Subsets {
			if plainPolicy(s.TrafficPolicy) {
				return true
			}
		}
		return false
	})
}

// strict is the rule by which a server takes no plain text; "" if it takes it. One for the workload
// counts before its namespace's, and that before the root's.
func (r *resolver) strict(server mesh.Workload) string {
	for _, fits := range []func(peerAuthentication) bool{
		func(p peerAuthentication) bool {
			labels := p.Spec.GetSelector().GetMatchLabels()
			return len(labels) > 0 && p.Key.Namespace == server.Namespace && server.Labels.Has(labels)
		},
		func(p peerAuthentication) bool { return isWide(p) && p.Key.Namespace == server.Namespace },
		func(p peerAuthentication) bool { return isWide(p) && p.Key.Namespace == rootNamespace },
	} {
		i := slices.IndexFunc(r.peers, fits)
		if i < 0 {
			continue
		}
		switch r.peers[i].Spec.GetMtls().GetMode() {
		case security.PeerAuthentication_MutualTLS_STRICT:
			return r.peers[i].Key.Path()
		case security.PeerAuthentication_MutualTLS_UNSET:
			continue
		default:
			return ""
		}
	}
	return ""
}

func isWide(p peerAuthentication) bool { return len(p.Spec.GetSelector().GetMatchLabels()) == 0 }
