package mesh

import "time"

// Connections is how a client's connections to a cluster live. Nil is Envoy's own default.
type Connections struct {
	Idle      *time.Duration // without a request; 0: for ever
	Lifetime  *time.Duration // at most; what is under way then is let through
	Keepalive *Keepalive     // for hosts outside; nil: none
	// HTTP2 is spoken whatever the port speaks; AsClient: what the client speaks.
	HTTP2, AsClient bool
	Streams         *int // at the same time, with HTTP/2
	// NameAsAsked: with TLS, the server's name is the host that the request names; with CheckAsAsked
	// its certificate must have that name.
	NameAsAsked, CheckAsAsked bool
}

// Keepalive probes connections on which nothing happens. Nil is the system's own default.
type Keepalive struct {
	Probes         *int // without an answer, until it is closed
	Idle, Interval *time.Duration
}

// Warmup lets the requests for a new host grow.
type Warmup struct {
	Window time.Duration
	// Aggression is how the share grows: 1 evenly, above 1 faster at the beginning.
	Aggression float64
	Least      float64 // the percentage with which a host begins
}

// RetryBudget limits the retries at the same time to a share of the requests.
type RetryBudget struct {
	Percent float64
	Least   int // retries that are always allowed
}
