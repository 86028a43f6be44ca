package classic

import (
	"cmp"
	"errors"
	"reflect"

	"istio-tutorial/lab/document"
)

// Key names a rule: TYPE/NAMESPACE/NAME. Where two rules could act, the order of their keys
// decides.
type Key struct {
	Type      string
	Namespace string
	Name      string
}

// String is how Istio writes a key.
func (k Key) String() string { return k.Type + "/" + k.Namespace + "/" + k.Name }

// Rule is a valid rule of any kind.
type Rule struct {
	Key  Key
	Kind Kind
	doc  document.Document
	spec any // a pointer to the kind's type
}

// File is where the rule was read.
func (r Rule) File() string { return r.doc.File }

// Line is the rule's first line in its file.
func (r Rule) Line() int { return r.doc.Line }

// YAML is the rule as it was written.
func (r Rule) YAML() ([]byte, error) { return r.doc.YAML() }

// Parse reads rules, strictly, and names every problem of every document; the error is a
// document.Errors. A rule that names no namespace belongs to the given one.
func Parse(docs []document.Document, namespace string) ([]Rule, error) {
	return document.All(docs, func(doc document.Document) (Rule, document.Errors) {
		return parse(doc, namespace)
	})
}

func parse(doc document.Document, namespace string) (Rule, document.Errors) {
	if doc.APIVersion != APIVersion {
		err := doc.Errorf("apiVersion", "want %s, not %q", APIVersion, doc.APIVersion)
		return Rule{}, document.Errors{err}
	}
	kind, ok := kindOf(doc.Kind)
	if !ok {
		return Rule{}, document.Errors{doc.Errorf("kind", "%s knows no %q", APIVersion, doc.Kind)}
	}
	spec, problems := decode(doc)
	key := Key{kind.Type, cmp.Or(doc.Namespace, namespace), doc.Name}
	return Rule{Key: key, Kind: kind, doc: doc, spec: spec}, problems
}

func decode(doc document.Document) (any, document.Errors) {
	switch doc.Kind {
	case routeRuleKind:
		return decodeAs(doc, (*validator).routeRule)
	case destinationPolicyKind:
		return decodeAs(doc, (*validator).destinationPolicy)
	case egressRuleKind:
		return decodeAs(doc, (*validator).egressRule)
	default:
		return decodeMixer(doc)
	}
}

func decodeMixer(doc document.Document) (any, document.Errors) {
	switch doc.Kind {
	case ruleKind:
		return decodeAs(doc, (*validator).mixerRule)
	case denierKind:
		return decodeAs(doc, (*validator).denier)
	case listCheckerKind:
		return decodeAs(doc, (*validator).listChecker)
	case listEntryKind:
		return decodeAs(doc, (*validator).listEntry)
	case memQuotaKind:
		return decodeAs(doc, (*validator).memQuota)
	case quotaKind:
		return decodeAs(doc, (*validator).quota)
	case quotaSpecKind:
		return decodeAs(doc, (*validator).quotaSpec)
	case quotaSpecBindingKind:
		return decodeAs(doc, (*validator).quotaSpecBinding)
	case metricKind:
		return decodeAs(doc, (*validator).metric)
	case prometheusKind:
		return decodeAs(doc, (*validator).prometheus)
	default:
		return decodeAs(doc, func(*validator, *checkNothing) {})
	}
}

// decodeAs validates only what could be decoded: after a wrong type, the rest would be noise.
// What stands beside spec is not looked at, as in 0.7.1.
func decodeAs[S any](doc document.Document, validate func(*validator, *S)) (any, document.Errors) {
	spec := new(S)
	if errs, ok := errors.AsType[document.Errors](doc.DecodeProto("spec", spec)); ok {
		return nil, errs
	}
	v := &validator{doc: doc}
	validate(v, spec)
	return spec, v.errs
}

type validator struct {
	doc  document.Document
	errs document.Errors
}

func (v *validator) fail(path, format string, args ...any) {
	v.errs = append(v.errs, v.doc.Errorf(path, format, args...))
}

// required is false, with a word for the reader, where value is its type's zero.
func (v *validator) required(path string, value any) bool {
	if reflect.ValueOf(value).IsZero() {
		v.fail(path, "missing")
		return false
	}
	return true
}
