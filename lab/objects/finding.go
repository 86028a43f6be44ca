package objects

import (
	"fmt"

	"istio-tutorial/lab/rules"
)

// Level is how much a finding matters, in istioctl's words.
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
