package lesson

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/words"
	"istio-tutorial/lab/traffic"
)

// explained asks the place why each answer is as it is, if it knows.
func (r *Runner) explained(ctx context.Context, c *book.Check, list []answer, began time.Time) ([]Claim, error) {
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
		claims = append(claims, explains(e, c, list, found))
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

// explains is that all answers of a text are explained so.
func explains(e book.Explanation, c *book.Check, list []answer, found []*traffic.Request) Claim {
	all, right := 0, 0
	var holds, wrong any // what came of the first of either
	for i, a := range list {
		if kindOf(c, a) != e.Of {
			continue
		}
		all++
		if came, ok := holdsFor(e, found[i]); ok {
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
	claim := Claim{Text: "why: " + e.Of, Want: e.String(), Got: fmt.Sprint(shown), OK: all > 0 && right == all}
	claim.line = words.Put(words.Misexplained, textOf(e.Of), shown, e.Phrase())
	if claim.OK {
		claim.line = words.Put(words.Explained, textOf(e.Of), shown)
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
func kindOf(c *book.Check, a answer) string {
	for _, k := range c.Answers {
		if a.fits(book.KindOf(k.Of)) {
			return k.Of
		}
	}
	for _, text := range c.InTurn {
		if strings.Contains(a.body, text) {
			return text
		}
	}
	return ""
}

// holdsFor returns how a request is explained, and whether that is so.
func holdsFor(e book.Explanation, r *traffic.Request) (came any, ok bool) {
	if r == nil {
		return words.Put(words.NotKept), false
	}
	is := book.Explanation{Cause: r.Cause, By: e.By}
	if e.By != "" {
		is.By = r.Author()
	}
	if len(e.Rule) > 0 {
		is.Rule = book.Places{book.NoRule}
		if r.Rule != nil {
			is.Rule = book.Places{fmt.Sprintf("%s:%d", r.Rule.File, r.Rule.Line)}
		}
	}
	return is.Phrase(), is.Cause == e.Cause && is.By == e.By && isAt(e, is.Rule)
}

func isAt(e book.Explanation, rule book.Places) bool {
	if len(e.Rule) == 0 {
		return true
	}
	return slices.ContainsFunc(e.Rule, func(want string) bool {
		return rule[0] == want || strings.HasPrefix(rule[0], want+":")
	})
}
