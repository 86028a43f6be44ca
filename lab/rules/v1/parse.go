package v1

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/document"
)

// Key names a rule.
type Key struct {
	Group     string
	Kind      string
	Namespace string
	Name      string
}

// String is KIND NAMESPACE/NAME, as istioctl writes it.
func (k Key) String() string { return k.Kind + " " + k.name() }

// name is what Istio writes into the proxy's configuration.
func (k Key) name() string { return k.Namespace + "/" + k.Name }

// Rule is a valid rule of any kind.
type Rule struct {
	Key  Key
	Kind Kind
	// Spec is the kind's published type.
	Spec any
	// Warnings are what admission says to a rule that it takes.
	Warnings []Finding
	doc      document.Document
	age      int // when a Set first saw it; smaller is older
	// suppressed are the codes of findings that the rule's author does not want to read.
	suppressed []string
}

const suppressAnnotation = "galley.istio.io/analyze-suppress"

// NewRule is a rule of a kind that another package reads.
func NewRule(doc document.Document, kind Kind, namespace string, spec any) Rule {
	return Rule{
		Key:  Key{kind.Group, kind.Kind, cmp.Or(doc.Namespace, namespace), doc.Name},
		Kind: kind,
		Spec: spec,
		doc:  doc,
	}
}

// File is where the rule was read.
func (r Rule) File() string { return r.doc.File }

// Line is the line of a field in the rule's file; of "", the rule's first.
func (r Rule) Line(path string) int { return r.doc.Errorf(path, "").Line }

// YAML is the rule as it was written.
func (r Rule) YAML() ([]byte, error) { return r.doc.YAML() }

// Parse reads rules as admission does, strictly, and names every problem of every document; the
// error is a document.Errors. A rule that names no namespace belongs to the given one.
func Parse(docs []document.Document, namespace string) ([]Rule, error) {
	return document.All(docs, func(doc document.Document) (Rule, document.Errors) {
		return parse(doc, namespace)
	})
}

func parse(doc document.Document, namespace string) (Rule, document.Errors) {
	kind, problem := kindOf(doc)
	if problem != nil {
		return Rule{}, document.Errors{problem}
	}
	meta, errs := Metadata(doc)
	spec := kind.message()
	rule := NewRule(doc, kind, namespace, spec)
	if problems := decode(doc, spec); len(problems) > 0 {
		return rule, append(errs, problems...)
	}
	v := validator{doc: doc, namespace: rule.Key.Namespace}
	v.spec(spec)
	for _, w := range v.warnings {
		w.Key = rule.Key
		rule.Warnings = append(rule.Warnings, w)
	}
	rule.suppressed = strings.Split(meta.Annotations[suppressAnnotation], ",")
	return rule, append(errs, v.errs...)
}

func kindOf(doc document.Document) (Kind, *document.Error) {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Has(doc.APIVersion, doc.Kind) })
	if i >= 0 {
		return kinds[i], nil
	}
	for _, k := range kinds {
		switch group, _, _ := strings.Cut(doc.APIVersion, "/"); {
		case k.Kind == doc.Kind && k.Group != group:
			return Kind{}, doc.Errorf("apiVersion", "%s is of %s/%s, not of %s",
				k.Kind, k.Group, k.Versions[0], doc.APIVersion)
		case k.Kind == doc.Kind:
			return Kind{}, doc.Errorf("apiVersion", "want %s/%s, not %s",
				group, strings.Join(k.Versions, ", "), doc.APIVersion)
		case strings.EqualFold(k.Kind, doc.Kind):
			return Kind{}, doc.Errorf("kind", "%s is written %s", doc.Kind, k.Kind)
		}
	}
	return Kind{}, doc.Errorf("kind", "%s of %s: not supported by the lab", doc.Kind, doc.APIVersion)
}

// Metadata is what stands beside a rule's spec, checked as the API server does.
func Metadata(doc document.Document) (metav1.ObjectMeta, document.Errors) {
	var whole struct {
		metav1.TypeMeta
		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     any               `json:"spec"`
		Status   any               `json:"status"`
	}
	var errs document.Errors
	errors.As(doc.Decode(&whole), &errs)
	for _, text := range validation.IsDNS1123Subdomain(doc.Name) {
		errs = append(errs, doc.Errorf("metadata.name", "%q: %s", doc.Name, text))
	}
	return whole.Metadata, errs
}
