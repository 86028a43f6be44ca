package rulebook

import (
	"sync"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/match"
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

// mostChoices bounds what is remembered of a version's calls. Clients may call what they like: what is one
// too many has all forgotten, so that the calls of now are remembered.
const mostChoices = 500

// looked is all of an entry that match.Entry looks at, but for the claims of a token.
type looked struct {
	pod, route, cluster, door, sni string
	method, host, path, scheme     string
	headers                        envoy.Headers
}

// choice is what a version makes of an entry. Most calls are like one before, and to search the routes again
// costs more than all else that is done for a line.
func (v *Version) choice(e *envoy.Entry) match.Choice {
	if e.Insight.Claims != nil {
		return match.Entry(v.outbound(e.Pod), e)
	}
	k := looked{
		e.Pod, e.Route, e.Cluster, e.Insight.Door, e.Insight.SNI,
		e.Method, e.Insight.Host, e.Path, e.Insight.Scheme, e.Insight.Headers,
	}
	c, there := v.choices[k]
	if there {
		return c
	}
	c = match.Entry(v.outbound(e.Pod), e)
	if v.choices == nil || len(v.choices) == mostChoices {
		v.choices = map[looked]match.Choice{}
	}
	v.choices[k] = c
	return c
}
