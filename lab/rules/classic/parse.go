package classic

import (
	"errors"
	"slices"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

// Parse reads rules, strictly, and names every problem of every document; the error is a
// document.Errors. A rule that names no namespace belongs to the given one.
func Parse(docs []document.Document, namespace string) ([]rules.Rule, error) {
	return rules.Parse(docs, namespace, parse)
}

// Partly is rules.Partly.
func Partly(doc document.Document, namespace string) (rules.Rule, bool) {
	return rules.Partly(doc, namespace, parse)
}

// parse validates only what could be decoded: after a wrong type, the rest would be noise. What
// stands beside spec is not looked at, nor is the version, as in 0.7.1.
func parse(doc document.Document, namespace string) (rules.Rule, document.Errors) {
	if !Has(doc.APIVersion) {
		err := doc.Errorf("apiVersion", "want %s, not %q", APIVersion, doc.APIVersion)
		return rules.Rule{}, document.Errors{err}
	}
	row, ok := table().Find(APIVersion, doc.Kind)
	if !ok {
		err := doc.Errorf("kind", "%s knows no %q", APIVersion, doc.Kind)
		if IsOther(doc.Kind) {
			err = doc.Errorf("kind", "%s: %w", rules.Quote(doc.Kind), rules.ErrUnsupported)
		}
		return rules.Rule{}, document.Errors{err}
	}
	spec := row.New()
	rule := rules.NewRule(doc, row.Kind, namespace, spec)
	if errs, ok := errors.AsType[document.Errors](doc.DecodeProto("spec", spec)); ok {
		return rule, errs
	}
	v := &validator{rules.Validator{Doc: doc}}
	row.Validate(v, spec)
	return rule, v.Errs
}

// IsOther reports whether a kind is one of 0.7.1 that the lab does not have: Mixer's adapters and templates,
// and what was about access.
func IsOther(kind string) bool {
	return slices.Contains([]string{
		"apikey", "attributemanifest", "authorization", "circonus", "fluentd", "kubernetes", "kubernetesenv", "logentry",
		"noop", "opa", "prometheus", "rbac", "reportnothing", "servicecontrol", "servicecontrolreport", "solarwinds",
		"stackdriver", "statsd", "stdio", "tracespan",
		"EndUserAuthenticationPolicySpec", "EndUserAuthenticationPolicySpecBinding", "HTTPAPISpec", "HTTPAPISpecBinding",
		"RbacConfig", "ServiceRole", "ServiceRoleBinding",
	}, kind)
}

type validator struct{ rules.Validator }

// unchecked is for kinds whose every spec is valid that can be decoded.
func unchecked[S any](*validator, *S) {}
