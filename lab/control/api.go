// Package control is the protocol between the command line and a running lab: the questions, the
// answers, and the socket in the lab's [Folder]. A [Client] asks; package daemon answers.
package control

import (
	"encoding/json"
	"fmt"
	"time"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// Change is a verb on all objects of some files. If one of them is refused, by the parser or by
// the proxy, nothing is changed; only Delete goes on past what is not there.
type Change struct {
	Verb  objects.Verb
	Files []objects.File
	// Namespace is that of objects that name none.
	Namespace string
	// Strict refuses objects that name another namespace, as an explicit -n does.
	Strict bool
}

// Table is the objects of one kind, in kubectl's or istioctl's columns.
type Table struct {
	objects.Ref // without a name
	Columns     []Column
	Rows        []Row
}

// Column is a column of a table.
type Column struct {
	Name string
	Wide bool // shown with -o wide only
}

// Row is an object.
type Row struct {
	objects.Ref
	Cells    []string
	YAML     string
	Created  time.Time
	Warnings []string // as in Result
	Gone     bool     // in Watch: deleted
}

// Description is what describe tells of an object.
type Description struct {
	objects.Ref
	Fields []Field
}

// Field is a line of a description, indented by Depth steps.
type Field struct {
	Depth       int
	Name, Value string
}

// Scale sets the replicas of Deployments.
type Scale struct {
	objects.Selection
	Replicas int
	Current  *int // refused unless it is that many now; nil is any
}

// SetEnv sets variables of Deployments and unsets others; their pods are replaced.
type SetEnv struct {
	objects.Selection
	Set   map[string]string
	Unset []string
}

// Reset puts the lab back to its start: the objects that it was started with, and no others.
type Reset struct {
	DryRun bool // only tell what is to be done
}

// LogQuery picks logs: of a pod, of the pods of KIND/NAME, or of all pods with Labels.
type LogQuery struct {
	objects.Selection        // Args is [POD], [KIND/NAME] or, with Labels, empty
	Container         string // "": the pod's own program; istio-proxy: its sidecar
	AllContainers     bool   // the program and its sidecar
	Follow            bool
	Tail              *int          // the last lines only; nil is all
	Since             time.Duration // not older; 0 is all
	Previous          bool          // what the run before the last restart said
	Prefix            bool          // [pod/POD/CONTAINER] before each line
	// Timestamps puts the time before each line, as RFC 3339 has it.
	Timestamps bool
}

// Exec is a command to run as if inside a pod.
type Exec struct {
	objects.Selection        // Args is [POD] or [KIND/NAME]
	Container         string // "": the pod's own program
	Command           []string
	Stdin             bool // else there is nothing to read
}

// StatsQuery picks counters of the proxy.
type StatsQuery struct {
	objects.Selection        // Args is [POD], or empty for all
	Filter            string // a regular expression that a name must match somewhere
}

// Stat is a counter of the proxy. Its name is the proxy's own.
type Stat struct {
	Name  string
	Value string // a number, or a histogram's summary
}

// ProxyQuery picks a part of the proxy's configuration.
type ProxyQuery struct {
	objects.Selection        // Args is [POD]
	Part              string // routes, clusters, listeners, endpoints or bootstrap
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
	Page    string // URL of the live page; "": there is none
	// Secure is where the ingress takes encrypted connections, host:port. Nobody listens there until a rule has it do so.
	Secure  string
	Doors   []Door    // for encrypted connections, also those that take nobody in
	Keyless []Keyless // issuers whose tokens nobody can check
	Metrics string    // URL of what rules of kind metric count
	Targets string    // URL of where the programs have metrics of their own, for Prometheus
	Proxy   ProxyStatus
	Pods    []pods.Pod
	Rules   []objects.Ref
	// Edition is whose defaults hold while there is no rule.
	Edition objects.Edition
	// Tracing is "", zipkin or jaeger.
	Tracing string
	// Internet says that the hosts outside are the real ones.
	Internet bool
}

// Door is where the ingress takes encrypted connections for some hosts.
type Door struct {
	Rule, Part string // "Gateway istio-tutorial/customer-gateway", "server https"
	Hosts      []string
	// Problem is what is wrong with its certificate; "" if nothing is. It may be Open all the same, with an earlier
	// one.
	Problem string
	Open    bool
}

// Keyless is an issuer whose keys could not be fetched, so that no token of it holds.
type Keyless struct {
	Namespace, Name, Field string // of the RequestAuthentication; spec.jwtRules[0]
	Issuer, Problem        string
}

// IsOf reports whether another is of the same part of the same rule.
func (k Keyless) IsOf(o Keyless) bool {
	return k.Namespace == o.Namespace && k.Name == o.Name && k.Field == o.Field
}

// Sentence says what that is for requests.
func (k Keyless) Sentence() string {
	return fmt.Sprintf("no token of %s holds: its keys were never fetched: %s", k.Issuer, k.Problem)
}

// ProxyStatus is how the proxy is.
type ProxyStatus struct {
	Version  string
	Path     string
	PID      int
	State    string
	Restarts int
}

// Reply is one line of every answer; an error is the last.
type Reply[T any] struct {
	Value T
	Error *objects.Error
}

// PatchQuery changes objects in part.
type PatchQuery struct {
	objects.Selection
	objects.Patch
}

// MarkQuery sets labels or annotations of objects.
type MarkQuery struct {
	objects.Selection
	objects.Marks
}

// SetImage sets images of Deployments, by the names of their containers; * is any.
type SetImage struct {
	objects.Selection
	Images map[string]string
}

// UndoQuery gives Deployments an earlier template.
type UndoQuery struct {
	objects.Selection
	Revision int // 0: the one before
}

// History are the templates of a Deployment, the oldest first.
type History struct {
	objects.Ref
	Templates []objects.Template
}
