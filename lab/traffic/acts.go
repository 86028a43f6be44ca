package traffic

import (
	"slices"
	"time"

	"istio-tutorial/lab/mesh"
)

// faults are those that may hit a call.
func (c *Call) faults() []mesh.Fault {
	if c.choice.destination == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.choice.destination.Faults), func(f mesh.Fault) bool {
		v, _ := c.choice.asked.all(f.When)
		return v == unmet
	})
}

// delay is for how long a rule held the call back; 0: not at all. A busy Envoy's timer may end somewhat early: where
// the call took less than each delay, it was the shortest.
func (c *Call) delay() time.Duration {
	if !has(c.Flags, "DI") {
		return 0
	}
	var shortest time.Duration
	for _, f := range c.faults() {
		switch {
		case f.Delay == nil:
		case c.Millis >= float64(f.Delay.Time.Milliseconds()):
			return f.Delay.Time
		case shortest == 0 || f.Delay.Time < shortest:
			shortest = f.Delay.Time
		}
	}
	return shortest
}

// ask finds the rule of a part of a route.
func (c *Call) ask(part Part, from, field string) (Rule, bool) {
	if from == "" || isDefault(from) {
		return Rule{}, false
	}
	q := Question{Part: part, From: from, Field: field, Client: c.client}
	if c.choice.destination != nil {
		q.Cluster = c.choice.destination.Cluster
	}
	return c.at.Find(q)
}

// acts are the rules that did something with a call, the deciding one first.
func (c *Call) acts() []Act {
	var list []Act
	add := func(part Part, rule Rule, ok bool) {
		if ok {
			list = append(list, Act{part, rule})
		}
	}
	r := c.choice.route()
	c.actsAtDoor(add)
	c.actsOfFaults(r, add)
	c.actsOfAnswer(r, add)
	c.actsOfPolicy(add)
	c.actsOfRoute(r, add)
	if d := c.choice.destination; d != nil {
		if _, inside := c.at.Mesh.ServiceAt(d.Cluster.Host); !inside {
			rule, ok := c.at.Find(Question{Part: PartHost, Cluster: d.Cluster, Client: c.client})
			add(PartHost, rule, ok)
		}
	}
	return list
}

// actsOfAnswer are those that refused the call, or gave up on it.
func (c *Call) actsOfAnswer(r *mesh.Route, add func(Part, Rule, bool)) {
	switch c.Cause {
	case RouteTimeout:
		if r != nil {
			rule, ok := c.ask(PartTimeout, r.From, r.Part)
			add(PartTimeout, rule, ok)
		}
	case Denied, NotAllowed:
		d := c.denial()
		add(PartDenial, d, d.Name != "")
	case BadToken:
		rule, ok := c.tokenRule()
		add(PartToken, rule, ok)
	case RateLimited:
		rule, ok := c.limit()
		add(PartLimit, rule, ok)
	case RegistryOnly:
		rule, ok := c.at.Find(Question{Part: PartOutside, Client: c.client})
		add(PartOutside, rule, ok)
	}
}

// actsOfRoute are those of the route's rule.
func (c *Call) actsOfRoute(r *mesh.Route, add func(Part, Rule, bool)) {
	if r == nil {
		return
	}
	parts := []Part{PartRoute}
	if len(c.Tries) > 1 || c.Cause == TryTimeout {
		parts = append(parts, PartRetry)
	}
	if len(c.Mirrors) > 0 {
		parts = append(parts, PartMirror)
	}
	for _, p := range parts {
		rule, ok := c.ask(p, r.From, r.Part)
		add(p, rule, ok)
	}
}

func (c *Call) actsOfFaults(r *mesh.Route, add func(Part, Rule, bool)) {
	if r == nil {
		return
	}
	field := func(f mesh.Fault) string {
		if f.From == r.From {
			return r.Part
		}
		return ""
	}
	for _, f := range c.faults() {
		if f.Abort != nil && c.Cause == Aborted {
			rule, ok := c.ask(PartAbort, f.From, field(f))
			add(PartAbort, rule, ok)
		}
		if f.Delay != nil && c.Delayed > 0 {
			rule, ok := c.ask(PartDelay, f.From, field(f))
			add(PartDelay, rule, ok)
		}
	}
}

