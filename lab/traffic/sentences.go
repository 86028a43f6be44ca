package traffic

import (
	"fmt"
	"math"
	"strings"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/match"
)

// sentences are about answers, by their causes; what stands in braces is put in.
func sentences() map[cause.Cause]string {
	return map[cause.Cause]string{
		cause.Aborted:      "{proxy} answered in place of {to} with {status}: a rule injects an abort into {percent} % of the calls.",
		cause.Delayed:      "{proxy} held the call of {to} back for {delay}: a rule injects a delay.",
		cause.RouteTimeout: "{proxy} gave up after {time}: {to} had not answered within the route's timeout{timeout}.",
		cause.TryTimeout:   "{proxy} gave up: no try at {to} was answered within its own timeout.",
		cause.CircuitFull:  "{proxy} did not pass the call on: its circuit to {to} was full{limits}.",
		cause.Ejected:      "{proxy} had no pod of {to} to ask: all that are ready were ejected for their errors.",
		cause.NoPod:        "{proxy} had no pod of {to} to ask: none is ready{pods}.",
		cause.NoCluster:    "{proxy} knows no such subset of {to}: the route names one that no rule defines.",
		cause.Refused:      "{proxy} could not connect to {to}: nothing accepted the connection{tries}{pod}.",
		cause.Reset:        "{proxy} got no answer from {to}: the connection was reset{tries}{pod}.",
		cause.NotSecured:   "{proxy} had no TLS with {to}{tries}: {problem}. Envoy says: {tls}.",
		cause.NoRoute:      "{proxy} has no route for host {host} and path {path}{door}.",
		cause.NoListener:   "{proxy} refused the connection: {listeners}.",
		cause.NoHost:       "{proxy} knows no host {host}.",
		cause.OwnAddress:   "{proxy} did not pass the call on: at the address of {host} a sidecar listens, and it would come back.",
		cause.RegistryOnly: "{proxy} did not let the call out: no rule allows the host {host}.",
		cause.Denied:       "the sidecar of {to} refused the call of {from}{as}: a policy denies it.",
		cause.NotAllowed:   "the sidecar of {to} refused the call of {from}{as}: there are policies that allow calls, and none allows this one{unclaimed}.",
		cause.BadToken:     "{checker} refused the request: its token does not hold. Envoy says: {token}.{unfetched}",
		cause.RateLimited:  "the sidecar of {to} refused the call of {from}: its tokens were spent{tokens}.",
		cause.ProgramError: "{to} answered {status} itself{tries}.",
		cause.PassedOn:     "{to} answered {status}, as a call of its own went wrong.",
		cause.GaveUp:       "the caller gave up after {time}, before {to} had answered.",
		cause.Redirected:   "{proxy} sent the caller elsewhere: a rule redirects it.",
		cause.DirectAnswer: "{proxy} answered itself: a rule says what.",
		cause.Unexplained:  "{proxy} answered; Envoy says: {envoy}.",
		cause.Retried:      "{to} answered {from} at try {count}: the others went wrong.",
		cause.HostOutside:  "{to} answered {from}.",
	}
}

// words are a sentence about a call: who made its answer, and why.
func (c *Call) words() string {
	text, ok := sentences()[c.Cause]
	problem, said := cause.TLSProblem(c.Details)
	switch {
	case c.isConnection() && c.Cause == cause.NotSecured:
		text = "the ingress had no TLS with {peer}: {problem}. Envoy says: {tls}."
	case c.By == IngressItself && c.Cause == cause.Denied:
		text = "the ingress refused the request: a policy denies it."
	case c.By == IngressItself && c.Cause == cause.NotAllowed:
		text = "the ingress refused the request: there are policies that allow requests there, and none allows this one."
	}
	if !ok {
		return c.goodWords()
	}
	return strings.NewReplacer(
		"{proxy}", c.proxy(), "{from}", caller(c.From.Workload), "{to}", c.To.Workload,
		"{status}", fmt.Sprint(c.Status), "{percent}", c.abortShare(), "{delay}", short(c.Delayed),
		"{time}", ms(c.Millis), "{timeout}", c.timeout(), "{limits}", c.fullness(), "{tries}", c.times(),
		"{host}", c.Host, "{path}", c.Path, "{envoy}", strings.TrimSpace(c.Flags+" "+c.Details),
		"{as}", c.as(), "{tokens}", c.bucket(), "{pods}", c.unready(), "{pod}", c.ending(),
		"{count}", fmt.Sprint(len(c.Tries)), "{checker}", c.checker(), "{token}", c.tokenProblem(),
		"{unclaimed}", c.unclaimed(), "{unfetched}", c.unfetched(), "{problem}", problem, "{tls}", said, "{door}", c.behind(),
		"{listeners}", c.listeners(), "{peer}", c.peer(),
	).Replace(text)
}

