package mesh

import "time"

// Policy is how a client treats a cluster.
type Policy struct {
	From           string // the rule's key, for the reader; "" for the defaults
	Balance        Balance
	Hash           *Hash // with ByHash
	ConnectTimeout time.Duration
	Limits         Limits
	Outlier        *Outlier // nil: no host is ever ejected
	// Panic is the percentage of hosts in the pool below which all are used, ejected or not.
	Panic int
	TLS   *TLS // nil: plain text, unless Mutual says otherwise
	// Mutual is with which proxies the client's proxy speaks mutual TLS: Never, Automatic or Always.
	Mutual Mutual
	// Passthrough picks by lot among all instances, whatever the cluster's labels: calls go to the
	// address that the client asked for, which is the service's.
	Passthrough bool
	// ProxyProtocol says to the server at the beginning of a connection who calls; nil: nothing.
	ProxyProtocol *int // the version, 1 or 2

	Connections Connections
	Warmup      *Warmup // nil: a new host gets its share at once
}

// Balance picks a host.
type Balance int

// The ways to balance.
const (
	RoundRobin Balance = iota
	LeastRequest
	Random
	ByHash // the same for requests that are alike
)

// Hash says when requests are alike, and how instances are found for them.
type Hash struct {
	Header string      // its value; "": not by a header
	Query  string      // the value of a parameter; "": not by one
	Cookie *HashCookie // nil: not by a cookie
	// Connection goes by the client's connection, and by its address if Address is set.
	Connection, Address bool
	// Ring is the least size of the ring; 0: Envoy's default.
	Ring int
	// Table is the size of Maglev's table, which then is in place of the ring; 0 with Maglev:
	// Envoy's default.
	Maglev bool
	Table  int
}

// HashCookie is a cookie that the proxy sets where the client has none, if it has a lifetime.
type HashCookie struct {
	Name, Path string
	Lifetime   *time.Duration // 0: the client's session; nil: it is not set
}

// Limits are a cluster's circuit breakers, per client instance. Nil is Envoy's own default, or
// none at all.
type Limits struct {
	Unlimited             bool // nil is none
	Connections           *int
	Pending               *int
	Requests              *int // with HTTP/2
	Retries               *int // at the same time
	RequestsPerConnection *int
	Budget                *RetryBudget // in place of Retries
}

// Outlier ejects hosts that fail. Nil is Envoy's own default.
type Outlier struct {
	Errors        *int           // 5xx in a row, failed connections included; 0: never for these
	GatewayErrors *int           // 502, 503 and 504 in a row, and failed connections; nil, 0: never
	Interval      *time.Duration // between two looks at who may return
	BaseEjection  *time.Duration // times the number of ejections so far
	MaxPercent    *int           // of the hosts, at the same time
	AlwaysOne     bool           // one host may go, however small MaxPercent
	BySuccessRate bool           // also those that are far worse than the others
	// Split counts failed connections and timeouts apart from answers, and ejects after so many
	// of them in a row; nil: Envoy's own default.
	Split       bool
	LocalErrors *int
}

// Defaults is the policy of a cluster that no rule speaks of.
func Defaults() Policy {
	return Policy{Balance: RoundRobin, ConnectTimeout: 10 * time.Second, Panic: 50}
}
