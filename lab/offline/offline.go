// Package offline is what files alone would make, without a running lab: findings, today's words for
// rules of 2018, routes.
package offline

import (
	"fmt"
	"time"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/routes"
)

// Lab is what files alone would make, without a lab: the mesh of Manifests, each workload with
// as many pods as it asks for, and the rules of Files.
type Lab struct {
	Manifests []objects.File
	Files     []objects.File  // rules, and further manifests
	Namespace string          // of objects that name none
	Edition   objects.Edition // whose defaults hold without a rule
	Channel   objects.Channel // what Analyze holds the files to
}

// base is the manifests alone.
func (o Lab) base() (objects.Set, error) {
	set, err := objects.Set{}.In(o.Edition)
	if err != nil {
		return set, objects.Errorf(objects.Invalid, "%v", err)
	}
	list, err := objects.Parse(o.Manifests, o.Namespace, false)
	if err != nil {
		return set, err
	}
	set, _, err = set.Change(objects.Create, list, time.Time{})
	return set, err
}

// Routes are the routes that the files would make. The error is an *Error.
func (o Lab) Routes(q routes.Query) ([]routes.Table, error) {
	set, err := o.set()
	if err != nil {
		return nil, err
	}
	return routes.Of(set, set.Expected(), q)
}

// Convert says the rules of the files, which must be of 2018, in today's words. The error is an
// *Error.
func (o Lab) Convert(to objects.Edition) ([]byte, error) {
	set, err := o.set()
	if err != nil {
		return nil, err
	}
	return set.Convert(to)
}

// set is the manifests with the files.
func (o Lab) set() (objects.Set, error) {
	set, err := o.base()
	if err != nil {
		return set, err
	}
	list, err := objects.Parse(o.Files, o.Namespace, false)
	if err != nil {
		return set, err
	}
	set, _, err = set.Change(objects.Apply, list, time.Time{})
	return set, err
}

// Analyze is what there is to say about the files; the error is about the manifests.
func (o Lab) Analyze() ([]objects.Finding, error) {
	set, err := o.base()
	if err != nil {
		return nil, err
	}
	return o.Channel.Analyze(set.Analyze(o.Files, o.Namespace), o.Files, o.Namespace), nil
}

// Check parses the files; the error, an *Error, is what Create would say of them. The warnings are
// about what istioctl took, to be refused by the API server, and so by Create.
func (o Lab) Check() (warnings []string, err error) {
	list, err := objects.Parse(o.Files, o.Namespace, false)
	if err != nil {
		return nil, err
	}
	named, problems := objects.Named(list)
	for _, problem := range problems {
		warnings = append(warnings, fmt.Sprintf("%v; istioctl let that pass, create does not", problem))
	}
	_, _, err = objects.Set{}.Change(objects.Create, named, time.Time{})
	return warnings, err
}
