package rules

import "istio-tutorial/lab/document"

// Parser reads the rule of a document; the problems are all that the document has. A rule that names no
// namespace belongs to the given one.
type Parser func(doc document.Document, namespace string) (Rule, document.Errors)

// Parse reads rules, and names every problem of every document; the error is a document.Errors.
func Parse(docs []document.Document, namespace string, parse Parser) ([]Rule, error) {
	return document.All(docs, func(doc document.Document) (Rule, document.Errors) {
		return parse(doc, namespace)
	})
}

// Partly reads a rule of which the lab refuses a part that a cluster takes, without that part; it
// reports false for every other.
func Partly(doc document.Document, namespace string, parse Parser) (Rule, bool) {
	rule, errs := parse(doc, namespace)
	return rule, len(errs) > 0 && rule.Spec != nil && OnlyUnsupported(errs)
}
