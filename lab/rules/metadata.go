package rules

import (
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/document"
)

// Metadata decodes a whole document, strictly, and returns what stands beside its spec, checked as
// the API server does. The spec goes into what the given pointer points to; nil takes any.
func Metadata(doc document.Document, spec any) (metav1.ObjectMeta, document.Errors) {
	var whole struct {
		metav1.TypeMeta
		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     any               `json:"spec"`
		Status   any               `json:"status"`
	}
	whole.Spec = spec
	var errs document.Errors
	errors.As(doc.Decode(&whole), &errs)
	for _, text := range validation.IsDNS1123Subdomain(doc.Name) {
		errs = append(errs, doc.Errorf("metadata.name", "%q: %s", doc.Name, text))
	}
	for _, text := range validation.IsDNS1123Label(doc.Namespace) {
		if doc.Namespace != "" {
			errs = append(errs, doc.Errorf("metadata.namespace", "%q: %s", doc.Namespace, text))
		}
	}
	return whole.Metadata, errs
}
