package daemon

import (
	"context"
	"slices"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"
)

// beginVersion tells who explains requests by what the proxy is to act from now on.
func (l *lab) beginVersion(m mesh.Mesh, s objects.Set) (taken func(bool)) {
	return l.traffic.Begin(traffic.Version{
		Mesh:   m,
		Of2018: s.Of2018(),
		Find:   func(q traffic.Question) (traffic.Rule, bool) { return source(m, s, q) },
	}, !slices.Equal(revisions(l.objects()), revisions(s)))
}

// revisions are those of the rules: where one is another, rules have changed.
func revisions(s objects.Set) []int {
	var list []int
	for _, o := range s.Rules() {
		list = append(list, o.Revision)
	}
	return list
}

// source is the rule behind a part of the mesh.
func source(m mesh.Mesh, s objects.Set, q traffic.Question) (traffic.Rule, bool) {
	client, ok := m.Workload(q.Client)
	if !ok {
		client.Name = q.Client
	}
	found, ok := s.Source(objects.SourceQuery{
		Part: string(q.Part), From: q.From, Field: q.Field, Cluster: q.Cluster, Client: client,
	})
	return traffic.Rule{
		Kind: found.Kind, Namespace: found.Namespace, Name: found.Name, Resource: found.Resource,
		File: found.File, Line: found.Line, Revision: found.Revision, Lines: found.Lines,
		Allows: found.Kind == "AuthorizationPolicy" && found.Action != "DENY",
	}, ok
}

// flushed is in what time Envoy has written what it logs, and the lab has read it: it collects lines
// for 20 ms.
const flushed = 30 * time.Millisecond

// requests are those that a query picks. What ended before the question came is among them.
func (l *lab) requests(ctx context.Context, q control.RequestQuery) (control.Requests, error) {
	read, late := time.After(flushed), time.After(max(q.Wait, flushed))
	for ready := false; ; {
		changed := l.traffic.Changed()
		if list := l.traffic.Requests(q.Query); ready && (len(list) > 0 || late == nil) {
			return control.Requests{List: list, Dropped: l.traffic.Dropped()}, nil
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

func (l *lab) trafficTable(_ context.Context, q control.TrafficQuery) (traffic.Table, error) {
	return l.traffic.Table(q.Span), nil
}
