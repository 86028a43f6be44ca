package objects

import (
	"fmt"

	"istio-tutorial/lab/rules"
)

// Level is how much a finding matters, in istioctl's words. Who shows findings gets them from here alone, rules' own and
// those of manifests, and does not import rules.
type Level = rules.Level

// The levels, the lightest first.
const (
	Info    = rules.Info
	Warning = rules.Warning
	Fatal   = rules.Error

	Unsupported = rules.Unsupported // valid, and not for the lab
)

// Finding is a sentence about an object: it is refused, it never acts, or it acts less than its
// file says.
type Finding struct {
	Ref
	Origin string // KIND NAMESPACE/NAME; "" where the sentence begins with the name
	File   string
	Line   int
	Code   string // istioctl's, such as IST0101; "" where it has none
	Level  Level
	Text   string
}

// Unreadable reports that the file is no YAML, so that it has no object to speak of.
func (f Finding) Unreadable() bool { return f.Level == Fatal && f.Origin == "" }

// Sentence is the finding with what it is about, but for its place.
func (f Finding) Sentence() string {
	text := f.Text
	if f.Origin != "" {
		text = fmt.Sprintf("(%s) %s", f.Origin, text)
	}
	if f.Code != "" {
		text = fmt.Sprintf("[%s] %s", f.Code, text)
	}
	return text
}

// Warning is a finding about a field of a rule that only what runs can tell; false if there is no such rule.
func (s Set) Warning(kind, namespace, name, field, text string) (Finding, bool) {
	for _, o := range s.objects {
		if o.Kind == kind && o.Namespace == namespace && o.Name == name && o.rule != nil {
			one := rules.Finding{Key: o.rule.Key, Path: field, Level: Warning, Text: text}
			return findings(rules.Set{}.Apply(*o.rule), []rules.Finding{one})[0], true
		}
	}
	return Finding{}, false
}

// findings have their places in files. A sentence of 2018 begins with the rule's name.
func findings(set rules.Set, found []rules.Finding) []Finding {
	var list []Finding
	for _, f := range found {
		r, _ := set.Get(f.Key)
		one := Finding{
			Ref:  NewRef(r.Kind, f.Key.Namespace, f.Key.Name),
			File: r.File(), Line: r.Line(f.Path),
			Code: f.Code.Istioctl(), Level: f.Level, Text: f.Text,
		}
		if r.Kind.Type == "" {
			one.Origin = f.Key.String()
		}
		list = append(list, one)
	}
	return list
}
