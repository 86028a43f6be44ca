package objects_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/objects"
)

// A template that comes again has a new revision, and old ones go after ten, as in Kubernetes.
func TestHistory(t *testing.T) {
	t.Parallel()
	const name = "../../deploy/recommendation/Deployment-v2.yml"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	list := parse(t, string(data))
	s, _, err := objects.Set{}.Change(objects.Create, list, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	ref := list[0].Ref
	do := func(edit func(objects.Set) (objects.Set, []objects.Result, error)) []objects.Result {
		t.Helper()
		next, results, err := edit(s)
		if err != nil {
			t.Fatal(err)
		}
		s = next
		return results
	}
	setX := func(value string) {
		do(func(s objects.Set) (objects.Set, []objects.Result, error) {
			return s.SetEnv([]objects.Ref{ref}, map[string]string{"X": value}, nil, time.Unix(7, 0))
		})
	}
	revisions := func() string {
		o, _ := s.Find(ref)
		var list []string
		for _, one := range o.History() {
			list = append(list, strconv.Itoa(one.Revision))
		}
		return strings.Join(list, " ")
	}
	setX("1")
	do(func(s objects.Set) (objects.Set, []objects.Result, error) {
		return s.Scale([]objects.Ref{ref}, 3, nil, time.Unix(8, 0))
	})
	if o, _ := s.Find(ref); !o.History()[1].Created.Equal(time.Unix(7, 0)) {
		t.Errorf("the second template is from %v, and not from when it was first used", o.History()[1].Created)
	}
	if got := revisions(); got != "1 2" {
		t.Errorf("revisions %s, want 1 2: scaling makes none", got)
	}
	undo := func(revision int) func(objects.Set) (objects.Set, []objects.Result, error) {
		return func(s objects.Set) (objects.Set, []objects.Result, error) {
			return s.Undo([]objects.Ref{ref}, revision, time.Unix(2, 0))
		}
	}
	if results := do(undo(0)); results[0].Done != "rolled back" || revisions() != "2 3" {
		t.Errorf("%+v, revisions %s, want 2 3", results, revisions())
	}
	o, _ := s.Find(ref)
	if d := o.Manifest.Deployment; d.Replicas != 3 || strings.Contains(o.History()[1].YAML, "name: X") {
		t.Errorf("%d replicas, %s: only the template goes back", d.Replicas, o.History()[1].YAML)
	}
	if results := do(undo(3)); !strings.HasPrefix(results[0].Done, "skipped rollback") {
		t.Errorf("%+v", results)
	}
	if _, _, err := undo(1)(s); err == nil || err.Error() != "unable to find specified revision 1 in history" {
		t.Errorf("error %v", err)
	}
	for i := range 20 {
		setX(strconv.Itoa(100 + i))
	}
	if got := revisions(); got != "13 14 15 16 17 18 19 20 21 22 23" {
		t.Errorf("revisions %s", got)
	}
}
