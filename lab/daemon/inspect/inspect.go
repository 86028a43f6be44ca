// Package inspect answers questions about a running lab, and changes nothing of it: what get, describe, logs,
// rollout, proxy-config and the like show.
package inspect

import (
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/events"
	"istio-tutorial/lab/daemon/proxy"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
	"istio-tutorial/lab/traffic"
)

// Lab is a running lab, as its readers see it. All of it is required, but for Traces. Errors are
// *objects.Error where the question is at fault.
type Lab struct {
	Started time.Time
	// Objects are those in force.
	Objects func() objects.Set
	// Changed is closed when the objects, or the events, next change.
	Changed func() <-chan struct{}
	Pods    *pods.Manager
	Events  *events.Log
	Proxy   *proxy.Envoy
	Traffic *traffic.Store
	// Keyless are the issuers whose tokens nobody can check.
	Keyless func() []control.Keyless
	// Traces is where a reader finds the spans of a request, as a URL but for the trace's id; "" is nowhere.
	Traces string
}
