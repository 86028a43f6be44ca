package traffic

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/match"
	"istio-tutorial/lab/traffic/rulebook"
)

// record is what was read of one x-request-id, in the order in which it came.
type record struct {
	id      string
	entries []*envoy.Entry
	tries   []*envoy.Try
	last    time.Time // when the latest was read
	failed  bool      // some entry has a status that is none of 2xx
	entered bool      // it came through the ingress, whose entry is the last
	// mirrored says that a call of it has a route with mirrors, and copies are those that are counted.
	mirrored bool
	copies   map[Edge]int
	// connection is that of which no request came; then there is nothing else.
	connection *envoy.Connection
}

// Bounds of one request: a client may use one id again and again.
const (
	mostEntries = 64
	mostTries   = 64
)

// fading is how long after a call its mirrored copy may begin.
const fading = 5 * time.Second

func (r *record) add(e *envoy.Entry) {
	if len(r.entries) == mostEntries {
		r.entries = r.entries[1:]
	}
	r.entries = append(r.entries, e)
	r.failed = r.failed || e.Status/100 != 2
	r.entered = r.entered || !strings.Contains(e.Pod, "/")
}

// heard reports whether something was read since a time. What a pod began is over only some time
// after that.
func (r *record) heard(since time.Time, enough time.Duration) bool {
	if !r.entered {
		since = since.Add(-2 * enough)
	}
	return !r.last.Before(since)
}

func (r *record) addTry(t *envoy.Try) {
	if len(r.tries) == mostTries {
		r.tries = r.tries[1:]
	}
	r.tries = append(r.tries, t)
}

func isOutbound(e *envoy.Entry) bool { return e.Direction == envoy.Outbound }

func took(e *envoy.Entry) time.Duration {
	return max(time.Duration(e.Insight.Micros)*time.Microsecond, time.Duration(e.Duration)*time.Millisecond)
}

func ended(e *envoy.Entry) time.Time { return e.Time.Add(took(e)) }

func millis(e *envoy.Entry) float64 {
	if e.Insight.Micros > 0 {
		return float64(e.Insight.Micros) / 1000
	}
	return float64(e.Duration)
}

// joiner makes a Request of a record.
type joiner struct {
	*record
	versions *rulebook.Versions
	outs     []logged // of the calls
	calls    []*Call
	arrivals []*arrival
}

// logged is an entry, and its place in the log: what ends first is logged first.
type logged struct {
	*envoy.Entry
	place int
}

// arrival is an inbound entry and the try that it is of; nil: none that is known.
type arrival struct {
	logged
	try  *Try
	open bool // try is of a call that is not known
}

// join makes the calls of a record, with what came of each.
func join(r *record, v *rulebook.Versions) *Request {
	if r.connection != nil {
		return refused(r.connection, v)
	}
	return joined(r, v).request()
}

// joined has the calls of a record, each with its tries and its copies.
func joined(r *record, v *rulebook.Versions) *joiner {
	j := &joiner{record: r, versions: v}
	for place, e := range r.entries {
		if isOutbound(e) {
			j.outs = append(j.outs, logged{e, place})
		} else {
			j.arrivals = append(j.arrivals, &arrival{logged: logged{e, place}})
		}
	}
	slices.SortStableFunc(j.arrivals, func(a, b *arrival) int { return a.Time.Compare(b.Time) })
	slices.SortStableFunc(j.outs, func(a, b logged) int { return a.Time.Compare(b.Time) })
	for _, e := range j.outs {
		j.calls = append(j.calls, j.call(e.Entry))
	}
	for i, c := range j.calls {
		j.meet(c, j.outs[i].Entry)
	}
	for i, c := range j.calls {
		j.mirror(c, j.outs[i].Entry)
	}
	return j
}

// call is what a client's proxy says.
func (j *joiner) call(e *envoy.Entry) *Call {
	c := &Call{
		Began: e.Time, Method: e.Method, Host: e.Insight.Host, Path: e.Path, Status: e.Status,
		Millis: millis(e), Flags: strings.Trim(e.Flags, "-"), Details: e.Details, Route: e.Route, Cluster: e.Cluster,
	}
	c.versions, c.attempts = j.versions, e.Attempts
	c.at, c.choice = j.versions.At(e)
	c.From, c.address, c.trace = end(c.at, e.Pod), e.Insight.Client, strings.Trim(e.Trace, "-")
	c.client = c.at.Client(e.Pod)
	c.To = c.called(e)
	c.Share = c.choice.Share()
	for _, t := range j.tries {
		if t.Pod == e.Pod && t.Cluster == e.Cluster && within(t.Time, e) {
			c.Tries = append(c.Tries, &Try{
				To: pod(c.at, t.Upstream, t.Cluster), Status: t.Status, Flags: strings.Trim(t.Flags, "-"), Details: t.Details,
				Millis: float64(t.Duration), server: serverOf(c.at, t.Upstream),
			})
		}
	}
	if e.Attempts > 0 && (e.Details == "via_upstream" && e.Status < 300 || len(c.Tries) == 0) {
		last := &Try{
			To: pod(c.at, e.Upstream, e.Cluster), Status: e.Status, Flags: c.Flags, Details: e.Details,
			Millis: c.Millis, server: serverOf(c.at, e.Upstream),
		}
		if last.To.Workload == match.Passthrough {
			last.To = c.To
		}
		if n := len(c.Tries); n > 0 {
			last.Flags, last.Millis = "", 0
		}
		c.Tries = append(c.Tries, last)
	}
	return c
}

