package gatewayapi

import (
	"slices"
	"strings"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

// Parse reads rules as the API server does, strictly, and names every problem of every document;
// the error is a document.Errors. A rule that names no namespace belongs to the given one.
func Parse(docs []document.Document, namespace string) ([]rules.Rule, error) {
	return document.All(docs, func(doc document.Document) (rules.Rule, document.Errors) {
		return parse(doc, namespace)
	})
}

// parse validates only what could be decoded: after a wrong type, the rest would be noise.
func parse(doc document.Document, namespace string) (rules.Rule, document.Errors) {
	row, ok := table().Find(doc.APIVersion, doc.Kind)
	if !ok {
		problem := doc.Errorf("kind", "%s of %s: %w", doc.Kind, doc.APIVersion, rules.ErrUnsupported)
		return rules.Rule{}, document.Errors{problem}
	}
	spec := row.New()
	if _, errs := rules.Metadata(doc, spec); len(errs) > 0 {
		return rules.Rule{}, errs
	}
	v := &validator{rules.Validator{Doc: doc}}
	row.Validate(v, spec)
	return rules.NewRule(doc, row.Kind, namespace, spec), v.Errs
}

type validator struct{ rules.Validator }

// refuse names a field that the lab does not do, if it says anything.
func (v *validator) refuse(path string, value any) {
	if present(value) {
		v.Fail(path, "not supported by the lab")
	}
}

func (v *validator) oneOf(path, value string, names ...string) {
	if !slices.Contains(names, value) {
		v.Fail(path, "want one of %s, not %q", strings.Join(names, ", "), value)
	}
}
