package book

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"istio-tutorial/lab/binomial"
	"istio-tutorial/lab/lesson/words"

	"go.yaml.in/yaml/v3"
)

// Amount is how many of what is expected.
type Amount struct {
	Of   string // a kind of answers, a Deployment, or one and its counter
	Text string // as the page has it

	kind    amountKind
	count   int
	percent float64
	not     float64 // a share that must be told from percent; below 0: none
	each    time.Duration
	as      string // the kind of answers that are as many
}

type amountKind int

const (
	exactly amountKind = iota
	atLeast
	atMostSo // at most
	all
	share
	rate // at most count in every time
	likewise
)

// Amounts are in the order of the page.
type Amounts []Amount

func (a Amounts) has(of string) bool {
	for _, one := range a {
		if one.Of == of {
			return true
		}
	}
	return false
}

// UnmarshalYAML reads a mapping, in its order.
func (a *Amounts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want NAME: AMOUNT, a line each", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		one := Amount{Of: n.Content[i].Value}
		if err := one.UnmarshalYAML(n.Content[i+1]); err != nil {
			return err
		}
		if a.has(one.Of) {
			return fmt.Errorf("line %d: %s: given twice", n.Content[i].Line, one.Of)
		}
		*a = append(*a, one)
	}
	return nil
}

// UnmarshalYAML reads an amount alone.
func (a *Amount) UnmarshalYAML(n *yaml.Node) error {
	a.Text, a.not = n.Value, -1
	if n.Kind != yaml.ScalarNode || !a.parse() {
		return fmt.Errorf("line %d: %q: want %s", n.Line, n.Value, amountForms)
	}
	if a.kind == share && (a.percent > 100 || a.not > 100) {
		return fmt.Errorf("line %d: %q: more than 100 %%", n.Line, n.Value)
	}
	return nil
}

const amountForms = "N, at least N, at most N, at most N per TIME, all, P %, P % not P %, or as ANSWER"

// amountForm has a group for each form's parts.
var amountForm = regexp.MustCompile(`^(?:` +
	`(\d+)|at least (\d+)|at most (\d+)(?: per (\S+))?|(all)|` +
	`([0-9.]+) %(?:,? not ([0-9.]+) %)?|as (.+))$`)

func (a *Amount) parse() bool {
	m := amountForm.FindStringSubmatch(a.Text)
	if m == nil {
		return false
	}
	var errs []error
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		errs = append(errs, err)
		return n
	}
	percent := func(text string) float64 {
		p, err := strconv.ParseFloat(text, 64)
		errs = append(errs, err)
		return p
	}
	switch {
	case m[1] != "":
		a.kind, a.count = exactly, number(m[1])
	case m[2] != "":
		a.kind, a.count = atLeast, number(m[2])
	case m[4] != "":
		each, err := time.ParseDuration(m[4])
		a.kind, a.count, a.each = rate, number(m[3]), each
		errs = append(errs, err)
	case m[3] != "":
		a.kind, a.count = atMostSo, number(m[3])
	case m[5] != "":
		a.kind = all
	case m[6] != "":
		a.kind, a.percent = share, percent(m[6])
		if m[7] != "" {
			a.not = percent(m[7])
		}
	default:
		a.kind, a.as = likewise, m[8]
	}
	return errors.Join(errs...) == nil && (a.kind != rate || a.each > 0)
}

// Sample is what an amount is held against.
type Sample struct {
	Total   int            // of which some are counted
	Took    time.Duration  // of the whole
	Alpha   float64        // the false alarm of a share, see [Check.Alpha]
	Answers map[string]int // by kind
}

// Bounds are the counts that an amount allows, both included; high < 0 is no limit.
func (a Amount) Bounds(s Sample) (low, high int) {
	switch a.kind {
	case atLeast:
		return a.count, -1
	case atMostSo:
		return 0, a.count
	case all:
		return s.Total, s.Total
	case share:
		return binomial.Interval(s.Total, a.percent/100, s.Alpha)
	case rate: // a window's begin and end may both lie within the time
		return 0, a.count * (int(s.Took/a.each) + 2)
	case likewise:
		return s.Answers[a.as], s.Answers[a.as]
	default:
		return a.count, a.count
	}
}

// phrase is an amount in words, for a reader.
func (a Amount) phrase() any {
	switch a.kind {
	case atLeast:
		return words.Put(words.AtLeast, a.count)
	case atMostSo:
		return words.Put(words.AtMost, a.count)
	}
	return a.Text
}
