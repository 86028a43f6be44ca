package objects

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
)

// codeSchema is istioctl's code of what admission refuses.
const codeSchema = "IST0106"

// Analyze is what there is to say about files, beside the objects of the set: what would be
// refused, and what would not do what it says. Of an object that several files have, as those of
// a tutorial's steps do, each is looked at in its turn.
func (s Set) Analyze(files []File, namespace string) []Finding {
	a := analyst{namespace: namespace}
	read := make([][]Object, len(files))
	for i, f := range files {
		read[i] = a.read(f)
		s = s.with(read[i])
	}
	a.refuse(Object{}, tooManyHosts(s.objects))
	all, told := s.said(), map[Finding]bool{}
	for i, f := range files {
		said := all
		if next := s.with(read[i]); !slices.EqualFunc(next.objects, s.objects, sameDocument) {
			said = next.said()
		}
		for _, one := range said {
			if one.File == f.Name && !slices.Contains(a.partly, one.Ref) && !told[one] {
				told[one] = true
				a.findings = append(a.findings, one)
			}
		}
	}
	sortByPlace(a.findings)
	return a.findings
}

// Analysis is what there is to say about the objects of the set.
func (s Set) Analysis() []Finding { return s.said() }

// with has objects in the place of those of their names, whatever their dialects.
func (s Set) with(list []Object) Set {
	c := change{Set: s.clone()}
	for _, o := range list {
		c.put(o, "")
	}
	return c.resolved()
}

func sameDocument(a, b Object) bool {
	return a.Ref == b.Ref && a.doc.File == b.doc.File && a.doc.Line == b.doc.Line
}

// said is about rules, and about what a cluster would refuse.
func (s Set) said() []Finding {
	now := time.Now()
	list, manifests := s.Findings(s.Expected().At(now)), s.manifests()
	for _, o := range s.objects {
		list = slices.Concat(list, s.notes(o, now), s.istioctls(o, manifests))
		for _, text := range s.onCluster(Result{Ref: o.Ref}) {
			list = append(list, Finding{
				Ref: o.Ref, Origin: o.origin(), File: o.doc.File, Line: o.doc.Line,
				Level: Warning, Text: text,
			})
		}
	}
	return list
}

// warned is what admission says of a rule that it takes; nothing of other objects.
func (o Object) warned() []Finding {
	if o.rule == nil {
		return nil
	}
	found := slices.Clone(o.rule.Warnings)
	for i := range found {
		found[i].Key = o.rule.Key
	}
	return findings(rules.Set{}.Apply(*o.rule), found)
}

func (o Object) origin() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + mesh.Name{Namespace: o.Namespace, Name: o.Name}.String()
}

type analyst struct {
	namespace string
	partly    []Ref // refused for the lab's own limits
	findings  []Finding
}

// read takes what is valid of a file.
func (a *analyst) read(f File) []Object {
	docs, err := document.Parse(f.Name, bytes.NewReader(f.Data))
	a.refuse(Object{}, err)
	var list []Object
	for _, doc := range docs {
		o, err := read(doc, a.namespace)
		if err == nil && o.Name == "" {
			err = doc.CheckName()
		}
		if err != nil {
			a.refuse(o, err)
			if o.rule == nil {
				var isThere bool
				if o, isThere = standIn(doc, a.namespace); !isThere {
					continue
				}
			}
			a.partly = append(a.partly, o.Ref) // what others say of it is right
			a.findings = append(a.findings, o.warned()...)
		}
		list = append(list, o)
	}
	return list
}

// isKindOfClusters reports whether Istio or the Gateway API have a kind that the lab has not; others
// are misspelt.
func isKindOfClusters(kind string) bool {
	return slices.Contains([]string{
		"WorkloadEntry", "WorkloadGroup", "ProxyConfig", "WasmPlugin", "RequestAuthentication", "TrafficExtension",
		"TCPRoute", "TLSRoute", "UDPRoute", "ReferenceGrant", "BackendTLSPolicy", "GatewayClass",
		"ListenerSet", "XListenerSet", "XBackendTrafficPolicy",
	}, kind)
}

// refuse takes an error of a document, or of a file without any.
func (a *analyst) refuse(o Object, err error) {
	var problems document.Errors
	errors.As(err, &problems)
	for _, p := range problems {
		f := Finding{Ref: o.Ref, File: p.File, Line: p.Line, Level: Fatal, Text: p.Cause.Error()}
		if p.Field != "" {
			f.Text = p.Field + ": " + f.Text
		}
		if o.Kind != "" {
			f.Origin, f.Code, f.Text = o.origin(), codeSchema, "Schema validation error: "+f.Text
		}
		_, isLimit := errors.AsType[manifests.Limit](p.Cause)
		switch {
		case isLimit:
			f.Level, f.Code = Unsupported, ""
			f.Text = p.Field + ": " + p.Cause.Error() + "; a cluster takes it"
		case rules.IsUnsupported(p.Cause) && (p.Field != "kind" || isKindOfClusters(o.Kind) || classic.IsOther(o.Kind)):
			f.Level, f.Code = Unsupported, ""
			f.Text = strings.TrimPrefix(strings.ReplaceAll(f.Text, rules.ErrUnsupported.Error(),
				"the lab does not do this; a cluster does"), "Schema validation error: ")
		}
		a.findings = append(a.findings, f)
	}
}
