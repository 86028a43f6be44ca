// Package objects is what was applied: manifests and rules in one set, with the verbs of kubectl
// and istioctl. A change makes a new Set, so that a refused one leaves nothing behind. Which
// dialects of rules there are, only this package knows.
package objects

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
)

// File is a YAML stream as the reader has it.
type File struct {
	Name string // for messages
	Data []byte
}

// Ref names an object.
type Ref struct {
	Kind      string // as in a file: Deployment, RouteRule, denier
	Resource  string // as kubectl prints it: deployment.apps, routerule.config.istio.io
	Type      string // as istioctl prints it: route-rule, denier; "" for what is no rule
	Namespace string // "" for a Namespace
	Name      string
}

// kind is the kind of what is named.
func (r Ref) kind() Kind {
	_, group, _ := strings.Cut(r.Resource, ".")
	return kindOf(r.Kind, group)
}

// NewRef names an object of a kind.
func NewRef(k Kind, namespace, name string) Ref {
	return Ref{Kind: k.Kind, Resource: k.Resource(), Type: k.Type, Namespace: namespace, Name: name}
}

// Object is a manifest or a rule.
type Object struct {
	Ref
	APIVersion string
	Labels     map[string]string
	Created    time.Time
	Revision   int
	Manifest   *manifests.Object // nil for a rule

	dialect int         // of rule, among dialects
	rule    *rules.Rule // nil for a manifest
	history []Template  // of a Deployment
	doc     document.Document
}

// YAML is the object as it was written, or as later changes have made it.
func (o Object) YAML() ([]byte, error) {
	if o.Manifest != nil {
		return o.Manifest.YAML()
	}
	return o.doc.YAML()
}

// File is the file that it was read from, as the reader named it.
func (o Object) File() string { return o.doc.File }

// Field is a field of the object as kubectl shows it in a column: text as it is, all else as JSON;
// "" if it is not there.
func (o Object) Field(path ...string) string {
	data, err := o.doc.JSON()
	if err != nil {
		return ""
	}
	for _, name := range path {
		var fields map[string]json.RawMessage
		if json.Unmarshal(data, &fields) != nil {
			return ""
		}
		data = fields[name]
	}
	var text string
	if json.Unmarshal(data, &text) == nil {
		return text
	}
	return string(data)
}

// resource is the object as Kubernetes' errors have it: routerules.config.istio.io "NAME".
func (o Object) resource() string { return fmt.Sprintf("%s %q", o.kind(), o.Name) }

// place is the FILE:LINE: that begins an error about it.
func (o Object) place() string { return fmt.Sprintf("%s:%d: ", o.doc.File, o.doc.Line) }

// Parse reads files. Objects that name no namespace belong to the given one; if strict, no
// object may name another. The error is an *Error with every problem of every file.
func Parse(files []File, namespace string, strict bool) ([]Object, error) {
	p := parser{namespace: namespace, strict: strict}
	for _, text := range validation.IsDNS1123Label(namespace) {
		p.problems.add(Invalid, fmt.Errorf("namespace %q: %s", namespace, text))
	}
	for _, f := range files {
		docs, err := document.Parse(f.Name, bytes.NewReader(f.Data))
		if err != nil {
			p.problems.add(Invalid, err)
		}
		for _, doc := range docs {
			p.parse(doc)
		}
	}
	if err := p.problems.orNil(); err != nil {
		return nil, err
	}
	return p.objects, nil
}

type parser struct {
	namespace string
	strict    bool
	objects   []Object
	problems  Error
}

func (p *parser) parse(doc document.Document) {
	o, err := read(doc, p.namespace)
	if err != nil {
		p.problems.add(Invalid, err)
		return
	}
	if p.strict && o.Namespace != "" && o.Namespace != p.namespace {
		p.problems.add(Invalid, doc.Errorf("metadata.namespace",
			"the namespace from the provided object %q does not match the namespace %q. "+
				"You must pass '--namespace=%s' to perform this operation",
			o.Namespace, p.namespace, o.Namespace))
	}
	p.objects = append(p.objects, o)
}

// read is an object of a document. With an error, it has its names, and what the lab does of a rule
// that a cluster would take as a whole.
func read(doc document.Document, namespace string) (Object, error) {
	kind := kindOf(doc.Kind, group(doc.APIVersion))
	o := Object{
		Ref: NewRef(kind, cmp.Or(doc.Namespace, namespace), doc.Name),
		doc: doc, APIVersion: doc.APIVersion, Labels: labelsOf(doc),
	}
	if doc.APIVersion != classic.APIVersion { // istioctl left names to the API server
		if err := doc.CheckName(); err != nil {
			return o, err
		}
	}
	if near := misspelt(doc.Kind); near != "" {
		return o, document.Errors{doc.Errorf("kind", "there is no kind %s; did you mean %s?", doc.Kind, near)}
	}
	if i, ok := dialectOf(doc); ok {
		list, err := dialects()[i].parse([]document.Document{doc}, namespace)
		if err == nil {
			err = classicName(doc)
		}
		if err == nil {
			o.dialect, o.rule = i, &list[0]
		} else if part, ok := dialects()[i].partly(doc, namespace); ok {
			o.dialect, o.rule = i, &part
		}
		return o, err
	}
	manifest, err := manifests.Parse(doc, namespace)
	if err != nil {
		return o, err
	}
	o.Manifest, o.Namespace = &manifest, manifest.Namespace
	return o, nil
}

// classicName holds a rule of 2018 to the names that the API server took; other rules are held to
// theirs as they are read, and one without a name by Named.
func classicName(doc document.Document) error {
	if doc.Name == "" || doc.APIVersion != classic.APIVersion {
		return nil
	}
	if problems := validation.IsDNS1123Subdomain(doc.Name); len(problems) > 0 {
		return document.Errors{doc.Errorf("metadata.name", "%s: %s", rules.Quote(doc.Name), problems[0])}
	}
	return nil
}

// labelsOf are an object's own labels; a wrong type is for others to complain about.
func labelsOf(doc document.Document) map[string]string {
	var object struct {
		Metadata struct{ Labels map[string]string }
	}
	data, err := doc.JSON()
	if err == nil {
		err = json.Unmarshal(data, &object)
	}
	if err != nil {
		return nil
	}
	return object.Metadata.Labels
}

// Named parts the objects that have a name, as all must that are to be kept, from the problems of
// those that have none.
func Named(list []Object) (named []Object, problems []error) {
	for _, o := range list {
		if o.Name != "" {
			named = append(named, o)
		} else {
			problems = append(problems, o.doc.CheckName())
		}
	}
	return named, problems
}

// same reports whether two objects say the same, whatever their layout.
func same(a, b Object) bool {
	x, errX := canonical(a)
	y, errY := canonical(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// canonical is an object as JSON, whose keys are sorted.
func canonical(o Object) ([]byte, error) {
	if o.Manifest != nil {
		return o.Manifest.JSON()
	}
	return o.doc.JSON()
}
