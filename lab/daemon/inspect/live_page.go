package inspect

import (
	"context"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/traffic"
)

// Live is what a page shows, as soon as there is something new of it.
func (l *Lab) Live(ctx context.Context, q control.LiveQuery) (control.Live, error) {
	late := time.After(q.Wait)
	for {
		changed := l.Traffic.Changed()
		answer := control.Live{At: time.Now()}
		if q.Last > 0 {
			answer.Requests = l.briefs(q)
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

// briefs are the latest requests, and of those before them some that went wrong: in a rush nobody would see
// them else.
func (l *Lab) briefs(q control.LiveQuery) []traffic.Brief {
	list := l.Traffic.Briefs(traffic.Query{Heard: q.Heard, Last: q.Last})
	if len(list) < q.Last || q.Failed == 0 {
		return list
	}
	known := map[string]bool{}
	for _, b := range list {
		known[b.ID] = true
	}
	for _, b := range l.Traffic.Briefs(traffic.Query{Heard: q.Heard, Last: q.Failed, Failed: true}) {
		if !known[b.ID] {
			list = append(list, b)
		}
	}
	return list
}

func (l *Lab) withTables(ctx context.Context, seen traffic.Seen, answer control.Live) (control.Live, error) {
	ejected, err := l.Proxy.EjectedLately(ctx, l.workloadOf)
	if err != nil {
		return answer, err
	}
	pods := l.podStates(ejected)
	for _, span := range traffic.Spans() {
		t := l.Traffic.Table(span)
		t.Pods = pods
		answer.Tables = append(answer.Tables, t)
	}
	answer.History, answer.Rules = l.Traffic.HistoryAfter(seen), Rules(l.Objects())
	return answer, nil
}
