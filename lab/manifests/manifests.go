// Package manifests reads Kubernetes manifests as the topology of a mesh. It takes what changes
// nothing on one machine, such as resources or security contexts, and refuses by name what the
// lab cannot do: nothing that a manifest asks for is left out silently.
package manifests

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
)

// Object is one manifest.
type Object struct {
	document.Document // its Namespace is filled in

	Deployment *Deployment   // nil for other kinds
	Service    *mesh.Service // nil for other kinds
	Ingress    []Backend     // empty for other kinds
	// Data are the values of a ConfigMap, and how many there are with those that are no text.
	Data   map[string]string
	Count  int
	Secret *mesh.Credential // nil for other kinds
	// NamespaceLabels are those of a Namespace.
	NamespaceLabels mesh.Labels
	// Notes are what was taken, and has no effect on one machine, or another one.
	Notes []Note

	annotated map[string]string    // annotations
	ports     []corev1.ServicePort // of a Service, with Kubernetes' defaults
}

// Note is a sentence about a field.
type Note struct{ Path, Text string }

// versions are the kinds that Parse knows, and the API versions of each.
func versions(kind string) []string {
	return map[string][]string{
		"Namespace":      {"v1"},
		"Service":        {"v1"},
		"ServiceAccount": {"v1"},
		"ConfigMap":      {"v1"},
		"Secret":         {"v1"},
		"Deployment":     {"apps/v1"},
		"Ingress":        {"networking.k8s.io/v1", "extensions/v1beta1"},
	}[kind]
}

// Known reports whether a document is a manifest, whatever its API version.
func Known(doc document.Document) bool { return versions(doc.Kind) != nil }

// Parse reads a manifest; namespace is that of an object that names none. The error is a
// document.Errors with every problem that was found.
func Parse(doc document.Document, namespace string) (Object, error) {
	doc.Namespace = cmp.Or(doc.Namespace, namespace)
	if doc.Kind == "Namespace" {
		doc.Namespace = ""
	}
	r := reader{Object: Object{Document: doc}}
	r.read()
	return r.result()
}

// reader turns one document into an Object.
type reader struct {
	Object
	errs document.Errors
}

func (r *reader) result() (Object, error) {
	if err := r.errs.OrNil(); err != nil {
		return Object{}, err
	}
	return r.Object, nil
}

func (r *reader) fail(path, format string, args ...any) {
	r.errs = append(r.errs, r.Errorf(path, format, args...))
}

// Limit is what the lab does not do of a manifest that a cluster takes.
type Limit string

func (l Limit) Error() string { return string(l) }

func (r *reader) limit(path, format string, args ...any) {
	r.fail(path, "%w", Limit(fmt.Sprintf(format, args...)))
}

func (r *reader) note(path, format string, args ...any) {
	r.Notes = append(r.Notes, Note{path, fmt.Sprintf(format, args...)})
}

func (r *reader) read() {
	known := versions(r.Kind)
	switch {
	case known == nil && isInert(r.Document):
		r.keep()
	case known == nil:
		r.fail("kind", "the lab knows no manifest of kind %s", r.Kind)
	case !slices.Contains(known, r.APIVersion):
		r.fail("apiVersion", "%s is %s, not %s", r.Kind, strings.Join(known, " or "), r.APIVersion)
	default:
		r.objectName()
		r.readKnown()
	}
}

func (r *reader) readKnown() {
	switch r.APIVersion + " " + r.Kind {
	case "v1 Namespace":
		var namespace corev1.Namespace
		r.decode(&namespace)
		r.NamespaceLabels, r.annotated = namespace.Labels, namespace.Annotations
		if namespace.Labels[injectionLabel] == "disabled" {
			r.note("metadata.labels."+injectionLabel,
				"disabled: no effect in the lab: every pod has its sidecar, unless it says %s: \"false\"", injectMark)
		}
	case "v1 ServiceAccount":
		r.decode(&corev1.ServiceAccount{})
	case "v1 ConfigMap":
		r.configMap()
	case "v1 Secret":
		r.secret()
	case "v1 Service":
		r.service()
	case "apps/v1 Deployment":
		r.deployment()
	case "networking.k8s.io/v1 Ingress":
		r.ingress()
	case "extensions/v1beta1 Ingress":
		r.classicIngress()
	}
}

// decode reports whether the document has the shape of into.
func (r *reader) decode(into any) bool {
	err := r.Decode(into)
	if errs, ok := errors.AsType[document.Errors](err); ok {
		r.errs = append(r.errs, errs...)
	} else if err != nil {
		r.fail("", "%w", err)
	}
	return err == nil
}

// Topology is what the objects describe together, in their order; no instance runs yet.
func Topology(objects []Object) mesh.Topology {
	var t mesh.Topology
	for _, o := range objects {
		if o.Deployment != nil {
			t.Workloads = append(t.Workloads, o.Deployment.Workload)
		}
		if o.Secret != nil {
			t.Credentials = append(t.Credentials, *o.Secret)
		}
		switch {
		case o.Service == nil:
		case o.Service.External != "":
			t.Aliases = append(t.Aliases, *o.Service)
		default:
			t.Services = append(t.Services, *o.Service)
		}
		if o.Kind == "Namespace" {
			if t.Namespaces == nil {
				t.Namespaces = map[string]mesh.Labels{}
			}
			t.Namespaces[o.Name] = o.NamespaceLabels
		}
	}
	t.Ingresses = routes(objects, t.Services)
	return t
}

func (r *reader) name() mesh.Name {
	return mesh.Name{Namespace: r.Namespace, Name: r.Name}
}
