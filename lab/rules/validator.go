package rules

import (
	"fmt"
	"reflect"

	"istio-tutorial/lab/document"
)

// Validator collects what is wrong with a document, and what admission warns of. Dialects embed
// it in a validator of their own.
type Validator struct {
	Doc       document.Document
	Namespace string // of the rule
	Errs      document.Errors
	Warnings  []Finding
}

// Fail adds a problem with the field at a path.
func (v *Validator) Fail(path, format string, args ...any) {
	v.Errs = append(v.Errs, v.Doc.Errorf(path, format, args...))
}

// Warn adds a warning about the field at a path.
func (v *Validator) Warn(path string, code Code, format string, args ...any) {
	v.Warnings = append(v.Warnings, Warn(path, code, format, args...))
}

// Required reports whether value says anything; where it is its type's zero, the field is missing.
func (v *Validator) Required(path string, value any) bool {
	if reflect.ValueOf(value).IsZero() {
		v.Fail(path, "missing")
		return false
	}
	return true
}

// At is the path of an item of a list.
func At(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
