package traffic

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/match"
	"istio-tutorial/lab/traffic/rulebook"
)

// orphan is an arrival whose call is not known: its caller has no answer yet, or the entry was lost.
func (r *Request) orphan(a *arrival, v *rulebook.Versions) {
	at, _ := v.At(a.Entry)
	if a.try == nil {
		a.try = &Try{}
		a.try.arrive(a)
	}
	a.try.To, a.try.Status, a.try.server = end(at, a.Pod), a.Status, serverOf(at, afterSlash(a.Pod))
	isAlone := a.try.Identity == envoy.NoIdentity && mesh.ParseName(a.Route).Namespace == "" // it has no proxy
	from := afterSlash(a.Route)
	if isAlone {
		from = withoutSidecar
	}
	r.Calls = append(r.Calls, &Call{
		From: End{Workload: from}, To: a.try.To, Began: a.Time, Method: a.Method,
		Host: a.Insight.Host, Path: a.Path, Status: a.Status, Millis: millis(a.Entry),
		Details: "via_upstream", Tries: []*Try{a.try}, Open: !isAlone, at: at,
		choice: match.Choice{Index: -1}, client: mesh.ParseName(a.Route),
	})
}

// withoutSidecar is who calls in plain text, and has no proxy to tell of it.
const withoutSidecar = "no sidecar"

func afterSlash(s string) string { return s[strings.LastIndex(s, "/")+1:] }

// judge says who made each answer and why, and which of them decided the request's.
func (r *Request) judge() {
	slices.SortStableFunc(r.Calls, func(a, b *Call) int { return a.Began.Compare(b.Began) })
	for _, c := range r.Calls {
		c.judge()
	}
	if len(r.Calls) == 0 {
		return
	}
	first := r.Calls[0]
	r.Began, r.Method, r.Host, r.Path = first.Began, first.Method, first.Host, first.Path
	r.Status, r.Millis, r.Client = first.Status, first.Millis, first.address
	r.TraceID = first.trace
	r.Notes = r.notes()
	r.Decisive = first.decisive()
	r.Cause, r.By, r.At = r.Decisive.Cause, r.Decisive.By, r.Decisive.maker()
	r.Rule, r.Default = r.Decisive.because()
}

// explain says it in words, and what did not act.
func (r *Request) explain() {
	for _, c := range r.Calls {
		c.explain()
	}
	if r.Decisive != nil {
		r.Words = r.Decisive.words()
		r.Pods = podsOf(r.Decisive.at.Mesh)
	}
}

// all are a call and those that it led to, in their order.
func (c *Call) all() []*Call {
	list := []*Call{c}
	for _, t := range c.Tries {
		for _, next := range t.Calls {
			list = append(list, next.all()...)
		}
	}
	return list
}

// All are the calls of a request, each before those that it led to.
func (r *Request) All() []*Call {
	var list []*Call
	for _, c := range r.Calls {
		list = append(list, c.all()...)
	}
	return list
}

func (c *Call) judge() {
	for _, t := range slices.Concat(c.Tries, c.Mirrors) {
		for _, next := range t.Calls {
			next.judge()
		}
	}
	c.By, c.Cause = c.made()
	c.Delayed = c.delay()
	c.Acts = c.acts()
}

func (c *Call) explain() {
	for _, t := range slices.Concat(c.Tries, c.Mirrors) {
		for _, next := range t.Calls {
			next.explain()
		}
	}
	c.Missed, c.Keeps = c.missed(), c.keeps()
}

// made is who made a call's answer, and why.
func (c *Call) made() (Maker, cause.Cause) {
	why, byProxy := cause.ByProxy(c.Flags, c.Details)
	access, refused := cause.OfAccess(c.Details)
	switch {
	case refused:
		return IngressItself, access
	case !byProxy:
		return c.fromUpstream()
	case why == cause.GaveUp:
		return Nobody, why
	case c.client.Namespace == "":
		return IngressItself, c.refined(why)
	}
	return CallerSidecar, c.refined(why)
}

// fromUpstream is who made an answer that the caller's proxy only passed on.
func (c *Call) fromUpstream() (Maker, cause.Cause) {
	last := c.last()
	if last == nil || !last.Arrived && last.To.Pod == "" {
		if c.Status < 400 {
			return Outside, c.fine(cause.HostOutside)
		}
		return Outside, cause.ProgramError
	}
	why, byServer := cause.AtServer(last.flags, last.reason)
	switch {
	case byServer && why == cause.Denied && c.denial().Allows:
		return CalleeSidecar, cause.NotAllowed
	case byServer:
		return CalleeSidecar, why
	case c.Status < 400:
		return Program, c.fine(cause.Answered)
	case lastFailed(last) >= 0:
		return Program, cause.PassedOn
	}
	return Program, cause.ProgramError
}

// fine is the cause of a good answer, if anything is to be said of it.
func (c *Call) fine(why cause.Cause) cause.Cause {
	switch {
	case cause.IsDelayed(c.Flags):
		return cause.Delayed
	case len(c.Tries) > 1:
		return cause.Retried
	}
	return why
}

