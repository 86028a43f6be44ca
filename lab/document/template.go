package document

import (
	"bytes"
	"errors"
	"regexp"
)

// templated is an action of Go's templates, as Helm's charts have them.
var templated = regexp.MustCompile(`\{\{-?\s*(\.|\$|/\*|[a-z]+\s)`)

// untemplated are the problems of a file, or the one that explains them: it is a template of a chart.
func untemplated(file string, data []byte, problems Errors) Errors {
	at := templated.FindIndex(data)
	if at == nil {
		return problems
	}
	return Errors{{
		File: file, Line: 1 + bytes.Count(data[:at[0]], []byte("\n")),
		Cause: errors.New("a template, no YAML yet: render it first, as `helm template` does"),
	}}
}
