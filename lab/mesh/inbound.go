package mesh

import (
	"reflect"
	"slices"
	"time"
)

// Inbound is what a sidecar does with the calls that arrive for its workload.
type Inbound struct {
	Authentication Authentication
	Denials        []Denial // of those for a caller, the first whose conditions hold refuses
	Tokens         []TokenRule
	Access         []AccessRule
	Limits         []RateLimit
	Counters       []Counter
	// Unlimited has no limit of connections and requests to the program; else Envoy's own hold.
	Unlimited bool
	// Doors are the ports that something more is said of, Pool what holds for connections to the
	// program at all others; nil: what Unlimited says.
	Doors map[int]Door
	Pool  *Pool

	ProxyDefaults ProxyDefaults
}

// Door is a port of an instance at its sidecar.
type Door struct {
	Protocol Protocol // Unnamed: that of the service
	Pool     *Pool    // nil: what Unlimited says
}

// Pool is how a sidecar treats the connections to its program.
type Pool struct {
	Limits         Limits
	Connections    Connections
	ConnectTimeout time.Duration
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

// Denial refuses calls of some callers.
type Denial struct {
	From    []string // the rules' names, for the reader
	Callers Callers
	When    []Condition // all must hold; none: always. Where nobody reads requests, they do not hold
	Answer  Response
}

// RateLimit lets callers spend tokens, one per request.
type RateLimit struct {
	From     string // the rule's name, for the reader
	Callers  Callers
	Tokens   int
	Interval time.Duration
	Charge   int // tokens that a request spends, with a bucket; 0: one
	// When are cases, with a bucket: requests spend where all conditions of one hold. None: always.
	When [][]Condition
	// Bucket names the tokens: limits of one bucket share them, over all workloads and
	// instances. "": each instance of the server has its own, for all callers together.
	Bucket string
	Answer Response // when they are spent
	// Headers are set on that answer, by name.
	Headers map[string]string
	LimitDetails
}

// LimitDetails are only for limits without a bucket.
type LimitDetails struct {
	// Port is the only port of the server's services that is limited, in place of what limits all;
	// 0: all ports.
	Port int
	// Refill are the tokens that come back at each interval; 0: all.
	Refill int
	// Counted and Enforced are percentages of the requests, of which the latter are those refused
	// when the tokens are spent; nil: all.
	Counted, Enforced *float64
	// Tells adds headers to each answer that say how many tokens are left.
	Tells bool
	// Special are tokens of their own for requests with certain entries, in place of the others.
	Special []SpecialTokens
	// Entries are lists of what is looked at in a request: each makes one list of entries.
	Entries [][]LimitEntry
}

// SpecialTokens are for requests of which a list of entries is exactly this.
type SpecialTokens struct {
	Entries  []KeyValue
	Tokens   int
	Refill   int // 0: all
	Interval time.Duration
}

// KeyValue is an entry by which a limit tells requests apart. An empty value is any.
type KeyValue struct{ Key, Value string }

// LimitEntry makes an entry of a request: its value is that of a header or a literal, and there is
// none if a condition does not hold.
type LimitEntry struct {
	KeyValue
	Header  string      // whose value it is; "": Value
	When    []Condition // for a literal
	Not     bool        // if they do not hold
	Address bool        // it is the caller's address
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
