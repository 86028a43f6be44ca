package gatewayapi

import (
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

// Parse reads rules as the API server does, strictly, and names every problem of every document;
// the error is a document.Errors. A rule that names no namespace belongs to the given one.
func Parse(docs []document.Document, namespace string) ([]rules.Rule, error) {
	return rules.Parse(docs, namespace, parse)
}

// Partly is rules.Partly.
func Partly(doc document.Document, namespace string) (rules.Rule, bool) {
	return rules.Partly(doc, namespace, parse)
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
	return rules.NewRule(doc, row.Kind, namespace, spec), rules.Grounded(v.Errs)
}

type validator struct{ rules.Validator }
