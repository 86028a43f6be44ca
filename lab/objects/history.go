package objects

import (
	"fmt"
	"slices"
	"time"

	"istio-tutorial/lab/manifests"
)

// Template is a pod template that a Deployment has, or had.
type Template struct {
	Revision int
	Cause    string // the annotation kubernetes.io/change-cause, "" for none
	Hash     string
	Created  time.Time // when it was first used
	YAML     string

	manifest manifests.Object
}

// changeCause is where kubectl notes why.
const changeCause = "kubernetes.io/change-cause"

// kept is how many old templates Kubernetes keeps.
const kept = 10

// History are the templates of a Deployment, the oldest first; the last is in force.
func (o Object) History() []Template { return slices.Clone(o.history) }

// since is the history after a change from another object, or from none. A template that comes
// again is the same, and has a new revision.
func (o Object) since(before Object, now time.Time) []Template {
	if o.Manifest == nil || o.Manifest.Deployment == nil {
		return nil
	}
	list := slices.Clone(before.history)
	t := Template{Revision: 1, Hash: o.Manifest.Deployment.Hash, Created: now}
	if len(list) > 0 {
		t.Revision = list[len(list)-1].Revision + 1
	}
	if i := slices.IndexFunc(list, func(old Template) bool { return old.Hash == t.Hash }); i >= 0 {
		t.Created = list[i].Created
		if i == len(list)-1 {
			t.Revision = list[i].Revision
		}
		list = slices.Delete(list, i, i+1)
	}
	t.manifest, t.Cause, t.YAML = *o.Manifest, o.Manifest.Annotation(changeCause), o.Manifest.Template()
	return append(list[max(0, len(list)-kept):], t)
}

// Undo gives Deployments an earlier template: of a revision, or of the one before if it is 0.
func (s Set) Undo(refs []Ref, revision int, now time.Time) (Set, []Result, error) {
	c := change{Set: s.clone(), now: now}
	for _, ref := range refs {
		if err := c.undo(ref, revision); err != nil {
			c.problems.add(Invalid, err)
		}
	}
	if err := c.problems.orNil(); err != nil {
		return s, nil, err
	}
	return c.resolved(), c.results, nil
}

func (c *change) undo(ref Ref, revision int) error {
	o := c.objects[c.index(ref)]
	list := o.history
	i := len(list) - 2
	if revision > 0 {
		i = slices.IndexFunc(list, func(t Template) bool { return t.Revision == revision })
	}
	switch {
	case i < 0 && revision > 0:
		return fmt.Errorf("unable to find specified revision %d in history", revision)
	case i < 0:
		return fmt.Errorf("no rollout history found for deployment %q", ref.Name)
	case i == len(list)-1:
		c.done(o, fmt.Sprintf("skipped rollback (current template already matches revision %d)", revision))
		return nil
	}
	edited, err := o.Manifest.SetTemplate(list[i].manifest)
	if err != nil {
		return err
	}
	o.Manifest = &edited
	c.put(o, "rolled back")
	return nil
}
