package v1

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
)

// Set is the rules in force, by key. It is never changed: every change is a new Set, so that a
// refused one leaves nothing behind. It remembers in which change a rule came, as of two rules
// the older acts; those of one change are as old as each other, and their names decide.
type Set struct {
	rules map[Key]Rule
	next  int
}

// Create adds rules; it is an error if one of them is there.
func (s Set) Create(rules ...Rule) (Set, error) {
	var errs []error
	seen := map[Key]bool{}
	for _, r := range rules {
		if _, ok := s.rules[r.Key]; ok || seen[r.Key] {
			errs = append(errs, fmt.Errorf("%s already exists", r.resource()))
		}
		seen[r.Key] = true
	}
	return s.unless(errs, rules)
}

// Replace puts rules in place of those with their keys; it is an error if one is not there.
func (s Set) Replace(rules ...Rule) (Set, error) {
	var errs []error
	for _, r := range rules {
		if _, ok := s.rules[r.Key]; !ok {
			errs = append(errs, fmt.Errorf("%s not found", r.resource()))
		}
	}
	return s.unless(errs, rules)
}

// Apply adds or replaces rules. A rule that is replaced keeps its age.
func (s Set) Apply(rules ...Rule) Set {
	next := s.clone()
	for _, r := range rules {
		r.age = s.next
		if old, ok := s.rules[r.Key]; ok {
			r.age = old.age
		}
		next.rules[r.Key] = r
	}
	next.next++
	return next
}

// Delete removes rules; it is an error if one is not there.
func (s Set) Delete(keys ...Key) (Set, error) {
	next := s.clone()
	var errs []error
	for _, key := range keys {
		if _, ok := next.rules[key]; !ok {
			errs = append(errs, fmt.Errorf("%s %q not found", strings.ToLower(key.Kind), key.Name))
		}
		delete(next.rules, key)
	}
	if len(errs) > 0 {
		return s, errors.Join(errs...)
	}
	return next, nil
}

// Rules are all rules, in the order of kind, namespace and name.
func (s Set) Rules() []Rule {
	return slices.SortedFunc(maps.Values(s.rules), func(a, b Rule) int {
		return strings.Compare(a.Key.String(), b.Key.String())
	})
}

// Oldest are all rules, the oldest first.
func (s Set) Oldest() []Rule {
	return slices.SortedFunc(maps.Values(s.rules), func(a, b Rule) int {
		return cmp.Or(
			cmp.Compare(a.age, b.age),
			strings.Compare(a.Key.Name+"."+a.Key.Namespace, b.Key.Name+"."+b.Key.Namespace),
			strings.Compare(a.Key.Kind, b.Key.Kind),
		)
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
	return Set{rules: rules, next: s.next}
}

func (s Set) unless(errs []error, rules []Rule) (Set, error) {
	if len(errs) > 0 {
		return s, errors.Join(errs...)
	}
	return s.Apply(rules...), nil
}

// resource is how Kubernetes names an object in its errors.
func (r Rule) resource() string {
	return fmt.Sprintf("%s.%s %q", r.Kind.Plural, r.Kind.Group, r.Key.Name)
}

// typed is a rule together with its spec.
type typed[S proto.Message] struct {
	Rule
	spec S
}

// rulesOf are the rules whose spec is an S, the oldest first.
func rulesOf[S proto.Message](s Set) []typed[S] {
	var list []typed[S]
	for _, r := range s.Oldest() {
		if spec, ok := r.Spec.(S); ok {
			list = append(list, typed[S]{r, spec})
		}
	}
	return list
}
