package classic

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// refusal is what an action has against the requests of a caller.
type refusal struct {
	action

	code    int
	message string
}

// addDenials adds a denial for every set of refusals that requests of a caller may meet together.
func addDenials(in *mesh.Inbound, c call, actions []action) {
	var list []refusal
	for _, a := range actions {
		if code, message := a.deny(c); code != 0 {
			list = append(list, refusal{a, code, message})
		}
	}
	for _, set := range together(list) {
		for _, when := range set.when {
			d := joined(set.refusals)
			d.When = when
			mesh.Meet(&in.Denials, c.source, d, func(d *mesh.Denial) *mesh.Callers { return &d.Callers })
		}
	}
}

// joined joins all refusals of a request, as Mixer does; the first one's code counts. Mixer joins
// them as they come in, ours in the order of the rules' keys.
func joined(list []refusal) mesh.Denial {
	var from, messages []string
	for _, r := range list {
		from = append(from, r.rule.Key.String())
		messages = append(messages, mixerName(r.handler)+":"+r.message)
	}
	return mesh.Denial{From: from, Answer: answer(list[0].code, strings.Join(messages, ", "))}
}

// met are refusals that a request meets in some cases.
type met struct {
	refusals []refusal
	when     cases
}

// mostTogether is of how many conditions every set is looked at; of more, each by itself.
const mostTogether = 4

// together are the sets of refusals that a request may meet.
func together(list []refusal) []met {
	var conditions []cases
	for _, r := range list {
		if !r.when.always() && !slices.ContainsFunc(conditions, r.when.equal) {
			conditions = append(conditions, r.when)
		}
	}
	var sets []met
	for _, chosen := range subsets(conditions) {
		set := met{when: always()}
		for _, r := range list {
			if r.when.always() || slices.ContainsFunc(chosen, r.when.equal) {
				set.refusals = append(set.refusals, r)
			}
		}
		for _, one := range chosen {
			set.when = set.when.and(one)
		}
		if len(set.refusals) > 0 {
			sets = append(sets, set)
		}
	}
	return sets
}

// subsets are all of a few conditions; else each one alone, and none.
func subsets(conditions []cases) [][]cases {
	product := 1
	for _, c := range conditions {
		product = min(product*len(c), mostCases+1)
	}
	if len(conditions) > mostTogether || product > mostCases {
		list := [][]cases{nil}
		for _, c := range conditions {
			list = append(list, []cases{c})
		}
		return list
	}
	list := [][]cases{nil}
	for _, c := range conditions {
		for _, set := range list {
			list = append(list, append(slices.Clone(set), c))
		}
	}
	return list
}

// sortDenials puts those of more refusals first, as the first that a request meets is its answer.
func sortDenials(list []mesh.Denial) {
	conditional := func(d mesh.Denial) bool { return len(d.When) > 0 }
	if slices.ContainsFunc(list, conditional) {
		slices.SortStableFunc(list, func(a, b mesh.Denial) int {
			return cmp.Compare(len(b.From), len(a.From))
		})
	}
}

func (a cases) equal(b cases) bool { return reflect.DeepEqual(a, b) }

// deny is code 0 for a call that may pass.
func (a action) deny(c call) (code int, message string) {
	switch handler := a.handler.Spec.(type) {
	case *denier:
		if s := handler.Status; s != nil {
			return int(s.Code), s.Message
		}
		return codeFailedPrecondition, ""
	case *listChecker:
		return handler.check(a.instance, c)
	default:
		return 0, ""
	}
}

// check is code 0 for a caller who may pass, one whose value cannot be told among them.
func (l *listChecker) check(instance rules.Rule, c call) (code int, message string) {
	entry, ok := instance.Spec.(*listEntry)
	if !ok {
		return 0, ""
	}
	text, ok := entry.Value.of(c)
	switch listed := slices.Contains(l.Overrides, text); {
	case !ok || listed != l.Blacklist:
		return 0, ""
	case l.Blacklist:
		return codePermissionDenied, text + " is blacklisted"
	default:
		return codeNotFound, text + " is not whitelisted"
	}
}
