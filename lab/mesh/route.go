package mesh

import (
	"cmp"
	"iter"
	"time"
)

// Route is what happens to the requests that meet all its conditions.
type Route struct {
	From         string // the rule's name, for the reader
	Part         string // the rule's field that it is from, such as spec.http[1]; "": all of it
	Match        []Condition
	Destinations []Destination // one is picked per request, by weight, retries included
	Timeout      time.Duration // from the complete request to the end, tries and all; 0: none
	Retry        *Retry        // nil: none
	Mirrors      []Mirror
	// Direct is the answer that the proxy gives in place of any destination; nil: none.
	Direct *Response
	// Redirect is where the proxy sends the client in place of any destination; nil: nowhere.
	Redirect *Redirect
	Rewrite  *Rewrite // nil: requests go on as they are
	Headers  Headers
	Cors     *Cors // nil: questions of browsers are the host's
	// Tunnel asks the destination, a proxy, for a tunnel to host:port, in place of a tunnel that the
	// destination knows nothing of; "": none.
	Tunnel string
	// Unread is for connections that nobody reads: clients may have a tunnel.
	Unread bool
	// NoWebsocket keeps clients from changing to the protocol WebSocket.
	NoWebsocket bool
	// StatPrefix counts the route's requests under a name of its own; "": not apart.
	StatPrefix string
	// Missing is the status where the picked cluster is not among the Outbound's Clusters, with
	// an empty body; 0 is 503. A mirror to such a cluster is no mirror.
	Missing int
}

// Clusters are those that a route leads to, those of mirrors last.
func (r *Route) Clusters() iter.Seq[*Cluster] {
	return func(yield func(*Cluster) bool) {
		for i := range r.Destinations {
			if !yield(&r.Destinations[i].Cluster) {
				return
			}
		}
		for i := range r.Mirrors {
			if !yield(&r.Mirrors[i].Cluster) {
				return
			}
		}
	}
}

// Destination is a cluster and its share of a route's requests.
type Destination struct {
	Cluster Cluster
	Weight  int     // relative to the route's other destinations; 0 is never picked
	Faults  []Fault // each is drawn by itself, in this order
	Headers Headers // besides the route's
	// RewriteHost is what the server sees as the host, unless the route says so; "": as it is.
	RewriteHost string
}

// Headers are changes of a request's headers, and of its answer's.
type Headers struct {
	Request, Response HeaderChange
}

// HeaderChange sets, adds and removes headers.
type HeaderChange struct {
	Set, Add map[string]string
	Remove   []string
}

// Rewrite changes what the server sees of a request.
type Rewrite struct {
	Prefix string // in place of what the route's match names of the path; "": as it is
	// Regex and Substitution replace parts of the path, as RE2 does; "": none.
	Regex, Substitution string
	Host                string // "": as it is
}

// Redirect is an answer that names another place. What it does not name stays.
type Redirect struct {
	Status int
	Scheme string
	Host   string
	Port   int
	Path   string // the whole path
	Prefix string // in place of what the route's match names of the path
}

// Condition is met by a request whose attribute compares to a value.
type Condition struct {
	Attribute Attribute
	// Header is its name in lower case, where Attribute is Header; the parameter, where it is Query;
	// [NAME], or [NAME][NAME] for one within another, where it is Claim.
	Header  string
	Compare Comparison
	Value   string
	Not     bool // not for Query
	// IgnoreCase is for what is compared to a literal.
	IgnoreCase bool
	// EmptyIfMissing takes a header that is not there for an empty one.
	EmptyIfMissing bool
}

// HeaderName is the header that a condition looks at; other parts of a request are in one too, in
// HTTP/2.
func (c Condition) HeaderName() string {
	return cmp.Or(map[Attribute]string{
		Path: ":path", Method: ":method", Authority: ":authority", Scheme: ":scheme",
	}[c.Attribute], c.Header)
}

// Attribute is a part of a request.
type Attribute int

// The attributes of a request. Peer is none of those that a client writes: it is the identity, as a
// URI, that its certificate proves.
const (
	Path Attribute = iota // without the query
	Method
	Authority
	Scheme
	Header
	Query // one parameter of it
	Claim // of the token that the proxy has checked
	Peer
	Address // from which the connection comes
	Client  // the address of who sent the request, as proxies that are trusted tell it
)

// Comparison is how a condition compares. A missing header meets no condition.
type Comparison int

// The comparisons, case-sensitive unless a condition says otherwise.
const (
	Exact Comparison = iota
	Prefix
	Segments // for a path: the value, or below it
	Regex    // the whole attribute
	Present  // whatever its value; of a claim, any text but ""
	Suffix
	// Template is a path of literals, * for one segment and ** for any number, as Envoy writes it.
	// Only policies of access have it.
	Template
	// Within is for an address: in a range such as 10.0.0.0/8. Only policies of access have it.
	Within
)

// Retry repeats a request inside the cluster that was picked.
type Retry struct {
	Attempts    int      // after the first try
	On          []string // Envoy's names: 5xx, connect-failure, refused-stream …
	Statuses    []int    // answers to retry beside those
	PerTry      time.Duration
	OtherHosts  bool          // prefer a host that was not tried
	BackoffBase time.Duration // random below base × (2^try − 1),
	BackoffMax  time.Duration // at most this
}

// Fault is injected before the request leaves the client, so no host counts it and nothing
// retries it; a delay does not count as time of the route.
type Fault struct {
	From  string      // the rule's name, for the reader
	When  []Condition // all must hold; none: always
	Delay *Delay      // drawn first
	Abort *Abort
}

// Delay holds a share of the requests back.
type Delay struct {
	Percent float64
	Time    time.Duration
}

// Abort answers a share of the requests in place of the host.
type Abort struct {
	Percent float64
	Status  int // of HTTP
	// GRPC is a status of gRPC in place of that, told in a header; nil: none.
	GRPC *int
}

// Mirror is a cluster that gets a copy of a share of the requests, and whose answers nobody sees.
type Mirror struct {
	Cluster Cluster
	Percent float64
	// Suffix tells that the copy's host is HOST-shadow; otherwise it stays HOST.
	Suffix bool
	// Traced tells that the copy has a span of its own where the request has one.
	Traced bool
}
