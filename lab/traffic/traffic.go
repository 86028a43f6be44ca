// Package traffic is what happened to requests: the entries of the proxies' logs joined by
// x-request-id to a chain of calls, each with its tries, who made its answer, and because of which
// rule. It keeps the latest, and counts the rest in windows of time. It knows the mesh and the
// proxy's log; what rules are, and where they stand, it is told.
package traffic

import (
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/match"
	"istio-tutorial/lab/traffic/rulebook"
)

// Request is all that is known of one x-request-id.
type Request struct {
	ID     string    `json:"id"`
	Began  time.Time `json:"began"`
	Method string    `json:"method"`
	Host   string    `json:"host"`
	Path   string    `json:"path"`
	Client string    `json:"client"` // the address it came from, host:port
	Status int       `json:"status"` // 0: nobody got an answer
	Millis float64   `json:"ms"`
	// Calls begin the request; one, unless a program called by itself with an id of its own.
	Calls []*Call `json:"calls"`
	// Notes are what does not fit together.
	Notes []string `json:"notes,omitempty"`
	// Cause, By and Rule are of the call that decided the answer.
	Cause cause.Cause    `json:"cause"`
	By    Maker          `json:"by"`
	At    string         `json:"at"` // the workload that made the answer
	Rule  *rulebook.Rule `json:"rule,omitempty"`
	// Default is what acted where no rule did.
	Default string `json:"default,omitempty"`
	// TraceID is that of its spans, if a proxy or its client gave it one.
	TraceID string `json:"traceID,omitempty"`
	// Trace is where the reader finds them; whoever knows adds it.
	Trace string `json:"trace,omitempty"`
	// Words are a sentence for the reader.
	Words string `json:"words"`
	// Pods are the workloads that had pods then, and the pods' versions: what it could have reached.
	Pods []string `json:"pods,omitempty"`
	// Decisive is that call.
	Decisive *Call `json:"-"`
}

// Maker is who made an answer.
type Maker string

// The makers.
const (
	Program       Maker = "program"
	CallerSidecar Maker = "caller's sidecar"
	CalleeSidecar Maker = "callee's sidecar"
	IngressItself Maker = "ingress"
	Outside       Maker = "host outside"
	Nobody        Maker = "nobody"
)

// End is one side of a call.
type End struct {
	Workload string `json:"workload"` // the name alone; ingress; a host outside
	Pod      string `json:"pod,omitempty"`
}

// Call is a call of one program, or of the ingress, by way of its proxy.
type Call struct {
	From    End       `json:"from"`
	To      End       `json:"to"`
	Began   time.Time `json:"began"`
	Method  string    `json:"method"`
	Host    string    `json:"host"`
	Path    string    `json:"path"`
	Status  int       `json:"status"`
	Millis  float64   `json:"ms"`
	Flags   string    `json:"flags,omitempty"`
	Details string    `json:"details,omitempty"`
	Route   string    `json:"route,omitempty"`
	Cluster string    `json:"cluster,omitempty"`
	// Share is the part of the route's requests, in percent, that the cluster gets.
	Share float64     `json:"share,omitempty"`
	Cause cause.Cause `json:"cause"`
	By    Maker       `json:"by"`
	// Delayed is the time for which a rule held it back.
	Delayed time.Duration `json:"delayed,omitempty"`
	Tries   []*Try        `json:"tries,omitempty"`
	// Mirrors are copies of it, whose answers nobody sees.
	Mirrors []*Try `json:"mirrors,omitempty"`
	// Acts are the rules that did something with it.
	Acts []Act `json:"acts,omitempty"`
	// Missed are the rules for it that did not act.
	Missed []Miss `json:"missed,omitempty"`
	// Keeps are what kept it from other workloads of its host, by their names and versions.
	Keeps map[string][]string `json:"keeps,omitempty"`
	// Open says that its caller has no answer yet.
	Open bool `json:"open,omitempty"`

	choice   match.Choice
	attempts int // as the caller's proxy counts them
	client   mesh.Name
	address  string // from which it came
	trace    string
	at       *rulebook.Version
	versions *rulebook.Versions // nil: of a call that no proxy of its caller tells of
}

// Try is one attempt of a call.
type Try struct {
	To      End     `json:"to"`
	Status  int     `json:"status"`
	Flags   string  `json:"flags,omitempty"`
	Details string  `json:"details,omitempty"`
	Millis  float64 `json:"ms"`
	// Arrived says that the server's proxy saw it; Program that its program answered.
	Arrived bool    `json:"arrived"`
	Program bool    `json:"program"`
	Calls   []*Call `json:"calls,omitempty"`
	// Identity is who the caller is to the server's proxy: envoy.NoIdentity in plain text, "" where
	// nobody asks.
	Identity string `json:"identity,omitempty"`

	caller string // as the server's proxy knows it
	server mesh.Name
	flags  string      // of the server's proxy
	reason string      // its details
	asked  match.Asked // as the server's proxy saw it
}

// Act is what a rule did.
type Act struct {
	Part rulebook.Part `json:"part"`
	Rule rulebook.Rule `json:"rule"`
}

// Miss is a rule that could have acted, and why it did not.
type Miss struct {
	Rule *rulebook.Rule `json:"rule,omitempty"`
	Name string         `json:"name"`
	To   string         `json:"to,omitempty"` // where it would have led
	Why  string         `json:"why"`
}
