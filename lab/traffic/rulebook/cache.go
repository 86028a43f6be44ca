package rulebook

import (
	"sync"

	"istio-tutorial/lab/mesh"
)

// mostAnswers bounds what is remembered of a version's rules: there are as many as its rules have
// parts, times those who call.
const mostAnswers = 5000

// remembering finds the same rule again without a search: requests come by the hundred, and each asks.
func remembering(find func(Question) (Rule, bool)) func(Question) (Rule, bool) {
	type key struct {
		part                 Part
		from, field, cluster string
		client               mesh.Name
	}
	type answer struct {
		rule Rule
		ok   bool
	}
	var mu sync.Mutex
	known := map[key]answer{}
	return func(q Question) (Rule, bool) {
		mu.Lock()
		defer mu.Unlock()
		k := key{q.Part, q.From, q.Field, q.Cluster.Key(), q.Client}
		a, there := known[k]
		if !there {
			a.rule, a.ok = find(q)
			if len(known) < mostAnswers {
				known[k] = a
			}
		}
		return a.rule, a.ok
	}
}
