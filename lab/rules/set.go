package rules

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Set is the rules in force, by key. It is never changed: every change is a new Set, so that a
// refused one leaves nothing behind. It remembers in which change a rule came, as of two rules
// the older acts. Of one change those are older that were created before; of one time, their names
// decide.
type Set struct {
	byKey   map[Key]Rule
	sorted  []Rule // by key
	oldest  []Rule
	changes int
}

// Apply adds or replaces rules. A rule that is replaced keeps its age.
func (s Set) Apply(list ...Rule) Set {
	next := Set{byKey: maps.Clone(s.byKey), changes: s.changes + 1}
	if next.byKey == nil {
		next.byKey = map[Key]Rule{}
	}
	for _, r := range list {
		r.age, r.text = s.changes, r.Key.String()
		if old, ok := s.byKey[r.Key]; ok {
			r.age = old.age
		}
		next.byKey[r.Key] = r
	}
	next.sorted = slices.SortedFunc(maps.Values(next.byKey), byKey)
	next.oldest = slices.SortedFunc(maps.Values(next.byKey), byAge)
	return next
}

func byKey(a, b Rule) int {
	return cmp.Or(strings.Compare(a.text, b.text), strings.Compare(a.Key.Group, b.Key.Group))
}

func byAge(a, b Rule) int {
	return cmp.Or(
		a.compareAges(b),
		strings.Compare(a.Key.Name+"."+a.Key.Namespace, b.Key.Name+"."+b.Key.Namespace),
		byKey(a, b),
	)
}

func (r Rule) compareAges(other Rule) int {
	return cmp.Or(cmp.Compare(r.age, other.age), r.Created.Compare(other.Created))
}

// IsOlder reports whether a rule of a Set is older than another one. Rules that came together, as those of
// files do, are of one age.
func (r Rule) IsOlder(other Rule) bool { return r.compareAges(other) < 0 }

// Rules are all rules, in the order of their keys.
func (s Set) Rules() []Rule { return slices.Clone(s.sorted) }

// Oldest are all rules, the oldest first.
func (s Set) Oldest() []Rule { return slices.Clone(s.oldest) }

// Get is the rule of a key.
func (s Set) Get(key Key) (Rule, bool) {
	r, ok := s.byKey[key]
	return r, ok
}
