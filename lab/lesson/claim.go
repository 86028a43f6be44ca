package lesson

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/words"
)

// Claim is a part of a check, and what came of it.
type Claim struct {
	Text string // as the page has it
	Want string
	Got  string
	OK   bool

	line words.Phrase // all of it, for a reader
}

// String is a line of a report.
func (c Claim) String() string { return c.line.String() }

const (
	// settling is how long Envoy's counters and the programs' logs may lag behind the answers.
	settling = 10 * time.Second
	// waiting bounds the waits of a check: the longest ejection of a lesson, and more.
	waiting = 2 * time.Minute
)

// Line is all of it, for a reader.
func (c Claim) Line() words.Phrase { return c.line }

// Check does what a check says, and returns its claims.
func (r *Runner) Check(ctx context.Context, c *book.Check) ([]Claim, error) {
	claims, err := r.settle(ctx, reading{r.gauge, words.Is, c.WaitFor}, book.Sample{}, waiting)
	if err != nil || c.Send == 0 {
		return claims, err
	}
	before, err := r.counters(ctx, c)
	if err != nil {
		return nil, err
	}
	agrees, err := r.audit(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	list, took, err := r.ask(ctx, c)
	if isMissing(err) {
		return append(claims, Claim{
			Text: "from", Want: c.From, Got: err.Error(), line: words.Put(words.Asker, c.From, err),
		}), nil
	}
	if err != nil {
		return nil, err
	}
	s := book.Sample{Total: len(list), Took: took, Alpha: c.Alpha(), Answers: map[string]int{}}
	claims = append(claims, r.judge(c, list, s)...)
	for _, m := range []reading{
		{r.rise(before), words.Rose, c.Counters}, {r.received(began), words.Received, c.Received},
		{r.gauge, words.Is, c.Gauges},
	} {
		within := settling
		if verdict("", c, claims) != nil {
			within = 0 // it has failed: nothing is worth a wait
		}
		more, err := r.settle(ctx, m, s, within)
		if err != nil {
			return nil, err
		}
		claims = append(claims, more...)
	}
	why, err := r.explained(ctx, c, list, began)
	if err == nil {
		err = agrees(ctx)
	}
	return append(claims, why...), err
}

// audit begins to look at the place itself, if it can be looked at so.
func (r *Runner) audit(ctx context.Context) (agrees func(context.Context) error, err error) {
	if place, ok := r.place.(Auditor); ok {
		return place.Audit(ctx)
	}
	return func(context.Context) error { return nil }, nil
}

// reading is numbers of one kind that a check speaks of.
type reading struct {
	meter meter
	says  words.Key // of amount, number and bounds
	list  book.Amounts
}

// settle waits for numbers.
func (r *Runner) settle(ctx context.Context, from reading, s book.Sample, within time.Duration) ([]Claim, error) {
	var claims []Claim
	for _, a := range from.list {
		n, err := from.meter.await(ctx, a, s, wait{within, r.tell})
		claim := claimOf(a, from.says, n, s)
		switch {
		case errors.Is(err, ErrNoCounter):
			claim.fails(err, words.Put(words.NoCounter))
		case isMissing(err):
			claim.fails(err, err)
		case err != nil:
			return nil, err
		}
		claims = append(claims, claim)
	}
	return claims, nil
}

// fails has a claim about a number that there is none.
func (c *Claim) fails(cause error, shown any) {
	c.Got, c.OK = cause.Error(), false
	c.line = c.line.With(1, shown)
}

// claimOf holds a number against an amount.
func claimOf(a book.Amount, says words.Key, n int, s book.Sample) Claim {
	low, high := a.Bounds(s)
	return Claim{
		Text: a.Of + ": " + a.Text, Want: span(low, high).String(), Got: fmt.Sprint(n),
		OK:   n >= low && (high < 0 || n <= high),
		line: words.Put(says, textOf(a.Of), numberOf(says, n), span(low, high)),
	}
}

// span says bounds in words.
func span(low, high int) words.Phrase {
	switch {
	case high < 0:
		return words.Put(words.AtLeast, low)
	case low == high:
		return words.Put(words.Number, low)
	default:
		return words.Put(words.Between, low, high)
	}
}

// numberOf is a number, with the word for answers where it is one of them.
func numberOf(says words.Key, n int) any {
	switch {
	case says != words.Answers && says != words.Repeats:
		return fmt.Sprint(n)
	case n == 1:
		return words.Put(words.Answer, n)
	}
	return words.Put(words.Several, n)
}

// silent is the text that an answer without one stands under.
var silent = regexp.MustCompile(`^\(status (\d+) without text\)$`)

// textOf is a kind of answers for a reader: the words of the answers or, where they have none, the reader's.
func textOf(of string) any {
	k := book.KindOf(of)
	text := any(k.Text)
	if m := silent.FindStringSubmatch(k.Text); m != nil {
		text = words.Put(words.NoText, m[1])
	}
	if k.After > 0 {
		return words.Put(words.After, text, k.After)
	}
	return text
}

// judge holds the answers against a check, and notes how many are of each kind.
func (r *Runner) judge(c *book.Check, list []answer, s book.Sample) []Claim {
	var claims []Claim
	byKind, strangers := sorted(c.Answers, list)
	for of, some := range byKind {
		s.Answers[of] = len(some)
	}
	for _, a := range c.Answers {
		claims = append(claims, claimOf(a, words.Answers, s.Answers[a.Of], s))
		if k := book.KindOf(a.Of); k.After > 0 {
			claims = append(claims, r.onTime(c, k, byKind[a.Of]))
		}
	}
	if len(c.Answers) > 0 && len(strangers) > 0 {
		claims = append(claims, Claim{
			Text: "other answers", Want: "none",
			Got:  fmt.Sprintf("%d, such as %q", len(strangers), strangers[0].body),
			line: words.Put(words.Others, len(strangers), strangers[0].body),
		})
	}
	if len(c.InTurn) > 0 {
		claims = append(claims, turns(c, list))
	}
	if c.Repeats != nil {
		a := *c.Repeats
		a.Of = "repeats"
		pairs := s
		pairs.Total--
		claims = append(claims, claimOf(a, words.Repeats, repeats(list), pairs))
	}
	r.noteTime(c, list)
	return claims
}

// turns holds the order of answers.
func turns(c *book.Check, list []answer) Claim {
	texts := strings.Join(c.InTurn, ", ")
	all := fmt.Sprintf("%d answers", len(list))
	claim := Claim{Text: "in turn", Want: all, Got: all, OK: true, line: words.Put(words.InTurn, len(list), texts)}
	if err := inTurn(c.InTurn, list); err != nil {
		claim = Claim{
			Text: "in turn", Want: fmt.Sprintf("%q in turn", c.InTurn), Got: err.String(),
			line: words.Put(words.OutOfTurn, texts, *err),
		}
	}
	return claim
}

// onTime holds the fastest of late answers: they are held back for a time, and for no more.
func (r *Runner) onTime(c *book.Check, k book.Kind, late []answer) Claim {
	longest := k.After + tolerance(k) + r.plain[c.Request()]
	took := fastest(late)
	most, came := longest.Round(time.Millisecond), took.Round(time.Millisecond)
	return Claim{
		Text: fmt.Sprintf("the fastest after %v", k.After),
		Want: fmt.Sprintf("at most %v", most), Got: came.String(),
		OK: took <= longest, line: words.Put(words.Fastest, k.After, came, most),
	}
}

// noteTime remembers how long a request takes that nothing holds back: the middle one of a check, as one
// that a busy machine kept waiting would excuse a much longer delay.
func (r *Runner) noteTime(c *book.Check, list []answer) {
	if c.IsLate() || len(list) == 0 {
		return
	}
	took := make([]time.Duration, len(list))
	for i, a := range list {
		took[i] = a.took
	}
	slices.Sort(took)
	key := c.Request()
	r.plain[key] = max(r.plain[key], took[len(took)/2])
}
