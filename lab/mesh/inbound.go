package mesh

import (
	"reflect"
	"slices"
	"time"
)

// Inbound is what a sidecar does with the calls that arrive for its workload.
type Inbound struct {
	Denials  []Denial // at most one for each caller
	Access   []AccessRule
	Limits   []RateLimit
	Counters []Counter
	// Unlimited has no limit of connections and requests to the program; else Envoy's own hold.
	Unlimited bool
}

// Callers are the clients that a server's sidecar tells apart.
type Callers struct {
	Workloads []Name
	Others    bool // whoever is no workload of the mesh, the ingress among them
}

// Add adds a caller; nil is one that is no workload of the mesh.
func (c *Callers) Add(w *Workload) {
	if w == nil {
		c.Others = true
	} else {
		c.Workloads = append(c.Workloads, w.Name)
	}
}

// Meet puts what a caller meets into a list, together with those who meet the same.
func Meet[T any](list *[]T, caller *Workload, one T, callers func(*T) *Callers) {
	i := slices.IndexFunc(*list, func(have T) bool {
		*callers(&have) = Callers{}
		return reflect.DeepEqual(have, one)
	})
	if i < 0 {
		i = len(*list)
		*list = append(*list, one)
	}
	callers(&(*list)[i]).Add(caller)
}

// Denial refuses all calls of some callers.
type Denial struct {
	From    []string // the rules' names, for the reader
	Callers Callers
	Answer  Response
}

// RateLimit lets callers spend tokens, one per request.
type RateLimit struct {
	From     string // the rule's name, for the reader
	Callers  Callers
	Tokens   int
	Interval time.Duration
	// Bucket names the tokens: limits of one bucket share them, over all workloads and
	// instances. "": each instance of the server has its own, for all callers together.
	Bucket string
	Answer Response // when they are spent
	// Headers are set on that answer, by name.
	Headers map[string]string
}

// Counter counts the requests of some callers, refused ones included. Counters of one name
// are one metric.
type Counter struct {
	From    string // the rule's name, for the reader
	Name    string
	Help    string
	Callers Callers
	Labels  []CounterLabel
}

// CounterLabel is a label of a counter, with the first of its terms that a request has.
type CounterLabel struct {
	Name  string
	Terms []Term
}

// Term is a literal, or an attribute of a request.
type Term struct {
	Kind  TermKind
	Value string // the literal, or the header's name in lower case
}

// TermKind is what a term stands for. Who calls whom is no term: callers and server are known.
type TermKind int

// The terms.
const (
	Literal TermKind = iota
	RequestHeader
	RequestPath
	RequestMethod
	ResponseCode
)
