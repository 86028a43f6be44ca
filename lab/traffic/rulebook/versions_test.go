package rulebook_test

import (
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/rulebook"
)

// version has one route at the ingress, of a rule of its name.
func version(rule string, begun, taken time.Time) *rulebook.Version {
	m := mesh.Mesh{Gateway: mesh.Outbound{Hosts: []mesh.VirtualHost{{Names: []string{"a.test"}, Routes: []mesh.Route{{From: rule}}}}}}
	return &rulebook.Version{
		Begun: begun, Taken: taken, Mesh: m, Rules: []rulebook.Rule{{Name: rule}},
		Unready: map[mesh.Name]string{{Namespace: "n", Name: "pod"}: "is in " + rule},
	}
}

// TestAt finds the version by which a proxy acted: while it takes a new one, that with which it agrees; after
// that, no older one.
func TestAt(t *testing.T) {
	t.Parallel()
	began := time.Unix(1_700_000_000, 0)
	var v rulebook.Versions
	v.Add(version("old", began, began.Add(time.Second)))
	newest := version("new", began.Add(time.Minute), began.Add(time.Hour))
	if before := v.Add(newest); len(before) != 1 || before[0].Name != "old" {
		t.Errorf("before: %+v", before)
	}
	at := func(after time.Duration, route string) string {
		var e envoy.Entry
		e.Time, e.Pod, e.Route, e.Insight.Host = began.Add(after), "ingress", route, "a.test"
		found, _ := v.At(&e)
		return found.Rules[0].Name
	}
	taking := time.Minute + time.Second
	if at(time.Second, "new") != "old" || at(taking, "old") != "old" || at(taking, "new") != "new" {
		t.Error("while the proxy takes the new version")
	}
	v.Settle(newest, began.Add(taking))
	if got := at(taking+time.Second, "old"); got != "new" {
		t.Errorf("after the proxy took the new version: %s", got)
	}
	pod := mesh.Name{Namespace: "n", Name: "pod"}
	if old, now := v.StateOf(pod, began), v.StateOf(pod, began.Add(time.Hour)); old != "is in old" || now != "is in new" {
		t.Errorf("the pod %s, then it %s", old, now)
	}
	v.Forget(began.Add(2 * time.Hour))
	if got := at(0, "old"); got != "new" {
		t.Errorf("forgotten, and found: %s", got)
	}
	v.Remove(newest)
	if before := v.Add(version("next", began, began)); before != nil {
		t.Errorf("removed, and there: %+v", before)
	}
}
