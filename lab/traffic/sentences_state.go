package traffic

import (
	"fmt"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
)

// What decides an answer, and is no rule: a circuit that is full, tokens that are spent, a pod that is
// not ready yet, or not any more.

// fullness is how full a circuit was that took no more calls. Envoy refuses a call only when as many
// wait as may, and has calls wait only while each connection that it may have is in use.
func (c *Call) fullness() string {
	u := c.choice.Upstream
	if u == nil {
		return ""
	}
	l := u.Policy.Limits
	switch {
	case l.Pending != nil && l.Requests == nil && l.Connections != nil:
		return fmt.Sprintf(" (%s + %s)", allOf(*l.Connections, "connection"), allOf(*l.Pending, "waiting request"))
	case l.Pending != nil && l.Requests == nil:
		return " (" + allOf(*l.Pending, "waiting request") + ")"
	case l.Pending == nil && l.Requests != nil:
		return " (" + allOf(*l.Requests, "request") + ")"
	}
	return atMost(l)
}

// atMost are the limits of a circuit of which it is not known which one was reached.
func atMost(l mesh.Limits) string {
	var list []string
	for _, one := range []struct {
		n    *int
		name string
	}{{l.Connections, "connection"}, {l.Pending, "waiting request"}, {l.Requests, "request"}} {
		if one.n != nil {
			list = append(list, plural(*one.n, one.name))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (at most " + strings.Join(list, " and ") + ")"
}

func allOf(n int, name string) string { return fmt.Sprintf("%d of %s", n, plural(n, name)) }

func plural(n int, name string) string {
	if n != 1 {
		name += "s"
	}
	return fmt.Sprintf("%d %s", n, name)
}

// bucket is what is known of the tokens that were spent: how many there are, and until when one has
// to wait for the next at most.
func (c *Call) bucket() string {
	l, ok := c.spent()
	if !ok || len(l.Special) > 0 || l.Interval <= 0 {
		return ""
	}
	tokens, next := plural(l.Tokens, "token"), c.Began.Add(l.Interval).Local().Format("15:04:05.000")
	if l.Refill > 0 && l.Refill < l.Tokens {
		return fmt.Sprintf(" (%s, %d more each %s; the next by %s)", tokens, l.Refill, short(l.Interval), next)
	}
	return fmt.Sprintf(" (%s in %s; the next by %s)", tokens, short(l.Interval), next)
}

// spent is the limit whose tokens the call did not get.
func (c *Call) spent() (mesh.RateLimit, bool) {
	in, caller := c.server()
	return c.choice.Asked.Limited(in, caller)
}

// unready are the pods of a cluster that had none to ask, and how each is.
func (c *Call) unready() string {
	d := c.choice.Destination
	if d == nil {
		return ""
	}
	all := c.at.Mesh.Endpoints(d.Cluster)
	if len(all) == 0 {
		return " (there is none)"
	}
	var list []string
	for _, e := range all {
		if !e.Instance.Ready && len(list) < mostUnready {
			list = append(list, fmt.Sprintf("%s %s", e.Instance.Name.Name, c.at.State(e.Instance.Name)))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}

// mostUnready is how many pods a sentence names.
const mostUnready = 3

// ending says that the pod of the last try was about to end, or not to be asked for another reason.
func (c *Call) ending() string {
	last := c.last()
	if last == nil || last.To.Pod == "" || c.versions == nil {
		return ""
	}
	until := c.Began.Add(time.Duration(c.Millis * float64(time.Millisecond)))
	if how := c.versions.StateOf(last.server, until); how != "" {
		return fmt.Sprintf(" (%s %s)", last.To.Pod, how)
	}
	return ""
}
