// Package cluster turns the policies of rules into what Envoy does with the hosts of a cluster: how it chooses among
// them, how many calls and connections they get, how it speaks to them, and which it leaves alone.
package cluster

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
)

// ByHash has a cluster send requests that are alike to the same instance.
func ByHash(c *clusterv3.Cluster, h *mesh.Hash) {
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

// Balance is how a cluster spreads requests over its hosts.
func Balance(b mesh.Balance) clusterv3.Cluster_LbPolicy {
	switch b {
	case mesh.LeastRequest:
		return clusterv3.Cluster_LEAST_REQUEST
	case mesh.Random:
		return clusterv3.Cluster_RANDOM
	default:
		return clusterv3.Cluster_ROUND_ROBIN
	}
}