func within(t time.Time, e *envoy.Entry) bool {
	return !t.Before(e.Time.Add(-rulebook.Slack)) && !t.After(ended(e).Add(rulebook.Slack))
}

// end is a side whose proxy wrote an entry.
func end(v *rulebook.Version, pod string) End {
	_, name, isPod := strings.Cut(pod, "/")
	if !isPod {
		return End{Workload: pod}
	}
	return End{Workload: cmp.Or(v.Workload(pod), name), Pod: name}
}

// pod is the server of a try, or the host outside.
func pod(v *rulebook.Version, name, cluster string) End {
	if i, ok := v.Instance(name); ok {
		return End{Workload: i.Workload.Name, Pod: name}
	}
	if host := match.HostOf(cluster); host != "" && host != match.Passthrough && name == "" {
		return End{Workload: match.ShortHost(host)}
	}
	return End{Workload: name}
}

func serverOf(v *rulebook.Version, name string) mesh.Name {
	i, _ := v.Instance(name)
	return i.Name
}

// called is whom a call reached, or whom it was meant for.
func (c *Call) called(e *envoy.Entry) End {
	if e.Upstream != "" && e.Upstream != match.Passthrough {
		return pod(c.at, e.Upstream, e.Cluster)
	}
	if d := c.choice.Destination; d != nil {
		return End{Workload: match.Called(d.Cluster)}
	}
	host, _, _ := strings.Cut(c.Host, ":")
	return End{Workload: host}
}

// meet finds the arrivals of a call's tries: each at the pod that the try was sent to.
func (j *joiner) meet(c *Call, e *envoy.Entry) {
	for _, t := range c.Tries {
		for _, a := range j.arrivals {
			if a.try == nil && t.To.Pod != "" && t.server.Is(a.Pod) && within(a.Time, e) && isCaller(c, a.Route) {
				a.try = t
				t.arrive(a)
				break
			}
		}
	}
}

// isTriedAt reports whether a call was sent to a pod, as NAMESPACE/NAME.
func (c *Call) isTriedAt(pod string) bool {
	return slices.ContainsFunc(c.Tries, func(t *Try) bool { return t.server.Is(pod) })
}

// isCaller reports whether the server's proxy knows an arrival's caller as the one of a call.
func isCaller(c *Call, route string) bool {
	if c.client.Namespace == "" {
		return !strings.Contains(route, "/") // the ingress is one of the others
	}
	return c.client.Is(route)
}

func (t *Try) arrive(a *arrival) {
	t.Arrived, t.caller, t.Identity = true, a.Route, a.Insight.Identity()
	t.flags, t.reason = strings.Trim(a.Flags, "-"), a.Details
	t.asked = match.AskedOf(a.Entry)
	t.Program = a.Details == "via_upstream"
	if t.Millis == 0 {
		t.Millis = millis(a.Entry)
	}
}

// mirror finds arrivals that nobody waits for, at pods to which a call's route mirrors.
func (j *joiner) mirror(c *Call, e *envoy.Entry) {
	r := c.choice.Route()
	if r == nil {
		return
	}
	for _, m := range r.Mirrors {
		for _, a := range j.arrivals {
			late := a.Time.Before(e.Time.Add(-rulebook.Slack)) || a.Time.After(ended(e).Add(fading))
			if a.try != nil || late || !isCaller(c, a.Route) || !c.at.LeadsTo(m.Cluster, a.Pod) {
				continue
			}
			t := &Try{To: end(c.at, a.Pod), Status: a.Status, Millis: millis(a.Entry)}
			t.arrive(a)
			a.try = t
			c.Mirrors = append(c.Mirrors, t)
			break
		}
	}
}

// request nests the calls: each in the try that its own program was answering.
func (j *joiner) request() *Request {
	r := &Request{ID: j.id}
	for i, c := range j.calls {
		if t := j.parent(j.outs[i]); t != nil {
			t.Calls = append(t.Calls, c)
		} else {
			r.Calls = append(r.Calls, c)
		}
	}
	for _, a := range j.arrivals {
		if a.try == nil || a.open {
			r.orphan(a, j.versions)
		}
	}
	r.judge()
	return r
}

// isBelow reports whether an arrival at the pod that made a call may have come of that call: it began no earlier,
// and was over before.
func (a *arrival) isBelow(e logged) bool { return a.place < e.place && !a.Time.Before(e.Time) }

// reached reports whether the program got the request: also one whose caller did not wait for the answer.
func (a *arrival) reached() bool { return a.Details == "via_upstream" || a.Attempts > 0 }

// parent is the try that a pod was answering when it made a call.
func (j *joiner) parent(e logged) *Try {
	var best *arrival
	for _, a := range j.arrivals {
		if a.Pod == e.Pod && a.reached() && within(e.Time, a.Entry) && !a.isBelow(e) &&
			(best == nil || a.Time.After(best.Time)) {
			best = a
		}
	}
	if best == nil {
		return nil
	}
	if best.try == nil {
		best.try, best.open = &Try{}, true
		best.try.arrive(best)
	}
	return best.try
}
