// Package rules is what the dialects of rules share: kinds and their table, rules and the Set of
// those in force, findings with their codes, and the validator. A dialect (classic, v1 and
// gatewayapi) has the types of the specs, and turns a Set into mesh values.
package rules

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
)

// ErrUnsupported is the cause where a rule asks for what the lab does not do.
var ErrUnsupported = errors.New("not supported by the lab")

// IsUnsupported reports whether a problem is the lab's own limit: a cluster takes the rule. Of what
// the lab has no name for, nobody knows.
func IsUnsupported(problem error) bool {
	text := problem.Error()
	return strings.Contains(text, ErrUnsupported.Error()) && !strings.Contains(text, "unknown field")
}

// OnlyUnsupported reports whether all problems of a document are the lab's own limits.
func OnlyUnsupported(problems document.Errors) bool {
	return !slices.ContainsFunc(problems, func(p *document.Error) bool { return !IsUnsupported(p.Cause) })
}

// Grounded leaves out where the lab does without a field that a cluster refuses, too: a problem of the lab's own
// beside one with a value of the same field.
func Grounded(problems document.Errors) document.Errors {
	return slices.DeleteFunc(problems, func(own *document.Error) bool {
		if own.Field == "" || !IsUnsupported(own.Cause) {
			return false
		}
		condition, isKey := strings.CutSuffix(own.Field, ".key") // its values are beside it
		return slices.ContainsFunc(problems, func(p *document.Error) bool {
			about := strings.HasPrefix(p.Field, own.Field) || isKey && strings.HasPrefix(p.Field, condition+".values")
			return about && !IsUnsupported(p.Cause)
		})
	})
}

// Kind is a kind of object and its names.
type Kind struct {
	Kind   string // in a file: VirtualService, RouteRule, denier
	Plural string // of the resource: virtualservices; the singular is Kind in lower case
	Group  string // networking.istio.io; "" for Kubernetes' core
	// Versions of the group that have the kind, the one to write first: "v1, v1beta1".
	Versions string
	Type     string // as istioctl of 2018 printed it: route-rule; "" for kinds of today
	Short    string // virtualservice's vs; "" for none
	Set      string // the word for it and others together: istio-io; "" if there is none
	// Columns that `get` adds to name and age, as kubectl's custom-columns has them:
	// "HOST:.spec.host". What does not begin with a dot stands in the column as it is. Of a list of the status it is
	// the field of the first item, or of the one that has a value: "READY:.status.conditions[type=Ready].status".
	Columns string
	Cluster bool // it is in no namespace
	Running bool // nobody creates it by a file
}

// Has reports whether a document of an API version and a kind is of this Kind.
func (k Kind) Has(apiVersion, kind string) bool {
	group, version, _ := strings.Cut(apiVersion, "/")
	return k.Kind == kind && k.Group == group &&
		slices.Contains(strings.Split(k.Versions, ", "), version)
}

// Custom reports whether a cluster knows the kind by a CustomResourceDefinition.
func (k Kind) Custom() bool { return k.Type != "" || k.Set != "" }

// Singular is the kind as kubectl's arguments have it.
func (k Kind) Singular() string { return strings.ToLower(k.Kind) }

// Resource is the kind as kubectl prints it: pod, deployment.apps.
func (k Kind) Resource() string { return k.qualified(k.Singular()) }

// String is the kind as Kubernetes' errors have it: pods, deployments.apps.
func (k Kind) String() string { return k.qualified(k.Plural) }

func (k Kind) qualified(name string) string {
	if k.Group == "" {
		return name
	}
	return name + "." + k.Group
}

// Key names a rule. Where two rules could act, classic goes by the order of their keys.
type Key struct {
	Group     string // "" for a rule of 2018
	Kind      string // VirtualService; the type, route-rule, of a rule of 2018
	Namespace string
	Name      string
}

// String is KIND NAMESPACE/NAME, or TYPE/NAMESPACE/NAME for a rule of 2018, as Istio writes it.
func (k Key) String() string {
	if k.Group == "" {
		return k.Kind + "/" + k.Path()
	}
	return k.Kind + " " + k.Path()
}

// Path is NAMESPACE/NAME.
func (k Key) Path() string { return k.Namespace + "/" + k.Name }

// Rule is a valid rule of any kind.
type Rule struct {
	Key  Key
	Kind Kind
	Spec any // a pointer to the kind's type
	// Warnings are what admission says to a rule that it takes.
	Warnings []Finding
	// Suppressed are the codes of findings that the rule's author does not want to read.
	Suppressed []string
	// DryRun rules of access are counted, and decide nothing.
	DryRun bool

	// Created is when, as far as the caller knows it.
	Created time.Time

	doc  document.Document
	age  int    // when a Set first saw it; smaller is older
	text string // of its key, in a Set
}

// NewRule is the rule of a document. One that names no namespace belongs to the given one.
func NewRule(doc document.Document, k Kind, namespace string, spec any) Rule {
	key := Key{k.Group, k.Kind, cmp.Or(doc.Namespace, namespace), doc.Name}
	if k.Type != "" {
		key.Group, key.Kind = "", k.Type
	}
	return Rule{Key: key, Kind: k, Spec: spec, doc: doc}
}

// File is where the rule was read.
func (r Rule) File() string { return r.doc.File }

// Line is the line of a field in the rule's file; of "", the rule's first.
func (r Rule) Line(path string) int { return r.doc.Errorf(path, "").Line }

// Typed is a rule together with its spec.
type Typed[S any] struct {
	*Rule
	Spec *S
}

// Target is a service's port as one client calls it.
type Target struct {
	Client  mesh.Name // a workload
	Service mesh.Name
	Port    int
}
