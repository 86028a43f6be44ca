package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one problem of a document. It reads FILE:LINE: FIELD: CAUSE.
type Error struct {
	File  string
	Line  int    // 0 where the file as a whole is meant
	Field string // "" where no field is meant
	Cause error
}

// Error is the whole line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Field != "" {
		b.WriteString(": " + e.Field)
	}
	return b.String() + ": " + e.Cause.Error()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errors are all problems that were found, one to a line.
type Errors []*Error

// Error is one line per problem.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap is each problem as an error.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, one := range e {
		list[i] = one
	}
	return list
}

// OrNil orders the problems by line; it is nil if there are none.
func (e Errors) OrNil() error {
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return e
}

// All reads documents one by one, and names every problem of each; the error is Errors.
func All[T any](docs []Document, read func(Document) (T, Errors)) ([]T, error) {
	var all []T
	var errs Errors
	for _, doc := range docs {
		one, problems := read(doc)
		all, errs = append(all, one), append(errs, problems...)
	}
	if err := errs.OrNil(); err != nil {
		return nil, err
	}
	return all, nil
}
