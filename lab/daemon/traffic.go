package daemon

import (
	"slices"

	"istio-tutorial/lab/daemon/inspect"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
	"istio-tutorial/lab/traffic/rulebook"
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
	return l.traffic.Begin(rulebook.Version{
		Mesh:    m,
		Of2018:  s.Of2018(),
		Rules:   inspect.Rules(s),
		Unready: unready(m, l.pods.Pods()),
		Find:    func(q rulebook.Question) (rulebook.Rule, bool) { return source(m, s, q) },
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

// source is the rule behind a part of the mesh.
func source(m mesh.Mesh, s objects.Set, q rulebook.Question) (rulebook.Rule, bool) {
	client, ok := m.Workload(q.Client)
	if !ok {
		client.Name = q.Client
	}
	found, ok := s.Source(objects.SourceQuery{
		Part: string(q.Part), From: q.From, Field: q.Field, Cluster: q.Cluster, Client: client,
	})
	return rulebook.Rule{
		Kind: found.Kind, Namespace: found.Namespace, Name: found.Name, Resource: found.Resource,
		File: found.File, Line: found.Line, Revision: found.Revision, Lines: found.Lines,
		Allows: found.Kind == "AuthorizationPolicy" && found.Action != "DENY",
	}, ok
}
