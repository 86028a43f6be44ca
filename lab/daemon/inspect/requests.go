package inspect

import (
	"context"
	"net/url"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/proxy"
	"istio-tutorial/lab/traffic"
)

// flushed is in what time Envoy has written what it logs, and the lab has read it: it collects lines
// for 20 ms.
const flushed = 30 * time.Millisecond

// Requests are those that a query picks. What ended before the question came is among them.
func (l *Lab) Requests(ctx context.Context, q control.RequestQuery) (control.Requests, error) {
	read, late := time.After(flushed), time.After(max(q.Wait, flushed))
	for ready := false; ; {
		changed := l.Traffic.Changed()
		if list := l.Traffic.Requests(q.Query); ready && (len(list) > 0 || late == nil) {
			l.addTraces(list)
			return control.Requests{List: list, Dropped: l.Traffic.Dropped()}, nil
		}
		select {
		case <-changed:
		case <-read:
			ready, read = true, nil
		case <-late:
			ready, late = true, nil
		case <-ctx.Done():
			return control.Requests{}, ctx.Err()
		}
	}
}

// TrafficTable is how the requests of a time went, and how the pods are.
func (l *Lab) TrafficTable(ctx context.Context, q control.TrafficQuery) (traffic.Table, error) {
	t := l.Traffic.Table(q.Span)
	ejected, err := l.Proxy.Ejected(ctx, l.workloadOf)
	if err != nil {
		return t, err
	}
	t.Pods = l.podStates(ejected)
	return t, nil
}

func (l *Lab) podStates(ejected map[string]proxy.Ejected) []traffic.Pod {
	var list []traffic.Pod
	for _, p := range l.Pods.Pods() {
		e := ejected[p.Name.Name]
		list = append(list, traffic.Pod{
			Workload: p.Workload.Name, Name: p.Name.Name, Status: p.Status, Ready: p.Ready == p.Containers,
			Ejected: e.By, Since: e.Since, Until: e.Until,
		})
	}
	return list
}

// workloadOf is the name of a proxy's workload, given NAMESPACE/POD.
func (l *Lab) workloadOf(pod string) string {
	for _, p := range l.Pods.Pods() {
		if p.Name.String() == pod {
			return p.Workload.Name
		}
	}
	return pod
}

// addTraces says where the spans of requests are.
func (l *Lab) addTraces(list []*traffic.Request) {
	for _, r := range list {
		if l.Traces != "" && r.TraceID != "" {
			r.Trace = l.Traces + url.PathEscape(r.TraceID)
		}
	}
}
