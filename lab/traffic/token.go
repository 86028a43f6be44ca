package traffic

import (
	"fmt"
	"slices"

	"istio-tutorial/lab/mesh"
)

// checker is whose proxy read the token.
func (c *Call) checker() string {
	if c.By == IngressItself {
		return "the ingress"
	}
	return "the sidecar of " + c.To.Workload
}

// tokenProblem is what is wrong with the token of a call that was refused for it.
func (c *Call) tokenProblem() string {
	if last := c.last(); c.By == CalleeSidecar && last != nil {
		return tokenProblem(last.reason)
	}
	return tokenProblem(c.Details)
}

// unfetched is that the keys of an issuer were never to be had, and why: a sentence; "" if they were.
func (c *Call) unfetched() string {
	for _, t := range c.tokenRules() {
		if t.KeysProblem != "" {
			return fmt.Sprintf(" The keys of %s were never fetched: %s.", t.Issuer, t.KeysProblem)
		}
	}
	return ""
}

// tokenRules are those that the proxy went by.
func (c *Call) tokenRules() []mesh.TokenRule {
	if c.By == CalleeSidecar {
		in, _ := c.server()
		return in.Tokens
	}
	return c.at.Mesh.Gateway.Tokens
}

// tokenRule is the rule for which the token did not hold; of several, the first.
func (c *Call) tokenRule() (Rule, bool) {
	list := c.tokenRules()
	if len(list) == 0 {
		return Rule{}, false
	}
	return c.at.Find(Question{Part: PartToken, From: list[0].From, Field: list[0].Field, Client: c.client})
}

// unclaimed is what the first rule that allows wants of a token, and the call had not: a sentence's
// end; "" if no token is wanted.
func (c *Call) unclaimed() string {
	last := c.last()
	if last == nil {
		return ""
	}
	in, _ := c.server()
	for _, r := range in.Access {
		if r.Action != mesh.Allow || r.DryRun {
			continue
		}
		for _, source := range r.Sources {
			for _, term := range source {
				if text := last.asked.unclaimed(term); text != "" {
					return text
				}
			}
		}
	}
	return ""
}

// unclaimed is what a term wants of a token, and a request has not.
func (a Asked) unclaimed(t mesh.AccessTerm) string {
	lists := slices.Clone(t.Together)
	for _, c := range t.Conditions {
		if c.Attribute == mesh.Claim {
			lists = append(lists, []mesh.Condition{c})
		}
	}
	var first mesh.Condition
	for i, list := range lists {
		v, open := a.all(list)
		if v == met {
			return ""
		}
		if i == 0 {
			first = open
		}
	}
	switch {
	case len(lists) == 0 || t.Not:
		return ""
	case a.Claims == nil:
		return ": the request has no token"
	}
	return ": " + a.why(first)
}
