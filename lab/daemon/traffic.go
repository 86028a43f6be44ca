package daemon

import (
	"context"
	"slices"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
	"istio-tutorial/lab/traffic"
)

// explainer reads the lines of the access log, or not.
func (l *lab) explainer() func(line []byte) {
	if l.cfg.Unexplained {
		return func([]byte) {}
	}
	return l.traffic.Take
}

// beginVersion tells who explains requests by what the proxy is to act from now on.
func (l *lab) beginVersion(m mesh.Mesh, s objects.Set) (taken func(bool)) {
	return l.traffic.Begin(traffic.Version{
		Mesh:    m,
		Of2018:  s.Of2018(),
		Rules:   rulesOf(s),
		Unready: unready(m, l.pods.Pods()),
		Find:    func(q traffic.Question) (traffic.Rule, bool) { return source(m, s, q) },
	}, !slices.Equal(revisions(l.objects()), revisions(s)))
}

// unready are the pods that no call is to go to, and how they are.
func unready(m mesh.Mesh, list []pods.Pod) map[mesh.Name]string {
	how := map[mesh.Name]string{}
	for _, i := range m.Instances {
		n := slices.IndexFunc(list, func(p pods.Pod) bool { return p.Name == i.Name })
		if !i.Ready && n >= 0 {
			how[i.Name] = stateOf(list[n])
		}
	}
	return how
}

func stateOf(p pods.Pod) string {
	switch {
	case p.Status == pods.Terminating:
		return "is ending"
	case p.Restarts == 0 && p.LastExit == "":
		return "is starting"
	case p.Status != "Running":
		return "is in " + p.Status
	}
	return "is not ready"
}

// revisions are those of the rules: where one is another, rules have changed.
func revisions(s objects.Set) []int {
	var list []int
	for _, o := range s.Rules() {
		list = append(list, o.Revision)
	}
	return list
}

func rulesOf(s objects.Set) []traffic.Rule {
	var list []traffic.Rule
	for _, o := range s.Rules() {
		list = append(list, traffic.Rule{
			Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, Resource: o.Resource, File: o.File(), Revision: o.Revision,
		})
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
			l.addTraces(list)
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

func (l *lab) trafficTable(ctx context.Context, q control.TrafficQuery) (traffic.Table, error) {
	t := l.traffic.Table(q.Span)
	ejected, err := l.ejected(ctx)
	if err != nil {
		return t, err
	}
	t.Pods = l.podStates(ejected)
	return t, nil
}

func (l *lab) podStates(ejected map[string]ejected) []traffic.Pod {
	var list []traffic.Pod
	for _, p := range l.pods.Pods() {
		e := ejected[p.Name.Name]
		list = append(list, traffic.Pod{
			Workload: p.Workload.Name, Name: p.Name.Name, Status: p.Status, Ready: p.Ready == p.Containers,
			Ejected: e.by, Since: e.since, Until: e.until,
		})
	}
	return list
}

// workloadOf is the name of a proxy's workload, given NAMESPACE/POD.
func (l *lab) workloadOf(pod string) string {
	for _, p := range l.pods.Pods() {
		if p.Name.String() == pod {
			return p.Workload.Name
		}
	}
	return pod
}
