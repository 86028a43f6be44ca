package classic

import (
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// What convert reads of the rules, beside the mesh that they make.

// Destination is what a RouteRule, a DestinationPolicy or an EgressRule is for: a service or a host
// outside and, of a policy, the labels of its pods. It reports false for the kinds of Mixer.
func Destination(r rules.Rule) (mesh.Cluster, bool) {
	var ref *reference
	switch spec := r.Spec.(type) {
	case *routeRule:
		ref = spec.Destination
	case *destinationPolicy:
		ref = spec.Destination
	case *egressRule:
		ref = spec.Destination
	default:
		return mesh.Cluster{}, false
	}
	return mesh.Cluster{Host: ref.host(r.Key.Namespace), Labels: ref.Labels}, true
}

// Policies returns what finds the policy of a client's calls to a cluster, whether a route leads
// there or not.
func Policies(s rules.Set, t mesh.Topology) func(client mesh.Workload, to mesh.Cluster) mesh.Policy {
	return newResolver(s, t).policy
}

// ResolveByKey is Resolve, with the key of a rule wherever a route or a fault has its name.
func ResolveByKey(s rules.Set, t mesh.Topology) mesh.Mesh {
	list := s.Rules()
	for i, r := range list {
		if _, ok := r.Spec.(*routeRule); ok {
			list[i].Key.Name = r.Key.String() // the order of the keys stays
		}
	}
	return Resolve(rules.Set{}.Apply(list...), t)
}
