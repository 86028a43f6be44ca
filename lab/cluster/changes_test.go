package cluster_test

import (
	"slices"
	"testing"

	"istio-tutorial/lab/cluster"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	got := cluster.Changes(`virtualservice.networking.istio.io/recommendation created
destinationrule.networking.istio.io/recommendation configured
service/recommendation unchanged
sidecar.networking.istio.io/default replaced
deployment.apps/recommendation-v2 created (dry run)
namespace/a serverside-applied
virtualservice.networking.istio.io "customer" deleted from istio-tutorial namespace
virtualservice.networking.istio.io "older" deleted
pod "x" force deleted from a namespace
Warning: something created
`)
	const networking = ".networking.istio.io"
	want := []cluster.Change{
		{Resource: "virtualservice" + networking, Name: "recommendation"},
		{Resource: "destinationrule" + networking, Name: "recommendation"},
		{Resource: "sidecar" + networking, Name: "default"},
		{Resource: "namespace", Name: "a"},
		{Resource: "virtualservice" + networking, Name: "customer", Deleted: true},
		{Resource: "virtualservice" + networking, Name: "older", Deleted: true},
		{Resource: "pod", Name: "x", Deleted: true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}