// actsOfPolicy are those of the policy of the cluster that was picked.
func (c *Call) actsOfPolicy(add func(Part, Rule, bool)) {
	u := c.choice.upstream
	if u == nil || u.Policy.From == "" {
		return
	}
	parts := []Part{PartBalance}
	switch c.Cause {
	case CircuitFull:
		parts = []Part{PartBreaker}
	case Ejected:
		parts = []Part{PartOutlier}
	case NotSecured:
		parts = []Part{PartSecured}
	case Aborted, Delayed:
		return
	}
	for _, p := range parts {
		rule, ok := c.ask(p, u.Policy.From, "")
		add(p, rule, ok)
	}
}

// server is what the proxy of the last try's pod does with calls.
func (c *Call) server() (mesh.Inbound, string) {
	last := c.last()
	if last == nil {
		return mesh.Inbound{}, ""
	}
	for _, i := range c.at.Mesh.Instances {
		if i.Name == last.server {
			s, _ := c.at.Mesh.SidecarOf(i.Workload)
			return s.Inbound, last.caller
		}
	}
	return mesh.Inbound{}, ""
}

func isFor(callers mesh.Callers, caller string) bool {
	return slices.ContainsFunc(callers.Workloads, func(w mesh.Name) bool { return w.String() == caller }) ||
		callers.Others && nameOf(caller).Namespace == ""
}

// mayMeet reports whether nothing speaks against a request's meeting all conditions at its server.
func (c *Call) mayMeet(conditions []mesh.Condition) bool {
	v, _ := c.choice.asked.all(conditions)
	return v != unmet
}

// denial is the rule that refused the call; of several, the first.
func (c *Call) denial() Rule {
	in, caller := c.server()
	if c.By == IngressItself {
		in = mesh.Inbound{Access: c.at.Mesh.Gateway.Access}
	}
	if r, ok := c.refusal(in); ok {
		rule, _ := c.at.Find(Question{Part: PartDenial, From: r.From, Field: r.Field, Client: c.client})
		return rule
	}
	own := slices.DeleteFunc(slices.Clone(in.Denials), func(d mesh.Denial) bool {
		return !isFor(d.Callers, caller) || len(d.From) == 0
	})
	if len(own) == 0 {
		return Rule{}
	}
	// A route may have given the request another path or host than it is known by: then the first.
	i := max(0, slices.IndexFunc(own, func(d mesh.Denial) bool { return c.mayMeet(d.When) }))
	rule, _ := c.at.Find(Question{Part: PartDenial, From: own[i].From[0], Client: c.client})
	return rule
}

// refusal is the rule of access that refused the call or, where no rule allowed it, the first of
// those that allow.
func (c *Call) refusal(in mesh.Inbound) (mesh.AccessRule, bool) {
	reason := c.Details
	if last := c.last(); last != nil {
		reason = last.reason
	}
	name, ok := decidedBy(reason)
	i := slices.IndexFunc(in.Access, func(r mesh.AccessRule) bool {
		return r.Name == name || name == noRule && r.Action == mesh.Allow && !r.DryRun
	})
	if !ok || i < 0 {
		return mesh.AccessRule{}, false
	}
	return in.Access[i], true
}

// limit is the rule whose tokens were spent.
func (c *Call) limit() (Rule, bool) {
	if l, ok := c.spent(); ok {
		return c.at.Find(Question{Part: PartLimit, From: l.From, Client: c.client})
	}
	return Rule{}, false
}

// because is the rule that decided, or the default that did where there is none.
func (c *Call) because() (*Rule, string) {
	order := []Part{
		PartTLS, PartAbort, PartDelay, PartTimeout, PartBreaker, PartOutlier, PartSecured, PartDenial, PartToken, PartLimit,
		PartOutside, PartRetry, PartRoute, PartHost, PartBalance,
	}
	if c.Cause == Answered {
		order = []Part{PartMirror, PartRoute, PartHost, PartBalance} // a copy is seen nowhere else
	}
	for _, p := range order {
		for _, a := range c.Acts {
			if a.Part == p && (a.Rule.Kind != "Ingress" || c.By == IngressItself) {
				return &a.Rule, ""
			}
		}
	}
	return nil, c.otherwise()
}

// missed are the rules for the host that did not act, and why.
func (c *Call) missed() []Miss {
	list := c.choice.passedOver()
	for i, m := range list {
		for _, r := range c.choice.host.Routes {
			if r.From == m.Name {
				if rule, ok := c.ask(PartRoute, r.From, r.Part); ok {
					rule.Lines = nil
					list[i].Rule = &rule
				}
			}
		}
	}
	return append(c.policies(), list...)
}
