package lesson

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Claim is a part of a check, and what came of it.
type Claim struct {
	Text string // as the page has it
	Want string
	Got  string
	OK   bool
}

// String is a line of a report.
func (c Claim) String() string {
	if c.OK && c.Got == c.Want {
		return fmt.Sprintf("%s: %s", c.Text, c.Got)
	}
	if c.OK {
		return fmt.Sprintf("%s: %s, of %s", c.Text, c.Got, c.Want)
	}
	return fmt.Sprintf("%s: %s, not %s", c.Text, c.Got, c.Want)
}

const (
	// settling is how long Envoy's counters and the programs' logs may lag behind the answers.
	settling = 10 * time.Second
	// waiting bounds the waits of a check: the longest ejection of a lesson, and more.
	waiting = 2 * time.Minute
)

// check does what a check says, and returns its claims.
func (r *runner) check(ctx context.Context, c *Check) ([]Claim, error) {
	claims, err := r.settle(ctx, r.gauge, c.WaitFor, sample{}, waiting)
	if err != nil || c.Send == 0 {
		return claims, err
	}
	before, err := r.counters(ctx, c)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	list, took, err := r.ask(ctx, c)
	if isMissing(err) {
		return append(claims, Claim{Text: "from", Want: c.From, Got: err.Error()}), nil
	}
	if err != nil {
		return nil, err
	}
	s := sample{total: len(list), took: took, alpha: c.alpha(), answers: map[string]int{}}
	claims = append(claims, r.judge(c, list, s)...)
	for _, m := range []struct {
		meter meter
		list  amounts
	}{{r.rise(before), c.Counters}, {r.received(began), c.Received}, {r.gauge, c.Gauges}} {
		within := settling
		if verdict("", c, claims) != nil {
			within = 0 // it has failed: nothing is worth a wait
		}
		more, err := r.settle(ctx, m.meter, m.list, s, within)
		if err != nil {
			return nil, err
		}
		claims = append(claims, more...)
	}
	why, err := r.explained(ctx, c, list, began)
	return append(claims, why...), err
}

// settle waits for numbers.
func (r *runner) settle(
	ctx context.Context, m meter, list amounts, s sample, within time.Duration,
) ([]Claim, error) {
	var claims []Claim
	for _, a := range list {
		n, err := m.await(ctx, a, s, within)
		claim := a.claim(n, s)
		switch {
		case errors.Is(err, errNoCounter) || isMissing(err):
			claim.Got, claim.OK = err.Error(), false
		case err != nil:
			return nil, err
		}
		claims = append(claims, claim)
	}
	return claims, nil
}

func (a amount) claim(n int, s sample) Claim {
	low, high := a.bounds(s)
	return Claim{
		Text: a.of + ": " + a.text, Want: span(low, high), Got: fmt.Sprint(n),
		OK: n >= low && (high < 0 || n <= high),
	}
}

// judge holds the answers against a check, and notes how many are of each kind.
func (r *runner) judge(c *Check, list []answer, s sample) []Claim {
	var claims []Claim
	byKind, strangers := c.Answers.sorted(list)
	for of, some := range byKind {
		s.answers[of] = len(some)
	}
	for _, a := range c.Answers {
		claims = append(claims, a.claim(s.answers[a.of], s))
		if k := readKind(a.of); k.after > 0 {
			claims = append(claims, r.onTime(c, k, byKind[a.of]))
		}
	}
	if len(c.Answers) > 0 && len(strangers) > 0 {
		claims = append(claims, Claim{
			Text: "other answers", Want: "none",
			Got: fmt.Sprintf("%d, such as %q", len(strangers), strangers[0].body),
		})
	}
	if len(c.InTurn) > 0 {
		all := fmt.Sprintf("%d answers", len(list))
		claim := Claim{Text: "in turn", Want: all, Got: all, OK: true}
		if err := inTurn(c.InTurn, list); err != nil {
			claim = Claim{Text: "in turn", Want: fmt.Sprintf("%q in turn", c.InTurn), Got: err.Error()}
		}
		claims = append(claims, claim)
	}
	if c.Repeats != nil {
		a := *c.Repeats
		a.of = "repeats"
		pairs := s
		pairs.total--
		claims = append(claims, a.claim(repeats(list), pairs))
	}
	r.noteTime(c, list)
	return claims
}

// onTime holds the fastest of late answers: they are held back for a time, and for no more.
func (r *runner) onTime(c *Check, k kind, late []answer) Claim {
	longest := k.after + k.tolerance() + r.plain[c.request()]
	took := fastest(late)
	return Claim{
		Text: fmt.Sprintf("the fastest after %v", k.after),
		Want: fmt.Sprintf("at most %v", longest.Round(time.Millisecond)),
		Got:  took.Round(time.Millisecond).String(),
		OK:   took <= longest,
	}
}

// noteTime remembers the slowest of a request that nothing holds back.
func (r *runner) noteTime(c *Check, list []answer) {
	if c.isLate() {
		return
	}
	key := c.request()
	for _, a := range list {
		r.plain[key] = max(r.plain[key], a.took)
	}
}
