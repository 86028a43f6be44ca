package main

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/client-go/util/jsonpath"

	"istio-tutorial/lab/control"
)

// sorter orders rows by a field, as kubectl's --sort-by does.
type sorter struct {
	text string
	path *jsonpath.JSONPath
}

func newSorter(fields string) (*sorter, error) {
	text := relaxed(fields)
	path := jsonpath.New("sort").AllowMissingKeys(true)
	if err := path.Parse(text); err != nil {
		return nil, misusef("--sort-by=%s: %w", fields, err)
	}
	return &sorter{text, path}, nil
}

// sort puts rows without the field first; one of them must have it.
func (s *sorter) sort(rows []control.Row) error {
	type keyed struct {
		control.Row
		key any
	}
	list, found := make([]keyed, len(rows)), false
	for i, r := range rows {
		object, err := objectOf(r)
		if err != nil {
			return err
		}
		values, err := fieldOf(s.path, object)
		if err != nil {
			return err
		}
		list[i].Row = r
		if len(values) > 0 {
			list[i].key, found = values[0], true
		}
	}
	if !found && len(rows) > 0 {
		return fmt.Errorf("couldn't find any field with path %q in the list of objects", s.text)
	}
	slices.SortStableFunc(list, func(a, b keyed) int { return compare(a.key, b.key) })
	for i := range list {
		rows[i] = list[i].Row
	}
	return nil
}

// compare takes numbers as numbers, and all else as text; nothing is least.
func compare(a, b any) int {
	x, isNumber := a.(float64)
	y, areNumbers := b.(float64)
	switch {
	case a == nil || b == nil:
		return boolRank(a != nil) - boolRank(b != nil)
	case isNumber && areNumbers:
		return cmp.Compare(x, y)
	default:
		return cmp.Compare(cellOf(a), cellOf(b))
	}
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}
