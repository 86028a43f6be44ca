package mesh

import "time"

// Container is the program of a workload.
type Container struct {
	Name      string
	Image     string
	Command   []string // in place of the image's own; empty: the image's own
	Args      []string
	Env       []EnvVar
	EnvFrom   []EnvSource // below Env, the later ones above the earlier
	Ports     []ContainerPort
	Startup   *Probe // nil: none
	Liveness  *Probe
	Readiness *Probe
}

// EnvVar is a variable with a literal value, one of the instance's own fields, or a value that is
// kept apart.
type EnvVar struct {
	Name  string
	Value string
	Field string  // such as metadata.name; "" for a literal value
	Key   *KeyRef // nil: not kept apart
}

// KeyRef is a value of a ConfigMap or a Secret of the workload's namespace.
type KeyRef struct {
	Kind, Name, Key string // Kind: ConfigMap or Secret
	Optional        bool   // without it, the variable is not set; otherwise the program does not start
}

// EnvSource are all values of a ConfigMap or a Secret, by their keys with a prefix.
type EnvSource struct {
	Kind, Name, Prefix string
	Optional           bool
}

// ContainerPort is a port that the program listens on.
type ContainerPort struct {
	Name   string
	Number int
}

// Probe tells how an instance is: by a GET, or by one of the others.
type Probe struct {
	Path      string
	Port      string   // name or number
	Connect   bool     // a connection to the port is enough
	GRPC      *string  // asks the health service about that; nil: it is no call of gRPC
	Exec      []string // runs it inside the instance; nil: nothing
	Delay     time.Duration
	Period    time.Duration
	Timeout   time.Duration
	Failures  int // in a row, until it counts as failed
	Successes int // in a row, until it counts as well again
}
