// Package events notes what happens to pods and Deployments, in Kubernetes' words.
package events

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

// Log is what happened, the oldest first. The zero value is empty.
type Log struct {
	end   context.CancelFunc // nil before Begin
	ended sync.WaitGroup

	mu   sync.Mutex
	list []show.Event
}

// Begin notes what becomes of pods, and calls noted after it has, until Stop.
func (l *Log) Begin(all *pods.Manager, noted func()) {
	ctx, cancel := context.WithCancel(context.Background())
	l.end = cancel
	l.ended.Go(func() { l.record(ctx, all, noted) })
}

// Stop ends what Begin began, if it did.
func (l *Log) Stop() {
	if l.end != nil {
		l.end()
	}
	l.ended.Wait()
}

// All are those there are, or those of one object.
func (l *Log) All(of *objects.Ref) []show.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.list), func(one show.Event) bool {
		return of != nil && one.Object != *of
	})
}

// add notes an event; one that comes again is counted.
func (l *Log) add(news ...show.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range news {
		i := slices.IndexFunc(l.list, func(old show.Event) bool {
			return old.Object == n.Object && old.Reason == n.Reason && old.Message == n.Message
		})
		if i >= 0 {
			l.list[i].Count++
			l.list[i].Last = n.Last
			continue
		}
		n.Count = 1
		l.list = append(l.list, n)
	}
	l.list = slices.Delete(l.list, 0, max(0, len(l.list)-remembered))
}

func (l *Log) record(ctx context.Context, all *pods.Manager, noted func()) {
	before := map[string]pods.Pod{}
	for {
		changed := all.Changed()
		now := map[string]pods.Pod{}
		var news []show.Event
		for _, p := range all.Pods() {
			old, known := before[p.Name.String()]
			now[p.Name.String()] = p
			news = append(news, ofPod(old, p, known, time.Now())...)
		}
		before = now
		if len(news) > 0 {
			l.add(news...)
			noted()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// ofPod is what a pod went through, in Kubernetes' words.
func ofPod(old, p pods.Pod, known bool, now time.Time) (list []show.Event) {
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

// Scaled notes which templates have more or fewer pods from now on.
func (l *Log) Scaled(before, now []manifests.Deployment) {
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
		l.add(show.Event{
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
