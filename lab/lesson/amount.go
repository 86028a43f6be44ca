package lesson

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

// amount is how many of what is expected.
type amount struct {
	line int // in its block
	of   string
	text string // as the page has it

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

// amounts are in the order of the page.
type amounts []amount

func (a amounts) has(of string) bool {
	for _, one := range a {
		if one.of == of {
			return true
		}
	}
	return false
}

// UnmarshalYAML reads a mapping, in its order.
func (a *amounts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want NAME: AMOUNT, a line each", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		one := amount{of: n.Content[i].Value}
		if err := one.UnmarshalYAML(n.Content[i+1]); err != nil {
			return err
		}
		if a.has(one.of) {
			return fmt.Errorf("line %d: %s: given twice", n.Content[i].Line, one.of)
		}
		*a = append(*a, one)
	}
	return nil
}

// UnmarshalYAML reads an amount alone.
func (a *amount) UnmarshalYAML(n *yaml.Node) error {
	a.line, a.text, a.not = n.Line, n.Value, -1
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

func (a *amount) parse() bool {
	m := amountForm.FindStringSubmatch(a.text)
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

// sample is what an amount is held against.
type sample struct {
	total   int           // of which some are counted
	took    time.Duration // of the whole
	alpha   float64
	answers map[string]int // by kind
}

// bounds are the counts that an amount allows, both included; high < 0 is no limit.
func (a amount) bounds(s sample) (low, high int) {
	switch a.kind {
	case atLeast:
		return a.count, -1
	case atMostSo:
		return 0, a.count
	case all:
		return s.total, s.total
	case share:
		return binomial.Interval(s.total, a.percent/100, s.alpha)
	case rate: // a window's begin and end may both lie within the time
		return 0, a.count * (int(s.took/a.each) + 2)
	case likewise:
		return s.answers[a.as], s.answers[a.as]
	default:
		return a.count, a.count
	}
}

// phrase is an amount in words, for a reader.
func (a amount) phrase() any {
	switch a.kind {
	case atLeast:
		return words.Put(words.AtLeast, a.count)
	case atMostSo:
		return words.Put(words.AtMost, a.count)
	}
	return a.text
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
