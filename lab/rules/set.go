package rules

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Set is the rules in force, by key. It is never changed: every change is a new Set, so that a
// refused one leaves nothing behind. It remembers in which change a rule came, as of two rules
// the older acts. Of one change those are older that were created before; of one time, their names
// decide.
type Set struct {
	byKey   map[Key]*Rule
	sorted  ordered // by key
	oldest  ordered
	changes int
}

// Apply adds or replaces rules. A rule that is replaced keeps its age.
func (s Set) Apply(list ...Rule) Set {
	next := Set{byKey: maps.Clone(s.byKey), changes: s.changes + 1}
	if next.byKey == nil {
		next.byKey = map[Key]*Rule{}
	}
	for _, r := range list {
		r.age, r.text = s.changes, r.Key.String()
		if old, ok := s.byKey[r.Key]; ok {
			r.age = old.age
		}
		next.byKey[r.Key] = &r
	}
	next.sorted, next.oldest = order(next.byKey, byKey), order(next.byKey, byAge)
	return next
}

// ordered is rules in an order, and those of each type of spec in the same.
type ordered struct {
	all    []*Rule
	bySpec map[reflect.Type][]*Rule
}

func order(rules map[Key]*Rule, by func(a, b *Rule) int) ordered {
	o := ordered{all: slices.SortedFunc(maps.Values(rules), by), bySpec: map[reflect.Type][]*Rule{}}
	for _, r := range o.all {
		spec := reflect.TypeOf(r.Spec)
		o.bySpec[spec] = append(o.bySpec[spec], r)
	}
	return o
}

func byKey(a, b *Rule) int {
	return cmp.Or(strings.Compare(a.text, b.text), strings.Compare(a.Key.Group, b.Key.Group))
}

func byAge(a, b *Rule) int {
	return cmp.Or(
		a.compareAges(b),
		strings.Compare(a.Key.Name+"."+a.Key.Namespace, b.Key.Name+"."+b.Key.Namespace),
		byKey(a, b),
	)
}

func (r *Rule) compareAges(other *Rule) int {
	return cmp.Or(cmp.Compare(r.age, other.age), r.Created.Compare(other.Created))
}

// IsOlder reports whether a rule of a Set is older than another one. Rules that came together, as those of
// files do, are of one age.
func (r *Rule) IsOlder(other *Rule) bool { return r.compareAges(other) < 0 }

// Rules are all rules, in the order of their keys.
func (s Set) Rules() []Rule {
	list := make([]Rule, len(s.sorted.all))
	for i, r := range s.sorted.all {
		list[i] = *r
	}
	return list
}

// Len is how many rules there are.
func (s Set) Len() int { return len(s.sorted.all) }

// Get is the rule of a key.
func (s Set) Get(key Key) (Rule, bool) {
	r, ok := s.byKey[key]
	if !ok {
		return Rule{}, false
	}
	return *r, true
}

// IsBefore reports whether the rule of a key is there, and comes before that of another in the order of Of.
func (s Set) IsBefore(a, b Key) bool {
	first, ok := s.byKey[a]
	other, both := s.byKey[b]
	return ok && (!both || byAge(first, other) < 0)
}

// Has reports whether there is a rule of which a condition on the key holds.
func (s Set) Has(is func(Key) bool) bool {
	return slices.ContainsFunc(s.sorted.all, func(r *Rule) bool { return is(r.Key) })
}

// Of are the rules of a Set whose spec is an S, the oldest first.
func Of[S any](s Set) []Typed[S] { return typed[S](s.oldest) }

// ByKey are the rules of a Set whose spec is an S, in the order of their keys.
func ByKey[S any](s Set) []Typed[S] { return typed[S](s.sorted) }

func typed[S any](o ordered) []Typed[S] {
	of := o.bySpec[reflect.TypeFor[*S]()]
	list := make([]Typed[S], len(of))
	for i, r := range of {
		list[i] = Typed[S]{r, r.Spec.(*S)}
	}
	return list
}
