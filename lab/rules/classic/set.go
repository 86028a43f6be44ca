package classic

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Set is the rules in force, by key. It is never changed: every change is a new Set, so that a
// refused one leaves nothing behind.
type Set struct {
	rules map[Key]Rule
}

// Create adds rules; it is an error if one of them is there.
func (s Set) Create(rules ...Rule) (Set, error) {
	next := s.clone()
	var errs []error
	for _, r := range rules {
		if _, ok := next.rules[r.Key]; ok {
			errs = append(errs, fmt.Errorf("%s already exists", resource(r.Kind, r.Key.Name)))
		}
		next.rules[r.Key] = r
	}
	return next.unless(s, errs)
}

// Replace puts rules in place of those with their keys; it is an error if one is not there.
func (s Set) Replace(rules ...Rule) (Set, error) {
	next := s.clone()
	var errs []error
	for _, r := range rules {
		if _, ok := next.rules[r.Key]; !ok {
			errs = append(errs, fmt.Errorf("%s not found", resource(r.Kind, r.Key.Name)))
		}
		next.rules[r.Key] = r
	}
	return next.unless(s, errs)
}

// Apply adds or replaces rules.
func (s Set) Apply(rules ...Rule) Set {
	next := s.clone()
	for _, r := range rules {
		next.rules[r.Key] = r
	}
	return next
}

// Delete removes rules; it is an error if one is not there.
func (s Set) Delete(keys ...Key) (Set, error) {
	next := s.clone()
	var errs []error
	for _, key := range keys {
		if _, ok := next.rules[key]; !ok {
			errs = append(errs, fmt.Errorf("%s not found", resource(kindOfType(key.Type), key.Name)))
		}
		delete(next.rules, key)
	}
	return next.unless(s, errs)
}

// Rules are all rules, in the order of their keys.
func (s Set) Rules() []Rule {
	return slices.SortedFunc(maps.Values(s.rules), func(a, b Rule) int {
		return strings.Compare(a.Key.String(), b.Key.String())
	})
}

// Get is the rule of a key.
func (s Set) Get(key Key) (Rule, bool) {
	r, ok := s.rules[key]
	return r, ok
}

func (s Set) clone() Set {
	rules := make(map[Key]Rule, len(s.rules)+1)
	maps.Copy(rules, s.rules)
	return Set{rules: rules}
}

func (s Set) unless(before Set, errs []error) (Set, error) {
	if len(errs) > 0 {
		return before, errors.Join(errs...)
	}
	return s, nil
}

// resource is how Kubernetes names an object in its errors.
func resource(k Kind, name string) string {
	return fmt.Sprintf("%s.config.istio.io %q", k.Plural, name)
}

func kindOfType(t string) Kind {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Type == t })
	if i < 0 {
		return Kind{Plural: cmp.Or(t, "rules")}
	}
	return kinds[i]
}

// typed is a rule together with its spec.
type typed[S any] struct {
	Rule
	spec *S
}

// rulesOf are the rules whose spec is an S, in the order of their keys.
func rulesOf[S any](s Set) []typed[S] {
	var list []typed[S]
	for _, r := range s.Rules() {
		if spec, ok := r.spec.(*S); ok {
			list = append(list, typed[S]{r, spec})
		}
	}
	return list
}
