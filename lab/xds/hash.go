package xds

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
)

// byHash has a cluster send requests that are alike to the same instance.
func byHash(c *clusterv3.Cluster, h *mesh.Hash) {
	if h == nil {
		return
	}
	c.LbPolicy = clusterv3.Cluster_RING_HASH
	if h.Maglev {
		c.LbPolicy = clusterv3.Cluster_MAGLEV
	}
	switch {
	case h.Maglev && h.Table > 0:
		c.LbConfig = &clusterv3.Cluster_MaglevLbConfig_{MaglevLbConfig: &clusterv3.Cluster_MaglevLbConfig{
			TableSize: wrapperspb.UInt64(uint64(h.Table)),
		}}
	case h.Ring > 0:
		c.LbConfig = &clusterv3.Cluster_RingHashLbConfig_{
			RingHashLbConfig: &clusterv3.Cluster_RingHashLbConfig{
				MinimumRingSize: wrapperspb.UInt64(uint64(h.Ring)),
			},
		}
	}
}

// hashing are the clusters that have requests which are alike.
func hashing(out mesh.Outbound) []mesh.Upstream {
	var list []mesh.Upstream
	for _, u := range out.Clusters {
		if u.Policy.Hash != nil {
			list = append(list, u)
		}
	}
	return list
}

// hashes say for each of a route's clusters which requests are alike.
func hashes(destinations []mesh.Destination, hashing []mesh.Upstream) []mesh.Hash {
	var list []mesh.Hash
	for _, d := range destinations {
		for _, u := range hashing {
			if u.Cluster.Key() == d.Cluster.Key() {
				list = append(list, *u.Policy.Hash)
			}
		}
	}
	return list
}

// hashPolicies are those of all clusters of a route: Envoy puts them together.
func hashPolicies(hashes []mesh.Hash) []*routev3.RouteAction_HashPolicy {
	var list []*routev3.RouteAction_HashPolicy
	for _, h := range hashes {
		if k := key(h); k != nil {
			list = append(list, k)
		}
	}
	return list
}

// key is nil where no request is like another.
func key(h mesh.Hash) *routev3.RouteAction_HashPolicy {
	switch {
	case h.Header != "":
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_Header_{
			Header: &routev3.RouteAction_HashPolicy_Header{HeaderName: h.Header},
		}}
	case h.Query != "":
		return &routev3.RouteAction_HashPolicy{
			PolicySpecifier: &routev3.RouteAction_HashPolicy_QueryParameter_{
				QueryParameter: &routev3.RouteAction_HashPolicy_QueryParameter{Name: h.Query},
			},
		}
	case h.Cookie != nil:
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_Cookie_{
			Cookie: &routev3.RouteAction_HashPolicy_Cookie{
				Name: h.Cookie.Name, Path: h.Cookie.Path, Ttl: duration(h.Cookie.Lifetime),
			},
		}}
	case h.Connection:
		return &routev3.RouteAction_HashPolicy{
			PolicySpecifier: &routev3.RouteAction_HashPolicy_ConnectionProperties_{
				ConnectionProperties: &routev3.RouteAction_HashPolicy_ConnectionProperties{
					SourceIp: h.Address,
				},
			},
		}
	default:
		return nil
	}
}
