// Package cluster goes through the tutorial's steps on the Kubernetes cluster that KUBECONFIG
// names: go test -tags=cluster.
package cluster
