// Package mesh uses the lab's verbs on the cluster that KUBECONFIG names, which has an Istio and the tutorial's images:
// go test -tags=cluster.
package mesh
