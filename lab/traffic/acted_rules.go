package traffic

import (
	"slices"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/match"
	"istio-tutorial/lab/traffic/rulebook"
)

// delay is for how long a rule held the call back; 0: not at all.
func (c *Call) delay() time.Duration {
	if !cause.IsDelayed(c.Flags) {
		return 0
	}
	return c.choice.Delay(c.Millis)
}

// ask finds the rule of a part of a route.
func (c *Call) ask(part rulebook.Part, from, field string) (rulebook.Rule, bool) {
	if from == "" || match.IsDefault(from) {
		return rulebook.Rule{}, false
	}
	q := rulebook.Question{Part: part, From: from, Field: field, Client: c.client}
	if c.choice.Destination != nil {
		q.Cluster = c.choice.Destination.Cluster
	}
	return c.at.Find(q)
}

// acts are the rules that did something with a call, the deciding one first.
func (c *Call) acts() []Act {
	var list []Act
	add := func(part rulebook.Part, rule rulebook.Rule, ok bool) {
		if ok {
			list = append(list, Act{part, rule})
		}
	}
	r := c.choice.Route()
	c.actsAtDoor(add)
	c.actsOfFaults(r, add)
	c.actsOfAnswer(r, add)
	c.actsOfPolicy(add)
	c.actsOfRoute(r, add)
	if d := c.choice.Destination; d != nil {
		if _, inside := c.at.Mesh.ServiceAt(d.Cluster.Host); !inside {
			rule, ok := c.at.Find(rulebook.Question{Part: rulebook.PartHost, Cluster: d.Cluster, Client: c.client})
			add(rulebook.PartHost, rule, ok)
		}
	}
	return list
}

// actsOfAnswer are those that refused the call, or gave up on it.
func (c *Call) actsOfAnswer(r *mesh.Route, add func(rulebook.Part, rulebook.Rule, bool)) {
	switch c.Cause {
	case cause.RouteTimeout:
		if r != nil {
			rule, ok := c.ask(rulebook.PartTimeout, r.From, r.Part)
			add(rulebook.PartTimeout, rule, ok)
		}
	case cause.Denied, cause.NotAllowed:
		d := c.denial()
		add(rulebook.PartDenial, d, d.Name != "")
	case cause.BadToken:
		rule, ok := c.tokenRule()
		add(rulebook.PartToken, rule, ok)
	case cause.RateLimited:
		rule, ok := c.limit()
		add(rulebook.PartLimit, rule, ok)
	case cause.RegistryOnly:
		rule, ok := c.at.Find(rulebook.Question{Part: rulebook.PartOutside, Client: c.client})
		add(rulebook.PartOutside, rule, ok)
	}
}

// actsOfRoute are those of the route's rule.
func (c *Call) actsOfRoute(r *mesh.Route, add func(rulebook.Part, rulebook.Rule, bool)) {
	if r == nil {
		return
	}
	parts := []rulebook.Part{rulebook.PartRoute}
	if len(c.Tries) > 1 || c.Cause == cause.TryTimeout {
		parts = append(parts, rulebook.PartRetry)
	}
	if len(c.Mirrors) > 0 {
		parts = append(parts, rulebook.PartMirror)
	}
	for _, p := range parts {
		rule, ok := c.ask(p, r.From, r.Part)
		add(p, rule, ok)
	}
}

func (c *Call) actsOfFaults(r *mesh.Route, add func(rulebook.Part, rulebook.Rule, bool)) {
	if r == nil {
		return
	}
	field := func(f mesh.Fault) string {
		if f.From == r.From {
			return r.Part
		}
		return ""
	}
	for _, f := range c.choice.Faults() {
		if f.Abort != nil && c.Cause == cause.Aborted {
			rule, ok := c.ask(rulebook.PartAbort, f.From, field(f))
			add(rulebook.PartAbort, rule, ok)
		}
		if f.Delay != nil && c.Delayed > 0 {
			rule, ok := c.ask(rulebook.PartDelay, f.From, field(f))
			add(rulebook.PartDelay, rule, ok)
		}
	}
}

