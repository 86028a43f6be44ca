package document

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error is one problem of a document. It reads FILE:LINE: FIELD: CAUSE.
type Error struct {
	File  string
	Line  int    // 0 where the file as a whole is meant
	Field string // "" where no field is meant
	Cause error
}

// Error is the whole line; it never breaks, and of a long cause it has the two ends.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Field != "" {
		b.WriteString(": " + e.Field)
	}
	return Printable(b.String() + ": " + shorten(e.Cause.Error(), longestCause))
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Printable is a text of a file, a request or a program as a terminal may show it: what is not
// printable, line breaks and escapes among it, is written as Go's strings write it.
func Printable(s string) string {
	if !strings.ContainsFunc(s, unprintable) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if unprintable(r) || r == utf8.RuneError && size == 1 {
			quoted := strconv.Quote(s[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

func unprintable(r rune) bool { return !strconv.IsPrint(r) }

// How many bytes of a cause, and of a value in it, a message repeats.
const (
	longestCause = 1000
	longestValue = 200
)

// shorten leaves out the middle of a text that is longer than a limit.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	head, tail := s[:limit/2], s[len(s)-limit/2:]
	return fmt.Sprintf("%s… (%d bytes) …%s",
		strings.ToValidUTF8(head, ""), len(s), strings.ToValidUTF8(tail, ""))
}

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
