package book

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/lesson/words"
	"istio-tutorial/lab/traffic/cause"
)

// Explanation is how `bin/lab why` must explain answers.
type Explanation struct {
	Of string `yaml:"-"` // the text of the answers
	// Cause is one of traffic's.
	Cause cause.Cause `yaml:"cause"`
	// Rule is where the rule stands, FILE or FILE:LINE, in one of several editions; "none": no rule.
	// Empty: it is not looked at.
	Rule Places `yaml:"rule"`
	// By is who made the answer, such as "sidecar of preference". Empty: it is not looked at.
	By string `yaml:"by"`
}

// Places are one, or a list.
type Places []string

// UnmarshalYAML reads a text or a list.
func (p *Places) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*p = Places{n.Value}
		return nil
	}
	return n.Decode((*[]string)(p))
}

// Explanations are by the text of answers, in the order of the page.
type Explanations []Explanation

// UnmarshalYAML reads a mapping, in its order.
func (e *Explanations) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want TEXT: {cause: CAUSE, rule: FILE, by: WHO}, a line each", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		one := Explanation{Of: n.Content[i].Value}
		if err := known(n.Content[i+1], "cause", "rule", "by"); err != nil {
			return err
		}
		if err := n.Content[i+1].Decode(&one); err != nil {
			return err
		}
		if !slices.Contains(cause.All(), one.Cause) {
			return fmt.Errorf("line %d: cause: %q: want one of %q", n.Content[i+1].Line, one.Cause, cause.All())
		}
		*e = append(*e, one)
	}
	return nil
}

// known refuses keys that are none: a decoder of a part is not strict.
func known(n *yaml.Node, keys ...string) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want {cause: CAUSE, rule: FILE, by: WHO}", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		if !slices.Contains(keys, n.Content[i].Value) {
			return fmt.Errorf("line %d: field %s not found", n.Content[i].Line, n.Content[i].Value)
		}
	}
	return nil
}

// unexplained are explanations of answers that the check does not speak of.
func (c *Check) unexplained() []error {
	var errs []error
	for _, e := range c.Why {
		if !c.Answers.has(e.Of) && !slices.Contains(c.InTurn, e.Of) {
			errs = append(errs, fmt.Errorf("why: %s: no such kind of answers", e.Of))
		}
	}
	return errs
}

// String is the explanation in a line.
func (e Explanation) String() string { return fmt.Sprint(e.Phrase()) }

// Phrase is the explanation for a reader.
func (e Explanation) Phrase() any {
	text := words.OfCause(string(e.Cause))
	switch {
	case slices.Equal(e.Rule, Places{NoRule}):
		text = words.Put(words.CauseNoRule, text)
	case len(e.Rule) > 0:
		text = words.Put(words.CauseRule, text, e.Rule.phrase())
	}
	if e.By != "" {
		text = words.Put(words.CauseBy, text, words.OfCause(e.By))
	}
	return text
}

// phrase is one of the places, or another.
func (p Places) phrase() any {
	text := any(p[0])
	for _, next := range p[1:] {
		text = words.Put(words.Or, text, next)
	}
	return text
}

// NoRule is the place of a rule where none acted.
const NoRule = "none"
