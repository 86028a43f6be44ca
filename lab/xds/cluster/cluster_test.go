package cluster_test

import (
	"math"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/cluster"
)

// TestBreakers leaves Envoy's own limits where a rule says nothing, and has none where it says that there are none.
func TestBreakers(t *testing.T) {
	t.Parallel()
	if got := cluster.Breakers(mesh.Limits{}); got != nil {
		t.Errorf("no limits: %v", got)
	}
	got := cluster.Breakers(mesh.Limits{Unlimited: true, Pending: new(3)}).Thresholds[0]
	if got.MaxConnections.GetValue() != math.MaxUint32 || got.MaxPendingRequests.GetValue() != 3 {
		t.Errorf("one limit of Istio's: %v", got)
	}
	got = cluster.Breakers(mesh.Limits{Pending: new(0)}).Thresholds[0]
	if got.MaxPendingRequests == nil || got.MaxPendingRequests.Value != 0 || got.MaxConnections != nil {
		t.Errorf("no request may wait: %v", got)
	}
}

// TestOutlier says for each kind of errors whether it counts: zero errors are never, and no rule is about rates.
func TestOutlier(t *testing.T) {
	t.Parallel()
	if got := cluster.Outlier(nil); got != nil {
		t.Errorf("no rule: %v", got)
	}
	never := cluster.Outlier(&mesh.Outlier{Errors: new(0), GatewayErrors: new(0)})
	if never.Consecutive_5Xx != nil || never.EnforcingConsecutive_5Xx.GetValue() != 0 || never.EnforcingConsecutive_5Xx == nil ||
		never.EnforcingConsecutiveGatewayFailure != nil {
		t.Errorf("zero errors: %v", never)
	}
	got := cluster.Outlier(&mesh.Outlier{GatewayErrors: new(2), Split: true, LocalErrors: new(4)})
	if got.EnforcingConsecutiveGatewayFailure.GetValue() != 100 || got.ConsecutiveGatewayFailure.GetValue() != 2 ||
		got.ConsecutiveLocalOriginFailure.GetValue() != 4 || got.EnforcingConsecutiveLocalOriginFailure.GetValue() != 100 {
		t.Errorf("errors of gateways, and local ones: %v", got)
	}
	if got.EnforcingSuccessRate == nil || got.EnforcingSuccessRate.Value != 0 || got.EnforcingLocalOriginSuccessRate == nil {
		t.Errorf("rates count: %v", got)
	}
}

// TestByHash sets the size of the ring or of the table, whichever the rule asks for.
func TestByHash(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hash        mesh.Hash
		policy      clusterv3.Cluster_LbPolicy
		ring, table uint64
	}{
		{mesh.Hash{}, clusterv3.Cluster_RING_HASH, 0, 0},
		{mesh.Hash{Ring: 64}, clusterv3.Cluster_RING_HASH, 64, 0},
		{mesh.Hash{Maglev: true}, clusterv3.Cluster_MAGLEV, 0, 0},
		{mesh.Hash{Maglev: true, Table: 101}, clusterv3.Cluster_MAGLEV, 0, 101},
	} {
		var got clusterv3.Cluster
		cluster.ByHash(&got, &c.hash)
		if got.LbPolicy != c.policy || got.GetRingHashLbConfig().GetMinimumRingSize().GetValue() != c.ring ||
			got.GetMaglevLbConfig().GetTableSize().GetValue() != c.table {
			t.Errorf("%+v: %v", c.hash, &got)
		}
	}
}

// TestWarmUp does nothing for a cluster that does not weigh its hosts.
func TestWarmUp(t *testing.T) {
	t.Parallel()
	for policy, want := range map[clusterv3.Cluster_LbPolicy]bool{
		clusterv3.Cluster_ROUND_ROBIN: true, clusterv3.Cluster_LEAST_REQUEST: true, clusterv3.Cluster_RANDOM: false,
	} {
		got := clusterv3.Cluster{LbPolicy: policy}
		cluster.WarmUp(&got, &mesh.Warmup{Least: 10})
		least := got.GetRoundRobinLbConfig().GetSlowStartConfig().GetMinWeightPercent().GetValue() +
			got.GetLeastRequestLbConfig().GetSlowStartConfig().GetMinWeightPercent().GetValue()
		if (least == 10) != want {
			t.Errorf("%v: %v", policy, &got)
		}
	}
}
