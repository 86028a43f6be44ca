package classic

import (
	"time"

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

// Policies returns what finds the policies of a client's calls to a service, by the pods that they
// are for, whether a route leads there or not.
func Policies(s rules.Set, t mesh.Topology) func(mesh.Workload, string, int) []mesh.Upstream {
	r := newResolver(s, t)
	return func(client mesh.Workload, host string, port int) []mesh.Upstream {
		var out mesh.Outbound
		for _, p := range r.policies {
			to := mesh.Cluster{Host: host, Port: port, Labels: p.Spec.Destination.Labels}
			if policy := r.policy(client, to); policy.From != "" {
				out.AddCluster(to, func() mesh.Policy { return policy })
			}
		}
		return out.Clusters
	}
}

// PerTry is what a RouteRule says of each try, whether that acts or not; 0 for all other rules.
func PerTry(r rules.Rule) time.Duration {
	spec, ok := r.Spec.(*routeRule)
	if !ok {
		return 0
	}
	return spec.askedPerTry()
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
