package objects

import (
	"bytes"
	"cmp"
	"errors"
	"slices"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules/gatewayapi"
)

// Channel is of the Gateway API's CRDs: those of Standard refuse fields that the lab has, those of
// Experimental values that the others take. None refuses nothing.
type Channel string

// The channels; Istio's own pages install the standard one.
const (
	Standard     Channel = "standard"
	Experimental Channel = "experimental"
)

// hold is what the channel refuses in a document; what cannot be read is left to who reads it.
func (c Channel) hold(doc document.Document) error {
	switch {
	case group(doc.APIVersion) != gatewayapi.Group:
		return nil
	case c == Standard:
		return gatewayapi.Standard(doc)
	case c == Experimental:
		return gatewayapi.Experimental(doc)
	}
	return nil
}

// Check holds files to the channel. The error is an *Error.
func (c Channel) Check(files []File) error {
	var errs document.Errors
	c.each(files, func(_ document.Document, found document.Errors) { errs = append(errs, found...) })
	if err := errs.OrNil(); err != nil {
		return Errorf(Invalid, "%v", err)
	}
	return nil
}

// each visits the documents that the channel refuses.
func (c Channel) each(files []File, visit func(document.Document, document.Errors)) {
	for _, f := range files {
		docs, err := document.Parse(f.Name, bytes.NewReader(f.Data))
		if err != nil {
			continue
		}
		for _, doc := range docs {
			if found, ok := errors.AsType[document.Errors](c.hold(doc)); ok {
				visit(doc, found)
			}
		}
	}
}

// Analyze adds what the channel refuses to what else there is to say about files.
func (c Channel) Analyze(said []Finding, files []File, namespace string) []Finding {
	a := analyst{findings: said}
	c.each(files, func(doc document.Document, found document.Errors) {
		o, _ := read(doc, namespace) // whose errors are said
		a.refuse(o, found)
	})
	sortByPlace(a.findings)
	return a.findings
}

func sortByPlace(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}
