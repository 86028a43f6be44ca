package daemon

import (
	"context"
	"sync"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/traffic"
)

// live is what a page shows, as soon as there is something new of it.
func (l *lab) live(ctx context.Context, q control.LiveQuery) (control.Live, error) {
	late := time.After(q.Wait)
	for {
		changed := l.traffic.Changed()
		answer := control.Live{At: time.Now()}
		if q.Last > 0 {
			answer.Requests = l.traffic.Briefs(traffic.Query{Heard: q.Heard, Last: q.Last})
		}
		if len(answer.Requests) > 0 || late == nil {
			return l.withTables(ctx, q.Seen, answer)
		}
		select {
		case <-changed:
		case <-late:
			late = nil
		case <-ctx.Done():
			return answer, ctx.Err()
		}
	}
}

func (l *lab) withTables(ctx context.Context, seen traffic.Seen, answer control.Live) (control.Live, error) {
	ejected, err := l.lately.get(func() (map[string]ejected, error) { return l.ejected(ctx) })
	if err != nil {
		return answer, err
	}
	pods := l.podStates(ejected)
	for _, span := range traffic.Spans() {
		t := l.traffic.Table(span)
		t.Pods = pods
		answer.Tables = append(answer.Tables, t)
	}
	answer.History, answer.Rules = l.traffic.HistoryAfter(seen), rulesOf(l.objects())
	return answer, nil
}

// lately is an answer of the proxy that is asked for again and again: all its clusters are in it.
type lately struct {
	mu    sync.Mutex
	at    time.Time
	value map[string]ejected
}

// fresh is for how long the answer is good.
const fresh = 500 * time.Millisecond

func (a *lately) get(ask func() (map[string]ejected, error)) (map[string]ejected, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Since(a.at) < fresh {
		return a.value, nil
	}
	value, err := ask()
	if err == nil {
		a.at, a.value = time.Now(), value
	}
	return value, err
}
