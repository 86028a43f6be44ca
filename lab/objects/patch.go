package objects

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
)

// PatchType says how a patch is written.
type PatchType string

// The types of a patch, by kubectl's words.
const (
	StrategicPatch PatchType = "strategic" // a mapping; lists of Kubernetes' own kinds are joined by name
	MergePatch     PatchType = "merge"     // RFC 7386: a mapping; lists are replaced
	JSONPatch      PatchType = "json"      // RFC 6902: a list of operations
)

// Patch is a change of an object in part.
type Patch struct {
	Type PatchType
	Data []byte // JSON
}

// Patch changes objects in part.
func (s Set) Patch(refs []Ref, p Patch, now time.Time) (Set, []Result, error) {
	return s.rewrite(refs, now, "patched", func(o Object, data []byte) ([]byte, error) {
		return p.apply(o.Kind, data)
	})
}

func (p Patch) apply(kind string, data []byte) ([]byte, error) {
	switch p.Type {
	case JSONPatch:
		operations, err := jsonpatch.DecodePatch(p.Data)
		if err != nil {
			return nil, fmt.Errorf("a JSON patch is a list of operations: %w", err)
		}
		return operations.Apply(data)
	case MergePatch:
		return jsonpatch.MergePatch(data, p.Data)
	case StrategicPatch:
		patched, err := manifests.StrategicMerge(kind, data, p.Data)
		if errors.Is(err, manifests.ErrNoStrategy) {
			return nil, fmt.Errorf("strategic merge patch is not supported for %s: add --type=merge", kind)
		}
		return patched, err
	default:
		return nil, fmt.Errorf("--type=%s: want strategic, merge or json", p.Type)
	}
}

// Marks are labels, or annotations, to set and to unset.
type Marks struct {
	Field     string // labels or annotations
	Set       map[string]string
	Unset     []string
	Overwrite bool // what is there with another value; else it is refused
}

// Mark sets labels or annotations of objects.
func (s Set) Mark(refs []Ref, m Marks, now time.Time) (Set, []Result, error) {
	return s.rewrite(refs, now, m.done(), func(_ Object, data []byte) ([]byte, error) {
		present := marksIn(data, m.Field)
		for _, name := range slices.Sorted(maps.Keys(m.Set)) {
			if old, there := present[name]; there && old != m.Set[name] && !m.Overwrite {
				return nil, fmt.Errorf("'%s' already has a value (%s), and --overwrite is false", name, old)
			}
		}
		patch, err := m.patch()
		if err != nil {
			return nil, err
		}
		return jsonpatch.MergePatch(data, patch)
	})
}

func marksIn(data []byte, field string) map[string]string {
	var object struct {
		Metadata map[string]json.RawMessage
	}
	marks := map[string]string{}
	if json.Unmarshal(data, &object) == nil {
		_ = json.Unmarshal(object.Metadata[field], &marks) // none are there
	}
	return marks
}

// done is kubectl's word for it.
func (m Marks) done() string {
	switch {
	case m.Field == "annotations":
		return "annotated"
	case len(m.Set) == 0:
		return "unlabeled"
	default:
		return "labeled"
	}
}

// patch is the same as a merge patch, where null unsets.
func (m Marks) patch() ([]byte, error) {
	marks := map[string]any{}
	for name, value := range m.Set {
		marks[name] = value
	}
	for _, name := range m.Unset {
		marks[name] = nil
	}
	return json.Marshal(map[string]any{"metadata": map[string]any{m.Field: marks}})
}

// rewrite changes the JSON of objects; what comes of it is read as a file would be.
func (s Set) rewrite(
	refs []Ref, now time.Time, done string, edit func(Object, []byte) ([]byte, error),
) (Set, []Result, error) {
	c := change{Set: s.clone(), now: now}
	for _, ref := range refs {
		if err := c.rewrite(ref, done, edit); err != nil {
			c.problems.add(Invalid, err)
		}
	}
	c.oneDialect()
	if err := c.problems.orNil(); err != nil {
		return s, nil, err
	}
	return c.resolved(), c.results, nil
}

func (c *change) rewrite(ref Ref, done string, edit func(Object, []byte) ([]byte, error)) error {
	o := c.objects[c.index(ref)]
	name := o.Resource + "/" + o.Name
	before, err := canonical(o)
	if err != nil {
		return err
	}
	after, err := edit(o, before)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	doc, err := document.FromJSON(name, after)
	if err != nil {
		return err
	}
	edited, err := read(doc, o.Namespace)
	if err != nil {
		return err
	}
	if edited.Ref != o.Ref {
		return fmt.Errorf("%s: a patch cannot change what an object is: kind, name and namespace stay", name)
	}
	if now, err := canonical(edited); err == nil && bytes.Equal(before, now) {
		c.done(o, unchanged(done))
		return nil
	}
	c.put(edited, done)
	return nil
}

// unchanged is kubectl's word where nothing came of it.
func unchanged(done string) string {
	switch {
	case strings.HasSuffix(done, "labeled"):
		return "not labeled"
	case done == "patched":
		return "patched (no change)"
	default:
		return done
	}
}

// SetImage sets the image of a container of Deployments; * is any.
func (s Set) SetImage(refs []Ref, images map[string]string, now time.Time) (Set, []Result, error) {
	return s.edit(refs, "image updated", now, func(o manifests.Object) (manifests.Object, error) {
		return o.SetImage(images)
	})
}
