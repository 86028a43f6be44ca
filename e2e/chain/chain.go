package chain

import "testing"

// Chain is the three services, wired.
type Chain struct{ Customer, Preference, Recommendation *Process }

// Settings are the environments of a chain's processes. The zero value will do.
type Settings struct {
	All                                  Env  // every service's
	Customer, Preference, Recommendation Env  // one service's, which wins
	Silent                               bool // as in Spec
}

// Chain runs the services, each asking the next, until the test ends.
func (p Programs) Chain(t testing.TB, s Settings) Chain {
	t.Helper()
	run := func(program string, wiring, own Env) *Process {
		t.Helper()
		return p.Run(t, Spec{Program: program, Silent: s.Silent, Env: wiring.With(s.All).With(own)})
	}
	var c Chain
	c.Recommendation = run("recommendation", nil, s.Recommendation)
	c.Preference = run("preference", Env{"RECOMMENDATION_URL": c.Recommendation.URL()}, s.Preference)
	c.Customer = run("customer", Env{"PREFERENCE_URL": c.Preference.URL()}, s.Customer)
	return c
}

// All returns the chain's processes, in the order of a request.
func (c Chain) All() []*Process { return []*Process{c.Customer, c.Preference, c.Recommendation} }