// as is with which identity a call came, where that is asked for.
func (c *Call) as() string {
	last := c.last()
	switch {
	case last == nil || last.Identity == "":
		return ""
	case last.Identity == envoy.NoIdentity:
		return ", which came in plain text and without an identity"
	}
	return ", which came as " + last.Identity
}

// caller is a workload as a sentence has it.
func caller(workload string) string {
	switch workload {
	case "ingress":
		return "the ingress"
	case withoutSidecar:
		return "somebody without a sidecar"
	}
	return workload
}

// goodWords are about answers that are fine.
func (c *Call) goodWords() string {
	text := fmt.Sprintf("%s answered %s", c.To.Workload, caller(c.From.Workload))
	if c.choice.Route() != nil && c.Share > 0 && c.Share < 100 {
		text += fmt.Sprintf(": it gets %g %% of the route's calls, by chance", c.Share)
	}
	return text + "."
}

func (c *Call) proxy() string {
	if c.By == IngressItself {
		return "the ingress"
	}
	return "the sidecar of " + c.From.Workload
}

// abortShare is the part of the calls that a rule aborts, in percent.
func (c *Call) abortShare() string {
	for _, f := range c.choice.Faults() {
		if f.Abort != nil {
			return fmt.Sprint(f.Abort.Percent)
		}
	}
	return "some"
}

func (c *Call) timeout() string {
	if r := c.choice.Route(); r != nil && r.Timeout > 0 {
		return " of " + short(r.Timeout)
	}
	return ""
}

// times are how often a call was tried.
func (c *Call) times() string {
	if len(c.Tries) < 2 {
		return ""
	}
	return fmt.Sprintf(", at each of %d tries", len(c.Tries))
}

// otherwise is what acts where no rule does.
func (c *Call) otherwise() string {
	of2018 := c.at.Of2018
	switch c.Cause {
	case cause.Retried:
		return "today's default: 2 retries of failed connections"
	case cause.RegistryOnly:
		if of2018 {
			return "0.7.1's default: a host outside needs an EgressRule"
		}
	case cause.NoListener:
		return "no Gateway has a listener for it"
	case cause.NoRoute, cause.NoHost:
		return "there is none for this host and path"
	case cause.ProgramError, cause.Refused, cause.Reset, cause.NotSecured:
		if r := c.choice.Route(); r != nil && r.Retry == nil {
			return "none retries it"
		}
	case cause.HostOutside:
		if of2018 {
			return "a Service of type ExternalName leads to it"
		}
		return "today's default: calls out of the mesh are allowed"
	case cause.Answered:
		return c.pick()
	}
	return ""
}

// pick is how a pod is chosen by default.
func (c *Call) pick() string {
	if u := c.choice.Upstream; u != nil && u.Policy.Balance == mesh.LeastRequest {
		return fmt.Sprintf("today's default: of two pods of %s, the less busy one", match.ShortHost(u.Cluster.Host))
	}
	if u := c.choice.Upstream; u != nil {
		return fmt.Sprintf("the default: the pods of %s in turn", match.ShortHost(u.Cluster.Host))
	}
	return ""
}

// short is a time as rules write it: 7s, 500ms.
func short(d time.Duration) string {
	text := d.String()
	text = strings.TrimSuffix(text, "m0s")
	if len(text) < len(d.String()) {
		return text + "m"
	}
	return text
}

// ms is a time in milliseconds, or seconds where it is long.
func ms(f float64) string {
	if f >= 1000 {
		return fmt.Sprintf("%.1f s", f/1000)
	}
	return fmt.Sprintf("%.0f ms", f)
}

// rarely is the rate a second below which a count says more.
const rarely = 0.1

// Often is a rate, or so many calls where that says more.
func Often(calls int, rate float64) string {
	if rate < rarely {
		return plural(calls, "call")
	}
	return PerSecond(rate)
}

// PerSecond is a rate with enough places to tell it from none. What is half-way goes up, as in the page.
func PerSecond(rate float64) string {
	up := math.Nextafter(rate, math.Inf(1))
	if rate > 0 && rate < rarely {
		return fmt.Sprintf("%.2f/s", up)
	}
	return fmt.Sprintf("%.1f/s", up)
}
