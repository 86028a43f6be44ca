package objects

import (
	"fmt"
	"time"
)

// Offline is what files alone would make, without a lab: the mesh of Manifests, each workload with
// as many pods as it asks for, and the rules of Files.
type Offline struct {
	Manifests []File
	Files     []File  // rules, and further manifests
	Namespace string  // of objects that name none
	Edition   Edition // whose defaults hold without a rule
	Channel   Channel // what Analyze holds the files to
}

// base is the manifests alone.
func (o Offline) base() (Set, error) {
	set, err := Set{}.In(o.Edition)
	if err != nil {
		return set, Errorf(Invalid, "%v", err)
	}
	list, err := Parse(o.Manifests, o.Namespace, false)
	if err != nil {
		return set, err
	}
	set, _, err = set.Change(Create, list, time.Time{})
	return set, err
}

// Routes are the routes that the files would make. The error is an *Error.
func (o Offline) Routes(q RouteQuery) ([]Routes, error) {
	set, err := o.set()
	if err != nil {
		return nil, err
	}
	return set.Routes(set.Expected(), q)
}

// Convert says the rules of the files, which must be of 2018, in today's words. The error is an
// *Error.
func (o Offline) Convert(to Edition) ([]byte, error) {
	set, err := o.set()
	if err != nil {
		return nil, err
	}
	return set.Convert(to)
}

// set is the manifests with the files.
func (o Offline) set() (Set, error) {
	set, err := o.base()
	if err != nil {
		return set, err
	}
	list, err := Parse(o.Files, o.Namespace, false)
	if err != nil {
		return set, err
	}
	set, _, err = set.Change(Apply, list, time.Time{})
	return set, err
}

// Analyze is what there is to say about the files; the error is about the manifests.
func (o Offline) Analyze() ([]Finding, error) {
	set, err := o.base()
	if err != nil {
		return nil, err
	}
	return o.Channel.analyze(set.Analyze(o.Files, o.Namespace), o.Files, o.Namespace), nil
}

// Check parses the files; the error, an *Error, is what Create would say of them. The warnings are
// about what istioctl took, to be refused by the API server, and so by Create.
func (o Offline) Check() (warnings []string, err error) {
	list, err := Parse(o.Files, o.Namespace, false)
	if err != nil {
		return nil, err
	}
	named, problems := Named(list)
	for _, problem := range problems {
		warnings = append(warnings, fmt.Sprintf("%v; istioctl let that pass, create does not", problem))
	}
	_, _, err = Set{}.Change(Create, named, time.Time{})
	return warnings, err
}
