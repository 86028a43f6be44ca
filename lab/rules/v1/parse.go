package v1

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

const suppressAnnotation = "galley.istio.io/analyze-suppress"

// Parse reads rules as admission does, strictly, and names every problem of every document; the
// error is a document.Errors. A rule that names no namespace belongs to the given one.
func Parse(docs []document.Document, namespace string) ([]rules.Rule, error) {
	return document.All(docs, func(doc document.Document) (rules.Rule, document.Errors) {
		return parse(doc, namespace)
	})
}

// Partly reads a rule of which the lab refuses a part that a cluster takes, without that part; it
// reports false for every other.
func Partly(doc document.Document, namespace string) (rules.Rule, bool) {
	rule, errs := parse(doc, namespace)
	return rule, len(errs) > 0 && rule.Spec != nil && rules.OnlyUnsupported(errs)
}

func parse(doc document.Document, namespace string) (rules.Rule, document.Errors) {
	row, ok := table().Find(doc.APIVersion, doc.Kind)
	if !ok {
		return rules.Rule{}, document.Errors{unknownKind(doc)}
	}
	meta, errs := rules.Metadata(doc, nil)
	spec := row.New()
	rule := rules.NewRule(doc, row.Kind, namespace, spec)
	problems := doc.DecodeMessage("spec", spec.(proto.Message), schema(doc.Kind))
	if len(problems) > 0 {
		return rule, append(errs, problems...)
	}
	v := validator{rules.Validator{Doc: doc}}
	row.Validate(&v, spec)
	rule.Warnings = v.Warnings
	rule.Suppressed = strings.Split(meta.Annotations[suppressAnnotation], ",")
	return rule, append(errs, v.Errs...)
}

// unknownKind says what is wrong with the API version or the kind.
func unknownKind(doc document.Document) *document.Error {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k rules.Kind) bool { return strings.EqualFold(k.Kind, doc.Kind) })
	if i < 0 {
		return doc.Errorf("kind", "%s of %s: %w", doc.Kind, doc.APIVersion, rules.ErrUnsupported)
	}
	k := kinds[i]
	switch group, _, _ := strings.Cut(doc.APIVersion, "/"); {
	case k.Kind != doc.Kind:
		return doc.Errorf("kind", "%s is written %s", doc.Kind, k.Kind)
	case k.Group != group:
		newest, _, _ := strings.Cut(k.Versions, ",")
		return doc.Errorf("apiVersion", "%s is of %s/%s, not of %s",
			k.Kind, k.Group, newest, doc.APIVersion)
	default:
		return doc.Errorf("apiVersion", "want %s/%s, not %s", group, k.Versions, doc.APIVersion)
	}
}
