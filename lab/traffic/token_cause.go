package traffic

import (
	"fmt"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/rulebook"
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
		return cause.TokenProblem(last.reason)
	}
	return cause.TokenProblem(c.Details)
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
func (c *Call) tokenRule() (rulebook.Rule, bool) {
	list := c.tokenRules()
	if len(list) == 0 {
		return rulebook.Rule{}, false
	}
	return c.at.Find(rulebook.Question{Part: rulebook.PartToken, From: list[0].From, Field: list[0].Field, Client: c.client})
}
