package lesson

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/lesson/words"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
)

// explanation is how `bin/lab why` must explain answers.
type explanation struct {
	of string
	// Cause is one of traffic's.
	Cause traffic.Cause `yaml:"cause"`
	// Rule is where the rule stands, FILE or FILE:LINE, in one of several editions; "none": no rule.
	// Empty: it is not looked at.
	Rule places `yaml:"rule"`
	// By is who made the answer, such as "sidecar of preference". Empty: it is not looked at.
	By string `yaml:"by"`
}

// places are one, or a list.
type places []string

// UnmarshalYAML reads a text or a list.
func (p *places) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*p = places{n.Value}
		return nil
	}
	return n.Decode((*[]string)(p))
}

// explanations are by the text of answers, in the order of the page.
type explanations []explanation

// UnmarshalYAML reads a mapping, in its order.
func (e *explanations) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want TEXT: {cause: CAUSE, rule: FILE, by: WHO}, a line each", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		one := explanation{of: n.Content[i].Value}
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
		if !c.Answers.has(e.of) && !slices.Contains(c.InTurn, e.of) {
			errs = append(errs, fmt.Errorf("why: %s: no such kind of answers", e.of))
		}
	}
	return errs
}

// explained asks the place why each answer is as it is, if it knows.
func (r *Runner) explained(ctx context.Context, c *Check, list []answer, began time.Time) ([]Claim, error) {
	place, ok := r.place.(Explainer)
	if !ok || len(c.Why) == 0 {
		return nil, nil
	}
	found, err := requests(ctx, place, list, began)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(r.namesAbsent(found), r.legible(found)); err != nil {
		return nil, err
	}
	var claims []Claim
	for _, e := range c.Why {
		claims = append(claims, e.claim(c, list, found))
	}
	return claims, nil
}

func (r *Runner) legible(list []*traffic.Request) error {
	if place, ok := r.place.(Auditor); ok {
		return place.Legible(list)
	}
	return nil
}

// requests are those of answers, in their order; nil where the place has not kept it. Of one address,
// requests follow each other.
func requests(ctx context.Context, place Explainer, list []answer, began time.Time) ([]*traffic.Request, error) {
	giveUp := time.After(settling)
	for {
		known, err := place.Requests(ctx, began.Add(-time.Second))
		if err != nil {
			return nil, err
		}
		found := matched(list, known)
		if !slices.Contains(found, nil) {
			return found, nil
		}
		select {
		case <-time.After(shortestPause):
		case <-giveUp:
			return found, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func matched(list []answer, known []*traffic.Request) []*traffic.Request {
	byClient := map[string][]*traffic.Request{}
	for _, k := range slices.Backward(known) {
		byClient[k.Client] = append(byClient[k.Client], k)
	}
	for _, some := range byClient {
		slices.SortStableFunc(some, func(a, b *traffic.Request) int { return a.Began.Compare(b.Began) })
	}
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return list[a].began.Compare(list[b].began) })
	counts := map[string]int{}
	for _, a := range list {
		counts[a.client]++
	}
	found := make([]*traffic.Request, len(list))
	for _, i := range order {
		some := byClient[list[i].client]
		if extra := len(some) - counts[list[i].client]; extra > 0 {
			some = some[extra:] // an earlier check had the same address
		}
		if len(some) > 0 {
			found[i], byClient[list[i].client] = some[0], some[1:]
		}
		counts[list[i].client]--
	}
	return found
}

// namesAbsent is an error if a rule that was left out is named all the same.
func (r *Runner) namesAbsent(list []*traffic.Request) error {
	for _, one := range list {
		if one == nil || r.absent == "" {
			continue
		}
		for _, c := range one.All() {
			for _, a := range c.Acts {
				if a.Rule.File == r.absent {
					return fmt.Errorf("why: %s is left out, and is named for %s", r.absent, one.ID)
				}
			}
		}
	}
	return nil
}

// claim is that all answers of a text are explained so.
func (e explanation) claim(c *Check, list []answer, found []*traffic.Request) Claim {
	all, right := 0, 0
	var holds, wrong any // what came of the first of either
	for i, a := range list {
		if c.kindOf(a) != e.of {
			continue
		}
		all++
		if came, ok := e.holds(found[i]); ok {
			right, holds = right+1, first(holds, came)
		} else {
			wrong = first(wrong, came)
		}
	}
	shown := holds
	switch {
	case all == 0:
		shown = words.Put(words.NoAnswer)
	case wrong != nil:
		shown = words.Put(words.NotAll, wrong, all-right, all)
	}
	claim := Claim{Text: "why: " + e.of, Want: e.String(), Got: fmt.Sprint(shown), OK: all > 0 && right == all}
	claim.line = words.Put(words.Misexplained, textOf(e.of), shown, e.phrase())
	if claim.OK {
		claim.line = words.Put(words.Explained, textOf(e.of), shown)
	}
	return claim
}

func first(have, next any) any {
	if have == nil {
		return next
	}
	return have
}

// kindOf is the text that an answer is counted for.
func (c *Check) kindOf(a answer) string {
	for _, k := range c.Answers {
		if readKind(k.of).fits(a) {
			return k.of
		}
	}
	for _, text := range c.InTurn {
		if strings.Contains(a.body, text) {
			return text
		}
	}
	return ""
}

// String is the explanation in a line.
func (e explanation) String() string { return fmt.Sprint(e.phrase()) }

func (e explanation) phrase() any {
	text := words.OfCause(string(e.Cause))
	switch {
	case slices.Equal(e.Rule, places{noRule}):
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
func (p places) phrase() any {
	text := any(p[0])
	for _, next := range p[1:] {
		text = words.Put(words.Or, text, next)
	}
	return text
}

// noRule is the place of a rule where none acted.
const noRule = "none"

// holds returns how a request is explained, and whether that is so.
func (e explanation) holds(r *traffic.Request) (came any, ok bool) {
	if r == nil {
		return words.Put(words.NotKept), false
	}
	is := explanation{Cause: r.Cause, By: e.By}
	if e.By != "" {
		is.By = r.Author()
	}
	if len(e.Rule) > 0 {
		is.Rule = places{noRule}
		if r.Rule != nil {
			is.Rule = places{fmt.Sprintf("%s:%d", r.Rule.File, r.Rule.Line)}
		}
	}
	return is.phrase(), is.Cause == e.Cause && is.By == e.By && e.isAt(is.Rule)
}

func (e explanation) isAt(rule places) bool {
	if len(e.Rule) == 0 {
		return true
	}
	return slices.ContainsFunc(e.Rule, func(want string) bool {
		return rule[0] == want || strings.HasPrefix(rule[0], want+":")
	})
}
