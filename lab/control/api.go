// Package control is the lab's daemon and the way to talk to it.
//
// A [Server] owns what runs: the objects that were applied, the rules in force, the pods and the
// proxy. A [Client] asks it over a socket that is its owner's alone. What needs no lab, such as
// the routes that some files would make, is a plain function.
package control

import (
	"encoding/json"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// What the objects are, the lab and its clients say in the same words.
type (
	// File is a YAML stream as the reader has it.
	File = objects.File
	// Ref names an object.
	Ref = objects.Ref
	// Verb is what a Change does with the objects of its files.
	Verb = objects.Verb
	// Result is what was done with one object.
	Result = objects.Result
	// Selection names objects as kubectl's arguments do.
	Selection = objects.Selection
	// Pod is a pod as kubectl shows it.
	Pod = pods.Pod
	// Error is why a request was refused, wholly or, of Delete, in part.
	Error = objects.Error
	// Reason is why, in a word.
	Reason = objects.Reason
	// Finding is what Analyze says about an object.
	Finding = objects.Finding
	// Edition says whose defaults hold while there is no rule.
	Edition = objects.Edition
)

// The editions.
const (
	Classic    = objects.Classic
	V1         = objects.V1
	GatewayAPI = objects.GatewayAPI
)

// The verbs. Create refuses what is there, Replace and Delete what is not; Apply takes both.
const (
	Create  = objects.Create
	Apply   = objects.Apply
	Replace = objects.Replace
	Delete  = objects.Delete
)

// The reasons.
const (
	Invalid       = objects.Invalid
	NotFound      = objects.NotFound
	AlreadyExists = objects.AlreadyExists
	Conflict      = objects.Conflict
	Refused       = objects.Refused
	Unavailable   = objects.Unavailable
	Internal      = objects.Internal
)

// Change is a verb on all objects of some files. If one of them is refused, by the parser or by
// the proxy, nothing is changed; only Delete goes on past what is not there.
type Change struct {
	Verb  Verb
	Files []File
	// Namespace is that of objects that name none.
	Namespace string
	// Strict refuses objects that name another namespace, as an explicit -n does.
	Strict bool
}

// Table is the objects of one kind, in kubectl's or istioctl's columns.
type Table struct {
	Ref     // without a name
	Columns []Column
	Rows    []Row
}

// Column is a column of a table.
type Column struct {
	Name string
	Wide bool // shown with -o wide only
}

// Row is an object.
type Row struct {
	Ref
	Cells    []string
	YAML     string
	Warnings []string // as in Result
	Gone     bool     // in Watch: deleted
}

// Description is what describe tells of an object.
type Description struct {
	Ref
	Fields []Field
}

// Field is a line of a description, indented by Depth steps.
type Field struct {
	Depth       int
	Name, Value string
}

// Scale sets the replicas of Deployments.
type Scale struct {
	Selection
	Replicas int
	Current  *int // refused unless it is that many now; nil is any
}

// SetEnv sets variables of Deployments and unsets others; their pods are replaced.
type SetEnv struct {
	Selection
	Set   map[string]string
	Unset []string
}

// LogQuery picks logs: of a pod, of the pods of KIND/NAME, or of all pods with Labels.
type LogQuery struct {
	Selection        // Args is [POD], [KIND/NAME] or, with Labels, empty
	Container string // "": the pod's own program; istio-proxy: its sidecar
	Follow    bool
	Tail      *int          // the last lines only; nil is all
	Since     time.Duration // not older; 0 is all
	Previous  bool          // what the run before the last restart said
	Prefix    bool          // [pod/POD/CONTAINER] before each line
	// Timestamps puts the time before each line, as RFC 3339 has it.
	Timestamps bool
}

// Exec is a command to run as if inside a pod.
type Exec struct {
	Selection        // Args is [POD] or [KIND/NAME]
	Container string // "": the pod's own program
	Command   []string
	Stdin     bool // else there is nothing to read
}

// RouteQuery picks what Routes shows; empty fields are all.
type RouteQuery struct {
	From      string // a Deployment, or the app of one: preference-v1, preference
	To        string // a Service, such as recommendation, or a host outside
	Namespace string // of both
}

// Routes is what the rules make of one workload's calls to one host and port.
type Routes struct {
	From     mesh.Name // the workload
	Host     mesh.VirtualHost
	Clusters []ClusterRoute // those that Host's routes name
	// Effective is the same in the words of the rules' dialect, with the fields of Istio's own.
	Effective json.RawMessage
	// Warnings are the rules that never act, or less than they say; the first of several Routes
	// has them.
	Warnings []string
}

// ClusterRoute is a cluster, how the workload treats it, and how many pods it has.
type ClusterRoute struct {
	mesh.Upstream
	Pods, Ready int
}

// StatsQuery picks counters of the proxy.
type StatsQuery struct {
	Selection        // Args is [POD], or empty for all
	Filter    string // a regular expression that a name must match somewhere
}

// Stat is a counter of the proxy. Its name is the proxy's own.
type Stat struct {
	Name  string
	Value string // a number, or a histogram's summary
}

// ProxyQuery picks a part of the proxy's configuration.
type ProxyQuery struct {
	Selection        // Args is [POD]
	Part      string // routes, clusters or listeners
}

// ProxyConfig is the proxy's configuration, as the proxy itself has it.
type ProxyConfig struct {
	Table Table
	JSON  json.RawMessage
}

// Phase is where a lab stands.
type Phase string

// The phases of a lab.
const (
	Starting Phase = "Starting"
	Running  Phase = "Running"
	Ending   Phase = "Ending"
)

// Status is a lab at a glance.
type Status struct {
	Name    string
	PID     int
	Phase   Phase
	Started time.Time
	Ingress string // URL
	Metrics string // URL of what rules of kind metric count
	Proxy   ProxyStatus
	Pods    []Pod
	Rules   []Ref
	// Edition is whose defaults hold while there is no rule.
	Edition Edition
	// Tracing is "", zipkin or jaeger.
	Tracing string
	// Internet says that the hosts outside are the real ones.
	Internet bool
}

// ProxyStatus is how the proxy is.
type ProxyStatus struct {
	Version  string
	Path     string
	PID      int
	State    string
	Restarts int
}

// Step is a step of a lab's start. It is told twice: when it begins, and when it is over.
type Step struct {
	Name   string
	Done   bool
	Detail string // what came of it
	Err    error  // why it failed
	Took   time.Duration
}
