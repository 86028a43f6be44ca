package events

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
	"istio-tutorial/lab/show"
)

// TestPodEvents has each change of a pod, and what is said of it.
func TestPodEvents(t *testing.T) {
	t.Parallel()
	pod := func(edit ...func(*pods.Pod)) pods.Pod {
		p := pods.Pod{
			Name: mesh.Name{Namespace: "n", Name: "p"}, Container: "c", Containers: 2, Ready: 2, PID: 1, Status: "Running",
		}
		for _, e := range edit {
			e(&p)
		}
		return p
	}
	sick := func(p *pods.Pod) { p.Ready, p.Reason = 1, "503" }
	for name, c := range map[string]struct {
		old, now pods.Pod
		known    bool
		want     []string
	}{
		"new": {pods.Pod{}, pod(), false, []string{
			"Normal Scheduled Successfully assigned n/p to lab", "Normal Started Started container c",
		}},
		"the same": {pod(), pod(), true, nil},
		"restart": {pod(), pod(func(p *pods.Pod) { p.PID, p.Restarts, p.LastExit = 2, 1, "exit status 1" }), true, []string{
			"Normal Started Started container c", "Warning BackOff Back-off restarting failed container c: exit status 1",
		}},
		"unhealthy":       {pod(), pod(sick), true, []string{"Warning Unhealthy Readiness probe failed: 503"}},
		"still unhealthy": {pod(sick), pod(sick), true, nil},
		"no image": {pods.Pod{}, pod(func(p *pods.Pod) { p.PID, p.Status, p.Reason = 0, "ImagePullBackOff", "no image" }), false, []string{
			"Normal Scheduled Successfully assigned n/p to lab", "Warning Failed no image",
		}},
		"ending": {pod(), pod(func(p *pods.Pod) { p.Status = pods.Terminating }), true, []string{"Normal Killing Stopping container c"}},
	} {
		var got []string
		for _, e := range ofPod(c.old, c.now, c.known, time.Now()) {
			got = append(got, e.Type()+" "+e.Reason+" "+e.Message)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestEventsAreBounded has more events than are kept, and one that comes again.
func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	var l Log
	about := objects.Ref{Kind: "Pod", Name: "p"}
	first := time.Unix(1, 0)
	for i := range remembered + 10 {
		l.add(show.Event{Object: about, Reason: "R", Message: fmt.Sprint(i), First: first, Last: first})
	}
	l.add(show.Event{Object: about, Reason: "R", Message: "500", First: time.Unix(9, 0), Last: time.Unix(9, 0)})
	all := l.All(nil)
	if len(all) != remembered || all[0].Message != "10" {
		t.Errorf("%d events, the first %+v; want the last %d", len(all), all[0], remembered)
	}
	again := all[490]
	if again.Message != "500" || again.Count != 2 || again.First != first || again.Last != time.Unix(9, 0) {
		t.Errorf("%+v, want one event that came twice", again)
	}
	if other := (objects.Ref{Kind: "Pod", Name: "q"}); len(l.All(&other)) != 0 {
		t.Error("events of another object")
	}
}
