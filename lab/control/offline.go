package control

import (
	"time"

	"istio-tutorial/lab/objects"
)

// Offline is what files alone would make, without a lab: the mesh of Manifests, each workload with
// as many pods as it asks for, and the rules of Files.
type Offline struct {
	Manifests []File
	Files     []File // rules, and further manifests
	Namespace string // of objects that name none
}

// Routes are the routes that the files would make. The error is an *Error.
func (o Offline) Routes(q RouteQuery) ([]Routes, error) {
	var set objects.Set
	for _, step := range []struct {
		verb  Verb
		files []File
	}{{Create, o.Manifests}, {Apply, o.Files}} {
		list, err := objects.Parse(step.files, o.Namespace, false)
		if err != nil {
			return nil, err
		}
		if set, _, err = set.Change(step.verb, list, time.Time{}); err != nil {
			return nil, err
		}
	}
	return routesOf(set, set.Expected(), q)
}

// Check parses the files; the error, an *Error, is what Create would say of them.
func (o Offline) Check() error {
	list, err := objects.Parse(o.Files, o.Namespace, false)
	if err != nil {
		return err
	}
	_, _, err = objects.Set{}.Change(Create, list, time.Time{})
	return err
}
