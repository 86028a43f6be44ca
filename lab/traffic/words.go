package traffic

import (
	"fmt"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
)

// words are a sentence about a call: who made its answer, and why.
func (c *Call) words() string {
	from, to := caller(c.From.Workload), c.To.Workload
	switch c.Cause {
	case Aborted:
		return fmt.Sprintf("%s answered in place of %s%s: a rule injects an abort%s.", c.proxy(), to, c.code(), c.abortShare())
	case Delayed:
		return fmt.Sprintf("%s held the call of %s back for %s: a rule injects a delay.", c.proxy(), to, short(c.Delayed))
	case RouteTimeout:
		return fmt.Sprintf("%s gave up after %s: %s had not answered within the route's timeout%s.",
			c.proxy(), ms(c.Millis), to, c.timeout())
	case TryTimeout:
		return fmt.Sprintf("%s gave up: no try at %s was answered within its own timeout.", c.proxy(), to)
	case CircuitFull:
		return fmt.Sprintf("%s did not pass the call on: its circuit to %s was full%s.", c.proxy(), to, c.limits())
	case Ejected:
		return fmt.Sprintf("%s had no pod of %s to ask: all that are ready were ejected for their errors.", c.proxy(), to)
	case NoPod:
		return fmt.Sprintf("%s had no pod of %s to ask: none is ready.", c.proxy(), to)
	case NoCluster:
		return fmt.Sprintf("%s knows no such subset of %s: the route names one that no rule defines.", c.proxy(), to)
	case Refused:
		return fmt.Sprintf("%s could not connect to %s: nothing accepted the connection%s.", c.proxy(), to, c.times())
	case Reset:
		return fmt.Sprintf("%s got no answer from %s: the connection was reset%s.", c.proxy(), to, c.times())
	case NoRoute:
		return fmt.Sprintf("%s has no route for host %s and path %s.", c.proxy(), c.Host, c.Path)
	case NoHost:
		return fmt.Sprintf("%s knows no host %s.", c.proxy(), c.Host)
	case RegistryOnly:
		return fmt.Sprintf("%s did not let the call out: no rule allows the host %s.", c.proxy(), c.Host)
	case Denied:
		return fmt.Sprintf("the sidecar of %s refused the call of %s: a policy denies it.", to, from)
	case NotAllowed:
		return fmt.Sprintf("the sidecar of %s refused the call of %s: there are policies that allow calls, and none allows this one.", to, from)
	case RateLimited:
		return fmt.Sprintf("the sidecar of %s refused the call of %s: its tokens were spent.", to, from)
	case ProgramError:
		return fmt.Sprintf("%s answered %d itself%s.", to, c.Status, c.times())
	case PassedOn:
		return fmt.Sprintf("%s answered %d, as a call of its own went wrong.", to, c.Status)
	case GaveUp:
		return fmt.Sprintf("the caller gave up after %s, before %s had answered.", ms(c.Millis), to)
	case Redirected:
		return fmt.Sprintf("%s sent the caller elsewhere: a rule redirects it.", c.proxy())
	case DirectAnswer:
		return fmt.Sprintf("%s answered itself: a rule says what.", c.proxy())
	case Unexplained:
		return fmt.Sprintf("%s answered; Envoy says: %s.", c.proxy(), strings.TrimSpace(c.Flags+" "+c.Details))
	}
	return c.goodWords()
}

// caller is a workload as a sentence has it.
func caller(workload string) string {
	if workload == "ingress" {
		return "the ingress"
	}
	return workload
}

// goodWords are about answers that are fine.
func (c *Call) goodWords() string {
	switch {
	case c.Cause == Retried:
		return fmt.Sprintf("%s answered %s at try %d: the others went wrong.", c.To.Workload, caller(c.From.Workload), len(c.Tries))
	case c.By == Outside:
		return fmt.Sprintf("%s answered %s.", c.To.Workload, caller(c.From.Workload))
	}
	text := fmt.Sprintf("%s answered %s", c.To.Workload, caller(c.From.Workload))
	if r := c.choice.route(); r != nil && c.Share > 0 && c.Share < 100 {
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

func (c *Call) code() string {
	if c.Status == 0 {
		return ""
	}
	return fmt.Sprintf(" with %d", c.Status)
}

func (c *Call) abortShare() string {
	for _, f := range c.faults() {
		if f.Abort != nil {
			return fmt.Sprintf(" into %g %% of the calls", f.Abort.Percent)
		}
	}
	return ""
}

func (c *Call) timeout() string {
	if r := c.choice.route(); r != nil && r.Timeout > 0 {
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

// limits are those of a circuit.
func (c *Call) limits() string {
	u := c.choice.upstream
	if u == nil {
		return ""
	}
	var list []string
	for _, l := range []struct {
		n    *int
		name string
	}{
		{u.Policy.Limits.Connections, "connection"}, {u.Policy.Limits.Pending, "waiting request"},
		{u.Policy.Limits.Requests, "request"},
	} {
		if l.n != nil {
			s := "s"
			if *l.n == 1 {
				s = ""
			}
			list = append(list, fmt.Sprintf("%d %s%s", *l.n, l.name, s))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (at most " + strings.Join(list, " and ") + ")"
}

// otherwise is what acts where no rule does.
func (c *Call) otherwise() string {
	of2018 := c.at.Of2018
	switch c.Cause {
	case Retried:
		return "today's default: 2 retries of failed connections"
	case RegistryOnly:
		if of2018 {
			return "0.7.1's default: a host outside needs an EgressRule"
		}
	case NoRoute, NoHost:
		return "there is none for this host and path"
	case ProgramError, Refused, Reset:
		if r := c.choice.route(); r != nil && r.Retry == nil {
			return "none retries it"
		}
	case HostOutside:
		return "today's default: calls out of the mesh are allowed"
	case Answered:
		return c.pick()
	}
	return ""
}

// pick is how a pod is chosen by default.
func (c *Call) pick() string {
	if u := c.choice.upstream; u != nil && u.Policy.Balance == mesh.LeastRequest {
		return "today's default: of two pods of " + shortHost(u.Cluster.Host) + ", the less busy one"
	}
	if u := c.choice.upstream; u != nil {
		return "the default: the pods of " + shortHost(u.Cluster.Host) + " in turn"
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
