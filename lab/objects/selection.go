package objects

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// Selection names objects as kubectl's arguments do: KIND, KIND NAME..., KIND/NAME..., KIND,KIND
// or all, in any spelling that kubectl or istioctl accept.
type Selection struct {
	Args          []string
	Namespace     string
	AllNamespaces bool
	Labels        string // a selector, such as app=recommendation,version!=v1
}

// Pick is what a Selection names of one kind.
type Pick struct {
	Kind  Kind
	Names []string // empty: all
}

// Picks reads the arguments; the error is an *Error.
func (s Selection) Picks() ([]Pick, error) {
	if len(s.Args) == 0 {
		return nil, invalid(errors.New("name a kind, such as pods, or KIND/NAME"))
	}
	if !strings.Contains(s.Args[0], "/") {
		return s.ofKinds()
	}
	var picks []Pick
	for _, arg := range s.Args {
		word, name, ok := strings.Cut(arg, "/")
		if !ok || name == "" {
			return nil, invalid(fmt.Errorf("%q: want KIND/NAME, as the first one is", arg))
		}
		k, err := FindKind(word)
		if err != nil {
			return nil, invalid(err)
		}
		picks = add(picks, k, name)
	}
	return picks, nil
}

func (s Selection) ofKinds() ([]Pick, error) {
	var picks []Pick
	for word := range strings.SplitSeq(s.Args[0], ",") {
		if several := together(word); several != nil {
			picks = append(picks, several...)
			continue
		}
		k, err := FindKind(word)
		if err != nil {
			return nil, invalid(err)
		}
		picks = append(picks, Pick{Kind: k})
	}
	names := s.Args[1:]
	switch {
	case len(names) > 0 && len(picks) > 1:
		return nil, invalid(errors.New("names need one kind, or KIND/NAME for each"))
	case slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "/") }):
		return nil, invalid(errors.New("the kind stands before, or in each KIND/NAME"))
	case len(names) > 0:
		picks[0].Names = names
	}
	return picks, nil
}

// together is the kinds for which kubectl has one word, all among them.
func together(word string) []Pick {
	var picks []Pick
	for i, k := range Kinds() {
		if word == "all" && i < 3 || word != "" && word == k.Set {
			picks = append(picks, Pick{Kind: k})
		}
	}
	return picks
}

// add keeps the order: only names that follow each other are of one Pick.
func add(picks []Pick, k Kind, name string) []Pick {
	last := len(picks) - 1
	if last < 0 || picks[last].Kind.String() != k.String() {
		return append(picks, Pick{Kind: k, Names: []string{name}})
	}
	picks[last].Names = append(picks[last].Names, name)
	return picks
}

func invalid(err error) error { return &Error{Invalid, []string{err.Error()}} }

// Matcher returns what reports whether labels meet the selector; the error is an *Error.
func (s Selection) Matcher() (func(map[string]string) bool, error) {
	selector, err := labels.Parse(s.Labels)
	if err != nil {
		return nil, invalid(fmt.Errorf("selector %q: %w", s.Labels, err))
	}
	return func(l map[string]string) bool { return selector.Matches(labels.Set(l)) }, nil
}

// Covers reports whether an object may be meant, as far as its namespace goes.
func (s Selection) Covers(k Kind, namespace string) bool {
	return k.Cluster || s.AllNamespaces || namespace == s.Namespace
}

// Pick finds objects, in the order of the names; each must be there. The error is an *Error.
func (s Set) Pick(sel Selection, p Pick) ([]Object, error) {
	matches, err := sel.Matcher()
	if err != nil {
		return nil, err
	}
	var list []Object
	var others []string
	for _, o := range s.objects {
		if o.Resource != p.Kind.Resource() || !sel.Covers(p.Kind, o.Namespace) || !matches(o.Labels) {
			continue
		}
		others = append(others, o.Name)
		if len(p.Names) == 0 || slices.Contains(p.Names, o.Name) {
			list = append(list, o)
		}
	}
	return list, Found(p, list, others, func(o Object) string { return o.Name })
}

// Found puts what was found for a pick in the order of its names, and returns an *Error about the
// names that nothing has, with those that there are, or nil.
func Found[T any](p Pick, found []T, names []string, name func(T) string) error {
	slices.SortStableFunc(found, func(a, b T) int {
		return slices.Index(p.Names, name(a)) - slices.Index(p.Names, name(b))
	})
	var problems Error
	for _, want := range p.Names {
		if !slices.ContainsFunc(found, func(one T) bool { return name(one) == want }) {
			problems.add(NotFound, fmt.Errorf("%w%s", missing(p.Kind, want), Hint(want, names)))
		}
	}
	return problems.orNil()
}
