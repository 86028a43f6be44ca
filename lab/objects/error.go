package objects

import (
	"errors"
	"fmt"
	"strings"

	"istio-tutorial/lab/document"
)

// Reason is why something was refused.
type Reason string

// The reasons.
const (
	Invalid       Reason = "Invalid" // the request, or a file
	NotFound      Reason = "NotFound"
	AlreadyExists Reason = "AlreadyExists"
	Conflict      Reason = "Conflict"    // with what is there
	Refused       Reason = "Refused"     // by the proxy, with its words
	Unavailable   Reason = "Unavailable" // the lab is starting or ending
	Internal      Reason = "Internal"
)

// Error is why a request was refused, wholly or, of Delete, in part.
type Error struct {
	Reason   Reason
	Problems []string // FILE:LINE: FIELD: CAUSE where a file is to blame
}

// Error is the problems, one to a line.
func (e *Error) Error() string { return strings.Join(e.Problems, "\n") }

// Errorf is one problem.
func Errorf(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Problems: []string{fmt.Sprintf(format, args...)}}
}

// orNil is nil if there are no problems.
func (e *Error) orNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

// add takes over the problems of err; the reason is the first one's.
func (e *Error) add(reason Reason, err error) {
	if e.Reason == "" {
		e.Reason = reason
	}
	if list, ok := errors.AsType[document.Errors](err); ok {
		for _, one := range list {
			e.Problems = append(e.Problems, one.Error())
		}
		return
	}
	e.Problems = append(e.Problems, err.Error())
}

// Join is an *Error with the problems of all errors, or nil if there are none.
func Join(errs ...error) error {
	var all Error
	for _, err := range errs {
		one, ok := errors.AsType[*Error](err)
		switch {
		case err == nil:
		case !ok:
			all.add(Internal, err)
		case all.Reason == "":
			all.Reason = one.Reason
			fallthrough
		default:
			all.Problems = append(all.Problems, one.Problems...)
		}
	}
	return all.orNil()
}
