package objects

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"istio-tutorial/lab/manifests"
)

// Verb is what a change does.
type Verb string

// The verbs. Create refuses what is there, Replace and Delete what is not; Apply takes both.
const (
	Create  Verb = "create"
	Apply   Verb = "apply"
	Replace Verb = "replace"
	Delete  Verb = "delete"
)

// Set is objects, each once, in the order of their creation. It is never changed.
type Set struct {
	objects  []Object
	revision int         // of the last change
	edition  int         // the dialect whose defaults hold without rules
	known    *resolution // nil in the zero Set: each answer is computed anew
}

func (s Set) clone() Set {
	s.objects, s.known = slices.Clone(s.objects), nil
	return s
}

// Result is what was done with one object.
type Result struct {
	Ref
	Done     string   // created, configured, unchanged, replaced, deleted, scaled, "env updated", restarted
	Revision int      // of the object; 0 when deleted
	Warnings []string // sentences: why a rule never acts, or acts less than it says
	With     []Ref    // what was deleted with a namespace: all that was left in it
}

// All are the objects.
func (s Set) All() []Object { return slices.Clone(s.objects) }

// Rules are those that are rules.
func (s Set) Rules() []Object {
	return slices.DeleteFunc(s.All(), func(o Object) bool { return o.rule == nil })
}

// Deployments are those of the manifests.
func (s Set) Deployments() []manifests.Deployment {
	var list []manifests.Deployment
	for _, m := range s.manifests() {
		if m.Deployment != nil {
			list = append(list, *m.Deployment)
		}
	}
	return list
}

func (s Set) manifests() []manifests.Object {
	var list []manifests.Object
	for _, o := range s.objects {
		if o.Manifest != nil {
			list = append(list, *o.Manifest)
		}
	}
	return list
}

// Find is the object of a name.
func (s Set) Find(ref Ref) (Object, bool) {
	if i := s.index(ref); i >= 0 {
		return s.objects[i], true
	}
	return Object{}, false
}

func (s Set) index(ref Ref) int {
	return slices.IndexFunc(s.objects, func(o Object) bool { return o.Ref == ref })
}

// Change does a verb on some objects, one after the other. The error is an *Error; with any, the
// Set is the old one, but for Delete, which deletes what there is.
func (s Set) Change(verb Verb, list []Object, now time.Time) (Set, []Result, error) {
	c := change{Set: s.clone(), now: now}
	do := map[Verb]func(Object){
		Create: c.create, Apply: c.apply, Replace: c.replace, Delete: c.delete,
	}[verb]
	if do == nil {
		return s, nil, &Error{Invalid, []string{fmt.Sprintf("no such verb: %q", verb)}}
	}
	named, problems := Named(list)
	for _, err := range problems {
		c.problems.add(Invalid, err)
	}
	for _, o := range named {
		do(o)
	}
	c.empty()
	c.oneDialect()
	if err := tooManyHosts(c.objects); err != nil {
		c.problems.add(Invalid, err)
	}
	if err := c.problems.orNil(); err != nil && verb != Delete {
		return s, nil, err
	}
	return c.resolved(), c.results, c.problems.orNil()
}

// Remove deletes objects by name, as Change does.
func (s Set) Remove(refs []Ref) (Set, []Result, error) {
	c := change{Set: s.clone()}
	for _, ref := range refs {
		c.delete(Object{Ref: ref})
	}
	c.empty()
	return c.resolved(), c.results, c.problems.orNil()
}

// change is a Set on its way to another.
type change struct {
	Set
	now      time.Time
	results  []Result
	problems Error
}

func (c *change) create(o Object) {
	if c.index(o.Ref) >= 0 {
		c.problems.add(AlreadyExists, fmt.Errorf("%s%s already exists", o.place(), o.resource()))
		return
	}
	c.put(o, "created")
}

func (c *change) replace(o Object) {
	if c.index(o.Ref) < 0 {
		c.problems.add(NotFound, fmt.Errorf("%s%w", o.place(), missing(o.kind(), o.Name)))
		return
	}
	c.put(o, "replaced")
}

func (c *change) apply(o Object) {
	i := c.index(o.Ref)
	switch {
	case i < 0:
		c.put(o, "created")
	case same(c.objects[i], o):
		c.done(c.objects[i], "unchanged")
	default:
		c.put(o, "configured")
	}
}

func (c *change) delete(o Object) {
	i := c.index(o.Ref)
	if i < 0 {
		c.problems.add(NotFound, missing(o.kind(), o.Name))
		return
	}
	c.objects = slices.Delete(c.objects, i, i+1)
	c.revision++
	c.done(Object{Ref: o.Ref}, "deleted")
}

// put adds an object, or replaces the one of its name, which stays as old as it is.
func (c *change) put(o Object, done string) {
	c.revision++
	o.Revision, o.Created = c.revision, c.now
	if i := c.index(o.Ref); i >= 0 {
		o.Created, o.history = c.objects[i].Created, o.since(c.objects[i], c.now)
		c.objects[i] = o
	} else {
		o.history = o.since(Object{}, c.now)
		c.objects = append(c.objects, o)
	}
	c.done(o, done)
}

func (c *change) done(o Object, what string) {
	c.results = append(c.results, Result{Ref: o.Ref, Done: what, Revision: o.Revision})
}

// Scale sets the replicas of Deployments; if current is not nil, each must have so many now.
func (s Set) Scale(refs []Ref, replicas int, current *int, now time.Time) (Set, []Result, error) {
	return s.edit(refs, "scaled", now, func(o manifests.Object) (manifests.Object, error) {
		if d := o.Deployment; d != nil && current != nil && d.Replicas != *current {
			return o, fmt.Errorf("%s: expected replicas to be %d, was %d", o.Name, *current, d.Replicas)
		}
		return o.Scale(replicas)
	})
}

// SetEnv sets variables of Deployments, and unsets others.
func (s Set) SetEnv(refs []Ref, set map[string]string, unset []string, now time.Time) (Set, []Result, error) {
	return s.edit(refs, "env updated", now, func(o manifests.Object) (manifests.Object, error) {
		return o.SetEnv(maps.Clone(set), unset...)
	})
}

// Restart gives Deployments new pods.
func (s Set) Restart(refs []Ref, now time.Time) (Set, []Result, error) {
	return s.edit(refs, "restarted", now, func(o manifests.Object) (manifests.Object, error) {
		return o.Restart(now)
	})
}

func (s Set) edit(
	refs []Ref, done string, now time.Time, edit func(manifests.Object) (manifests.Object, error),
) (Set, []Result, error) {
	c := change{Set: s.clone(), now: now}
	for _, ref := range refs {
		i := c.index(ref)
		if i < 0 {
			c.problems.add(NotFound, missing(ref.kind(), ref.Name))
			continue
		}
		o := c.objects[i]
		if o.Manifest == nil {
			c.problems.add(Invalid, fmt.Errorf("%s/%s is not a deployment", ref.Resource, ref.Name))
			continue
		}
		edited, err := edit(*o.Manifest)
		if err != nil {
			c.problems.add(Invalid, err)
			continue
		}
		o.Manifest = &edited
		c.put(o, done)
	}
	if err := c.problems.orNil(); err != nil {
		return s, nil, err
	}
	return c.resolved(), c.results, nil
}
