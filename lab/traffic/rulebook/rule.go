// Package rulebook is what was in force, and when: the versions of the mesh that the proxies were given, with
// the rules behind their parts. Of what a proxy logged, it finds the version by which the proxy acted.
package rulebook

import (
	"strconv"

	"istio-tutorial/lab/mesh"
)

// Rule is where a rule stands.
type Rule struct {
	Kind      string   `json:"kind"`
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	Resource  string   `json:"resource"` // as kubectl names it
	File      string   `json:"file"`
	Line      int      `json:"line"` // of the part that acted
	Revision  int      `json:"revision"`
	Lines     []string `json:"lines,omitempty"` // of the file, from Line on
	// Allows says that it is a policy that lets calls pass, and refuses none by itself.
	Allows bool `json:"-"`
}

// Part is the part of a rule that acts.
type Part string

// The parts.
const (
	PartRoute   Part = "route"
	PartDelay   Part = "delay"
	PartAbort   Part = "abort"
	PartTimeout Part = "timeout"
	PartRetry   Part = "retry"
	PartMirror  Part = "mirror"
	PartBreaker Part = "circuit breaker"
	PartOutlier Part = "ejection"
	PartBalance Part = "load balancing"
	PartSecured Part = "TLS to others"
	PartDenial  Part = "access"
	PartToken   Part = "token"
	PartLimit   Part = "rate limit"
	PartHost    Part = "host outside"
	PartOutside Part = "outbound calls"
	PartTLS     Part = "TLS" // at the ingress
)

// Question asks for the rule behind something.
type Question struct {
	Part Part
	// From and Field are as mesh has them of a route, a fault, a policy, a denial or a limit.
	From, Field string
	// Cluster is what is called, and Client the workload that calls.
	Cluster mesh.Cluster
	Client  mesh.Name
}

// Place is the file, and the line of the part that acted where one is known.
func (r Rule) Place() string {
	if r.Line == 0 {
		return r.File
	}
	return r.File + ":" + strconv.Itoa(r.Line)
}

// IsSame reports whether two are the same object, whatever their revisions.
func (r Rule) IsSame(other Rule) bool {
	return r.Kind == other.Kind && r.Namespace == other.Namespace && r.Name == other.Name &&
		r.Resource == other.Resource
}