// actsOfPolicy are those of the policy of the cluster that was picked.
func (c *Call) actsOfPolicy(add func(rulebook.Part, rulebook.Rule, bool)) {
	u := c.choice.Upstream
	if u == nil || u.Policy.From == "" {
		return
	}
	parts := []rulebook.Part{rulebook.PartBalance}
	switch c.Cause {
	case cause.CircuitFull:
		parts = []rulebook.Part{rulebook.PartBreaker}
	case cause.Ejected:
		parts = []rulebook.Part{rulebook.PartOutlier}
	case cause.NotSecured:
		parts = []rulebook.Part{rulebook.PartSecured}
	case cause.Aborted, cause.Delayed:
		return
	}
	for _, p := range parts {
		rule, ok := c.ask(p, u.Policy.From, "")
		add(p, rule, ok)
	}
}

// server is what the proxy of the last try's pod does with calls, and as whom it knows the caller.
func (c *Call) server() (mesh.Inbound, string) {
	last := c.last()
	if last == nil {
		return mesh.Inbound{}, ""
	}
	if in, ok := c.at.Inbound(last.server); ok {
		return in, last.caller
	}
	return mesh.Inbound{}, ""
}

// denial is the rule that refused the call; of several, the first.
func (c *Call) denial() rulebook.Rule {
	in, caller := c.server()
	if c.By == IngressItself {
		in = mesh.Inbound{Access: c.at.Mesh.Gateway.Access}
	}
	if r, ok := c.refusal(in); ok {
		rule, _ := c.at.Find(rulebook.Question{Part: rulebook.PartDenial, From: r.From, Field: r.Field, Client: c.client})
		return rule
	}
	d, ok := c.choice.Asked.Denied(in, caller)
	if !ok {
		return rulebook.Rule{}
	}
	rule, _ := c.at.Find(rulebook.Question{Part: rulebook.PartDenial, From: d.From[0], Client: c.client})
	return rule
}

// refusal is the rule of access that refused the call or, where no rule allowed it, the first of
// those that allow.
func (c *Call) refusal(in mesh.Inbound) (mesh.AccessRule, bool) {
	reason := c.Details
	if last := c.last(); last != nil {
		reason = last.reason
	}
	name, ok := cause.DecidedBy(reason)
	why, _ := cause.OfAccess(reason)
	i := slices.IndexFunc(in.Access, func(r mesh.AccessRule) bool {
		return r.Name == name || why == cause.NotAllowed && r.Action == mesh.Allow && !r.DryRun
	})
	if !ok || i < 0 {
		return mesh.AccessRule{}, false
	}
	return in.Access[i], true
}

// limit is the rule whose tokens were spent.
func (c *Call) limit() (rulebook.Rule, bool) {
	if l, ok := c.spent(); ok {
		return c.at.Find(rulebook.Question{Part: rulebook.PartLimit, From: l.From, Client: c.client})
	}
	return rulebook.Rule{}, false
}

// because is the rule that decided, or the default that did where there is none.
func (c *Call) because() (*rulebook.Rule, string) {
	order := []rulebook.Part{
		rulebook.PartTLS, rulebook.PartAbort, rulebook.PartDelay, rulebook.PartTimeout, rulebook.PartBreaker,
		rulebook.PartOutlier, rulebook.PartSecured, rulebook.PartDenial, rulebook.PartToken, rulebook.PartLimit,
		rulebook.PartOutside, rulebook.PartRetry, rulebook.PartRoute, rulebook.PartHost, rulebook.PartBalance,
	}
	if c.Cause == cause.Answered {
		order = []rulebook.Part{rulebook.PartMirror, rulebook.PartRoute, rulebook.PartHost, rulebook.PartBalance} // a copy is seen nowhere else
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
