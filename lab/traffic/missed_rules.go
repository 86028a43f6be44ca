package traffic

import (
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/match"
	"istio-tutorial/lab/traffic/rulebook"
)

// missed are the rules for the host that did not act, and why.
func (c *Call) missed() []Miss {
	list := c.policies()
	for _, p := range c.choice.PassedOver() {
		m := Miss{Name: p.From, To: p.To, Why: p.Why}
		if rule, ok := c.ask(rulebook.PartRoute, p.From, p.Part); ok {
			rule.Lines = nil
			m.Rule = &rule
		}
		list = append(list, m)
	}
	return list
}

// policies are the rules that allow calls and did not allow this one, and why.
func (c *Call) policies() []Miss {
	last := c.last()
	if c.Cause != cause.NotAllowed || last == nil {
		return nil
	}
	asked := last.asked
	asked.Peer = last.Identity
	var list []Miss
	in, _ := c.server()
	for _, r := range match.Allowing(in) {
		m := Miss{Name: r.From, Why: asked.UnmetBy(r)}
		if rule, ok := c.at.Find(rulebook.Question{Part: rulebook.PartDenial, From: r.From, Field: r.Field, Client: c.client}); ok {
			rule.Lines = nil
			m.Rule = &rule
		}
		list = append(list, m)
	}
	return list
}

// unclaimed is what the first rule that allows wants of a token, and the call had not: a sentence's
// end; "" if no token is wanted.
func (c *Call) unclaimed() string {
	last := c.last()
	if last == nil {
		return ""
	}
	in, _ := c.server()
	return last.asked.Unclaimed(match.Allowing(in))
}
