package objects

import (
	"bytes"
	"errors"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules/gatewayapi"
)

// StandardChannel holds files to the CRDs of the Gateway API's standard channel, which refuse
// fields that the lab has; what cannot be read is left to who reads it. The error is an *Error.
func StandardChannel(files []File) error { return channel(files, gatewayapi.Standard) }

// ExperimentalChannel holds files to the experimental channel's, which refuse values that the
// standard one takes.
func ExperimentalChannel(files []File) error { return channel(files, gatewayapi.Experimental) }

func channel(files []File, hold func(document.Document) error) error {
	var errs document.Errors
	for _, f := range files {
		docs, err := document.Parse(f.Name, bytes.NewReader(f.Data))
		if err != nil {
			continue
		}
		for _, doc := range docs {
			if group(doc.APIVersion) != gatewayapi.Group {
				continue
			}
			if found, ok := errors.AsType[document.Errors](hold(doc)); ok {
				errs = append(errs, found...)
			}
		}
	}
	if err := errs.OrNil(); err != nil {
		return Errorf(Invalid, "%v", err)
	}
	return nil
}
