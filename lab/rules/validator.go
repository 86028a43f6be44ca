package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"istio-tutorial/lab/document"
)

// Validator collects what is wrong with a document, and what admission warns of. Dialects embed
// it in a validator of their own.
type Validator struct {
	Doc      document.Document
	Errs     document.Errors
	Warnings []Finding
}

// Fail adds a problem with the field at a path.
func (v *Validator) Fail(path, format string, args ...any) {
	v.Errs = append(v.Errs, v.Doc.Errorf(path, format, args...))
}

// Warn adds a warning about the field at a path.
func (v *Validator) Warn(path string, code Code, format string, args ...any) {
	v.Warnings = append(v.Warnings, Warn(path, code, format, args...))
}

// Required reports whether value says anything; where it does not, the field is missing.
func (v *Validator) Required(path string, value any) bool {
	if isEmpty(value) {
		v.Fail(path, "missing")
		return false
	}
	return true
}

// Refuse names a field that the lab does not do, if it says anything.
func (v *Validator) Refuse(path string, value any) {
	if !isEmpty(value) {
		v.Fail(path, "%w", ErrUnsupported)
	}
}

func isEmpty(value any) bool {
	v := reflect.ValueOf(value)
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// NotEmpty takes every text but "".
func (v *Validator) NotEmpty(path, text string) {
	if text == "" {
		v.Fail(path, "must not be empty")
	}
}

// OneOf takes a text that is listed.
func (v *Validator) OneOf(path, text string, names ...string) {
	if !slices.Contains(names, text) {
		v.Fail(path, "want one of %s, not %q", strings.Join(names, ", "), text)
	}
}

// Once takes each text once; seen are those before.
func (v *Validator) Once(path, text string, seen map[string]bool) {
	if seen[text] {
		v.Fail(path, "%s given twice", text)
	}
	seen[text] = true
}

// NotNegative takes 0 and more.
func (v *Validator) NotNegative(path string, n int32) {
	if n < 0 {
		v.Fail(path, "%d is negative", n)
	}
}

// Within takes the numbers from least to most.
func (v *Validator) Within(path string, n, least, most int) {
	if n < least || n > most {
		v.Fail(path, "%d is not in %d-%d", n, least, most)
	}
}

// Port takes the numbers of ports.
func (v *Validator) Port(path string, number int) {
	if number < 1 || number > 65535 {
		v.Fail(path, "port %d is not in 1-65535", number)
	}
}

// Redirects takes the statuses of redirects that Envoy knows.
func (v *Validator) Redirects(path string, status int) {
	if !slices.Contains([]int{301, 302, 303, 307, 308}, status) {
		v.Fail(path, "%d is none of 301, 302, 303, 307 and 308", status)
	}
}

// HeaderName takes the names of HTTP, and the comma, as Istio does: no request has such a header.
func (v *Validator) HeaderName(path, name string) {
	const letters = "!#$%&'*+,-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	if name == "" || strings.Trim(strings.ToLower(name), letters) != "" || len(name) > longestName {
		v.Fail(path, "%s is not the name of a header", Quote(name))
	}
}

// At is the path of an item of a list.
func At(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// Quote is a text from a file as a message shows it: quoted, and cut where it is long.
func Quote(text string) string {
	const shown = 80
	if len(text) > shown {
		return fmt.Sprintf("%q…", strings.ToValidUTF8(text[:shown], ""))
	}
	return strconv.Quote(text)
}
