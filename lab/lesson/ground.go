package lesson

import (
	"context"
	"errors"
	"iter"
	"time"

	"istio-tutorial/lab/load"
	"istio-tutorial/lab/traffic"
)

// Ground is where pages are run: labs on this machine, or a cluster. The pages do not know which.
type Ground interface {
	// Name is the ground's, as `on` of a check has it: [book.Lab] or [book.Cluster].
	Name() string
	// Start makes a place for a page of an edition, as every page expects it. The worker's number
	// tells places of the same time apart. It blocks until the place serves.
	Start(ctx context.Context, edition string, worker int) (Place, error)
}

// NoGroundError is that no page can be run on a ground at all: it ends a run.
type NoGroundError struct{ Err error }

func (e *NoGroundError) Error() string { return e.Err.Error() }
func (e *NoGroundError) Unwrap() error { return e.Err }

// Place is what one page needs of where it runs. Nothing but the page changes it.
type Place interface {
	// Folder is where commands run: it has bin/, deploy/ and istiofiles/.
	Folder() string
	// Env is the environment of the page's shell, KEY=VALUE: with it, bin/lab acts on the place, and
	// CUSTOMER_URL leads to its ingress.
	Env() []string
	// Types is what is typed there for a command of a page; if the ground has nothing like it, why it is
	// left out.
	Types(command string) (typed, why string)
	// Compare puts what a page says that a command prints, and what it printed there, into the same words.
	Compare(says, printed []string) (said, came []string)
	// Settle waits until what a command has changed acts on every request, also on those over
	// connections that were open before.
	Settle(ctx context.Context, command string) error
	// Send sends requests to the ingress: encrypted ones, with cfg.TLS, for cfg.URL to its encrypted port. Or, if from is a Deployment, those to cfg.URL from its
	// first pod through its sidecar. The error of a Deployment that is not there is an
	// *objects.Error, NotFound.
	Send(ctx context.Context, from string, cfg load.Config) (load.Summary, error)
	// Stats are the counters and gauges whose names end so, by their whole names: of a
	// Deployment's sidecar, or of the ingress' proxy (Ingress). None is ErrNoCounter; no such
	// Deployment is as for Send.
	Stats(ctx context.Context, workload, name string) (map[string]int, error)
	// Logs are the lines that the programs of a Deployment's pods have written, in JSON; those before
	// a time may be missing.
	Logs(ctx context.Context, workload string, since time.Time) iter.Seq2[string, error]
	// State is what a page must leave as it was: what each object means, by kind and name.
	State(ctx context.Context) (map[string]string, error)
	// Clues are lines that may explain why a page does not hold there.
	Clues(ctx context.Context) []string
	// Close ends the place, and all that it started.
	Close() error
}

// Explainer is a Place that knows of each request why it was answered so. Where it does not, `why`
// of a check is not looked at.
type Explainer interface {
	// Requests are those that came since a time, the latest first.
	Requests(ctx context.Context, since time.Time) ([]*traffic.Request, error)
}

// Auditor is a Place that can tell whether it is right itself, beside whether the page is.
type Auditor interface {
	// Audit is called before the requests of a check. What it returns is called after them; its error says
	// what the place counted otherwise than its proxies.
	Audit(ctx context.Context) (agrees func(context.Context) error, err error)
	// Legible is an error if an explanation is too long to be read at one glance.
	Legible(list []*traffic.Request) error
}

// Ingress is not a pod's proxy, but counts alike.
const Ingress = "ingress"

// ErrNoCounter is no failure before anything was sent: Envoy begins some counters, such as those
// of a status, when there is something to count.
var ErrNoCounter = errors.New("no such counter")