// last is the try whose answer the caller got.
func (c *Call) last() *Try {
	if len(c.Tries) == 0 {
		return nil
	}
	return c.Tries[len(c.Tries)-1]
}

// refined tells apart what Envoy has one word for.
func (c *Call) refined(why cause.Cause) cause.Cause {
	switch why {
	case cause.DirectAnswer:
		return c.direct()
	case cause.NoRoute:
		return c.routeless()
	case cause.NoPod:
		if c.comesBack() {
			return cause.OwnAddress
		}
		if u := c.choice.Upstream; u != nil && u.Policy.Outlier != nil && len(c.at.Ready(u.Cluster)) > 0 {
			return cause.Ejected
		}
	}
	return why
}

// comesBack reports whether a host that a rule adds is where sidecars listen, which its proxy leaves out.
func (c *Call) comesBack() bool {
	u := c.choice.Upstream
	if u == nil {
		return false
	}
	e, ok := c.at.Mesh.ExternalPort(mesh.Cluster{Host: u.Cluster.Host, Port: u.Cluster.Port})
	if !ok || e.Pods != nil {
		return false
	}
	places := []mesh.Place{{Address: e.Host, Port: e.TargetPort()}}
	if e.Listed {
		places = e.PlacesOf(u.Cluster.Labels)
	}
	return slices.ContainsFunc(places, func(p mesh.Place) bool {
		atIngress := c.client.Namespace == "" && u.Policy.Outlier == nil && mesh.IsLoopback(p.Address)
		return atIngress || c.at.IsProxyPort(p.Port) // by whatever name
	})
}

// direct is why a proxy gave an answer that is written in its route.
func (c *Call) direct() cause.Cause {
	r := c.choice.Route()
	switch {
	case c.Route == match.BlockAll:
		return cause.RegistryOnly
	case c.Route == match.Passthrough && c.Status == http.StatusLoopDetected:
		return cause.OwnAddress
	case c.Route == match.Passthrough:
		return cause.NoHost
	case r != nil && r.Redirect != nil, c.choice.Sends():
		return cause.Redirected
	}
	return cause.DirectAnswer
}

// routeless is why a proxy has no route.
func (c *Call) routeless() cause.Cause {
	host, _ := match.SplitPort(c.Host)
	switch {
	case c.client.Namespace == "" || c.choice.Host != nil:
		return cause.NoRoute
	case c.at.IsInside(host):
		return cause.NoHost
	}
	return cause.RegistryOnly
}

// decisive is the call whose answer decided that of a call: of a failed one, the last failed one
// below it; else the deepest of which there is something to say.
func (c *Call) decisive() *Call {
	if c.Cause.Failed() || c.Status >= 400 {
		for c.By == Program {
			last := c.last()
			i := lastFailed(last)
			if i < 0 {
				break
			}
			c = last.Calls[i]
		}
		return c
	}
	best := c
	for _, one := range c.all() {
		if one.weight() >= best.weight() {
			best = one
		}
	}
	return best
}

func lastFailed(t *Try) int {
	for i := len(t.Calls) - 1; i >= 0; i-- {
		if t.Calls[i].Cause.Failed() || t.Calls[i].Status >= 400 {
			return i
		}
	}
	return -1
}

// weight is how much there is to say of a good answer.
func (c *Call) weight() int {
	switch {
	case c.Cause == cause.Delayed:
		return 4
	case c.Cause == cause.Retried:
		return 3
	case slices.ContainsFunc(c.Acts, func(a Act) bool { return a.Rule.Kind != "Ingress" }):
		return 2
	case c.Cause.Failed():
		return 1 // its caller could do without
	}
	return 0
}

// maker is the workload, or the ingress, that made the answer.
func (c *Call) maker() string {
	switch c.By {
	case CallerSidecar, IngressItself:
		return c.From.Workload
	case Nobody:
		return ""
	}
	if last := c.last(); last != nil {
		return last.To.Workload
	}
	return c.To.Workload
}

// notes are what does not fit together.
func (r *Request) notes() []string {
	var list []string
	for i, c := range r.Calls {
		switch {
		case c.Open:
			list = append(list, fmt.Sprintf("the answer to %s is not logged yet: the request is still under way", c.From.Workload))
		case c.From.Workload == "ingress":
		case c.From.Workload == withoutSidecar:
			list = append(list, "the caller has no sidecar: it came in plain text, and nobody knows who it is")
		case i == 0:
			list = append(list, c.From.Workload+" began this request itself, or its program did not pass x-request-id on")
		}
	}
	if len(r.Calls) > 1 {
		list = append(list, "these calls have one x-request-id, but none led to the other")
	}
	return list
}

// Author is who made the answer, in words: sidecar of preference.
func (r *Request) Author() string {
	switch r.By {
	case CallerSidecar, CalleeSidecar:
		return "sidecar of " + r.At
	case Outside:
		return "host outside"
	case Program:
		return "program of " + r.At
	}
	return string(r.By)
}
