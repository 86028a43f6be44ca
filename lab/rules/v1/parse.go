package v1

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

const (
	suppressAnnotation = "galley.istio.io/analyze-suppress"
	dryRunAnnotation   = "istio.io/dry-run"
)

// Parse reads rules as admission does, strictly, and names every problem of every document; the
// error is a document.Errors. A rule that names no namespace belongs to the given one.
func Parse(docs []document.Document, namespace string) ([]rules.Rule, error) {
	return rules.Parse(docs, namespace, parse)
}

// Partly is rules.Partly.
func Partly(doc document.Document, namespace string) (rules.Rule, bool) {
	return rules.Partly(doc, namespace, parse)
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
		return rule, slices.Concat(errs, admission(doc, row, problems), problems)
	}
	v := validator{Validator: rules.Validator{Doc: doc}, namespace: namespace}
	row.Validate(&v, spec)
	rule.Warnings = v.Warnings
	rule.Suppressed = strings.Split(meta.Annotations[suppressAnnotation], ",")
	rule.DryRun = v.dryRun(meta.Annotations, spec)
	return rule, rules.Grounded(append(errs, v.Errs...))
}

// admission is what a cluster has against a document of which the lab refuses a part: a reader must
// not think that a cluster takes it.
func admission(
	doc document.Document, row rules.Row[*validator, inspector], refused document.Errors,
) document.Errors {
	if !rules.OnlyUnsupported(refused) || doc.Kind == "Gateway" {
		return nil // it was told; and of Gateways, what is held is only right for certificates in Secrets
	}
	spec := row.New()
	if problems := doc.DecodeMessage("spec", spec.(proto.Message), published()); len(problems) > 0 {
		return problems
	}
	v := validator{Validator: rules.Validator{Doc: doc}, namespace: doc.Namespace}
	row.Validate(&v, spec)
	return slices.DeleteFunc(v.Errs, func(p *document.Error) bool { return rules.IsUnsupported(p.Cause) })
}

// dryRun reports whether a policy of access is only to be counted.
func (v *validator) dryRun(annotations map[string]string, spec any) bool {
	text, ok := annotations[dryRunAnnotation]
	if !ok {
		return false
	}
	path := document.Join("metadata.annotations", dryRunAnnotation)
	dry, err := strconv.ParseBool(text)
	p, isPolicy := spec.(*security.AuthorizationPolicy)
	switch {
	case !isPolicy:
		v.Fail(path, "only an AuthorizationPolicy can have it")
	case p.Action != security.AuthorizationPolicy_ALLOW && p.Action != security.AuthorizationPolicy_DENY:
		v.Fail(path, "only the actions ALLOW and DENY can have it")
	case err != nil:
		v.Fail(path, "want true or false, not %s", rules.Quote(text))
	}
	return dry
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
