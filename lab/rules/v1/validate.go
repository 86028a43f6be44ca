package v1

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	selector "istio.io/api/type/v1beta1"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

// validator says what Istio's webhook says, beyond what the schema holds.
type validator struct {
	rules.Validator
	namespace string // of a rule that names none
}

// host takes a name with at most one wildcard, at its beginning.
func (v *validator) host(path, name string) bool {
	problem := hostProblem(name)
	if problem != "" {
		v.Fail(path, "host %q: %s", name, problem)
	}
	return problem == ""
}

const longestHost = 255

func hostProblem(name string) string {
	if name == "" {
		return "must not be empty"
	}
	if len(name) > longestHost {
		return fmt.Sprintf("longer than %d characters", longestHost)
	}
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	for i, label := range labels {
		if i == 0 {
			if label == "*" {
				continue
			}
			label = strings.TrimPrefix(strings.TrimPrefix(label, "*-"), "*")
		}
		if !isLabel(label) {
			return fmt.Sprintf("%q is not a label of a domain name", label)
		}
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" && len(labels) > 1 {
		return fmt.Sprintf("the last label %q is all digits", last)
	}
	return ""
}

// isLabel takes capitals too, as Istio does.
func isLabel(s string) bool {
	return len(validation.IsDNS1123Label(strings.ToLower(s))) == 0
}

func (v *validator) exportTo(list []string) {
	for i, e := range list {
		path := rules.At("spec.exportTo", i)
		switch {
		case e == "~":
			v.Fail(path, "~ (nobody) is not a choice for a rule")
		case e != "." && e != "*" && len(validation.IsDNS1123Label(strings.ToLower(e))) > 0:
			v.Fail(path, "want ., * or a namespace, not %q", e)
		case slices.Index(list, e) < i:
			v.Fail(path, "%q given twice", e)
		}
	}
	if own := cmp.Or(v.Doc.Namespace, v.namespace); slices.Contains(list, ".") && slices.Contains(list, own) {
		v.Fail("spec.exportTo", "%q is the rule's own namespace, as . is: given twice", own)
	}
	if len(list) > 1 && slices.Contains(list, "*") {
		v.Fail("spec.exportTo", "* (everybody) and others exclude each other")
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (v *validator) labels(path string, labels map[string]string) {
	for _, key := range sortedKeys(labels) {
		for _, text := range validation.IsQualifiedName(key) {
			v.Fail(document.Join(path, key), "label %q: %s", key, text)
		}
		for _, text := range validation.IsValidLabelValue(labels[key]) {
			if !strings.HasPrefix(text, "must be no more than") { // a cluster takes long ones
				v.Fail(document.Join(path, key), "value %q: %s", labels[key], text)
			}
		}
	}
}

// selector is held to the published schema alone, as on a cluster: what is not a label selects nothing.
func (v *validator) selector(s *selector.WorkloadSelector) {
	v.matchLabels("spec.selector.matchLabels", s.GetMatchLabels())
}

func (v *validator) matchLabels(path string, labels map[string]string) {
	for _, key := range sortedKeys(labels) {
		value, at := labels[key], document.Join(path, key)
		switch {
		case key == "":
			v.Fail(at, "a label's name must not be empty")
		case strings.Contains(key+value, "*"):
			v.Fail(at, "a label to select by has no *")
		case len(value) > validation.LabelValueMaxLength:
			v.Fail(at, "a label to select by has at most %d letters", validation.LabelValueMaxLength)
		}
	}
}

func httpProtocols() []string { return []string{"HTTP", "HTTP2", "GRPC", "GRPC-WEB"} }

// protocol takes those of Istio's that the lab carries.
func (v *validator) protocol(path, name string, carried []string) {
	known := append(httpProtocols(), "HTTPS", "TLS", "TCP", "MONGO", "REDIS", "MYSQL")
	switch upper := strings.ToUpper(name); {
	case !slices.Contains(known, upper):
		v.Fail(path, "%q is not a protocol; want one of %s", name, strings.Join(known, ", "))
	case !slices.Contains(carried, upper):
		v.Fail(path, "%s: not supported by the lab", name)
	}
}
