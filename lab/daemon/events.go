package daemon

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
	"istio-tutorial/lab/show"
)

// remembered is how many events are kept.
const remembered = 1000

// events is what happened to pods and Deployments, the oldest first.
type events struct {
	end   context.CancelFunc // nil before begin
	ended sync.WaitGroup

	mu   sync.Mutex
	list []show.Event
}

// begin has record run until stop.
func (e *events) begin(record func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	e.end = cancel
	e.ended.Go(func() { record(ctx) })
}

func (e *events) stop() {
	if e.end != nil {
		e.end()
	}
	e.ended.Wait()
}

// all are those there are, or those of one object.
func (e *events) all(of *objects.Ref) []show.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.list), func(one show.Event) bool {
		return of != nil && one.Object != *of
	})
}

// add notes an event; one that comes again is counted.
func (e *events) add(news ...show.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, n := range news {
		i := slices.IndexFunc(e.list, func(old show.Event) bool {
			return old.Object == n.Object && old.Reason == n.Reason && old.Message == n.Message
		})
		if i >= 0 {
			e.list[i].Count++
			e.list[i].Last = n.Last
			continue
		}
		n.Count = 1
		e.list = append(e.list, n)
	}
	e.list = slices.Delete(e.list, 0, max(0, len(e.list)-remembered))
}

// recordEvents notes what becomes of pods, until ctx ends.
func (l *lab) recordEvents(ctx context.Context) {
	before := map[string]pods.Pod{}
	for {
		changed := l.pods.Changed()
		now := map[string]pods.Pod{}
		var news []show.Event
		for _, p := range l.pods.Pods() {
			old, known := before[p.Name.String()]
			now[p.Name.String()] = p
			news = append(news, podEvents(old, p, known, time.Now())...)
		}
		before = now
		if len(news) > 0 {
			l.events.add(news...)
			l.mu.Lock()
			l.ring()
			l.mu.Unlock()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// podEvents are what a pod went through, in Kubernetes' words.
func podEvents(old, p pods.Pod, known bool, now time.Time) (list []show.Event) {
	kind, _ := objects.FindKind(objects.PodKind)
	say := func(warning bool, reason, format string, args ...any) {
		list = append(list, show.Event{
			Object: objects.NewRef(kind, p.Namespace, p.Name.Name), Warning: warning, Reason: reason,
			Message: fmt.Sprintf(format, args...), First: now, Last: now,
		})
	}
	if !known {
		say(false, "Scheduled", "Successfully assigned %s to lab", p.Name)
	}
	if p.PID != 0 && p.PID != old.PID {
		say(false, "Started", "Started container %s", p.Container)
	}
	if p.Restarts > old.Restarts {
		say(true, "BackOff", "Back-off restarting failed container %s: %s", p.Container, p.LastExit)
	}
	switch reason := trouble(old, p, known); reason {
	case "":
	case "Unhealthy":
		say(true, reason, "Readiness probe failed: %s", p.Reason)
	default:
		say(true, reason, "%s", p.Reason)
	}
	if p.Status == pods.Terminating && old.Status != pods.Terminating {
		say(false, "Killing", "Stopping container %s", p.Container)
	}
	return list
}

// trouble is Kubernetes' word for a new reason why a pod is not ready, "" if there is none.
func trouble(old, p pods.Pod, known bool) string {
	switch {
	case p.Reason == "" || p.Reason == old.Reason || p.Status == pods.Terminating:
		return ""
	case p.PID == 0 && p.Status != "Pending":
		return "Failed"
	case known && old.Ready == old.Containers:
		return "Unhealthy"
	default:
		return ""
	}
}

// noteScaling notes which templates have more or fewer pods from now on.
func (l *lab) noteScaling(before, now []manifests.Deployment) {
	kind, _ := objects.FindKind("deployment")
	at := time.Now()
	say := func(d manifests.Deployment, from, to int) {
		how := "up"
		if to < from {
			how = "down"
		}
		if from == to {
			return
		}
		l.events.add(show.Event{
			Object: objects.NewRef(kind, d.Workload.Namespace, d.Workload.Name.Name), Reason: "ScalingReplicaSet",
			Message: fmt.Sprintf("Scaled %s replica set %s-%s from %d to %d",
				how, d.Workload.Name.Name, d.Hash, from, to),
			First: at, Last: at,
		})
	}
	for _, d := range now {
		i := slices.IndexFunc(before, func(old manifests.Deployment) bool {
			return old.Workload.Name == d.Workload.Name
		})
		switch {
		case i < 0:
			say(d, 0, d.Replicas)
		case before[i].Hash == d.Hash:
			say(d, before[i].Replicas, d.Replicas)
		default:
			say(d, 0, d.Replicas)
			say(before[i], before[i].Replicas, 0)
		}
	}
}
