package traffic

import (
	"slices"
	"strings"
	"sync"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// versions are what was in force, the latest last.
type versions struct {
	mu   sync.Mutex
	list []*Version
}

// mostVersions bounds what is kept, also where pods come and go all the time.
const mostVersions = 200

// add returns the rules that were in force before.
func (v *versions) add(one *Version) (before []Rule) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n := len(v.list); n > 0 {
		before = v.list[n-1].Rules
	}
	v.list = append(v.list, one)
	if len(v.list) > mostVersions {
		v.list = append([]*Version(nil), v.list[len(v.list)-mostVersions:]...)
	}
	return before
}

// forget drops what no request from then on can have met.
func (v *versions) forget(before time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.list) > 1 && v.list[1].Taken.Before(before) {
		v.list = v.list[1:]
	}
}

// at is the version by which an entry's proxy acted, and what it makes of it. While the proxy takes
// a new one, both may be in force: then the newest counts that agrees with what the proxy did.
func (v *versions) at(e *envoy.Entry) (*Version, choice) {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.list
	var first *Version
	var fallback choice
	for i := len(list) - 1; i >= 0; i-- {
		one := list[i]
		if one.Begun.After(e.Time.Add(slack)) && i > 0 {
			continue
		}
		c := one.choose(e)
		if c.agrees(e) {
			return one, c
		}
		if first == nil || one.Taken.After(e.Time) {
			first, fallback = one, c
		}
		if one.Taken.Before(e.Time.Add(-slack)) {
			break // what came before was no longer in force
		}
	}
	if first == nil {
		first = &Version{Find: func(Question) (Rule, bool) { return Rule{}, false }}
	}
	return first, fallback
}

// choose is what a version makes of an entry. What came encrypted has the hosts of the door that took it.
func (v *Version) choose(e *envoy.Entry) choice {
	out := v.outbound(e.Pod)
	door := doorOf(out, e)
	switch {
	case door != nil:
		out.Hosts = door.Routed
	case e.Insight.Door != "":
		out.Hosts = nil
	}
	c := choose(out, askedOf(e), e.Route, e.Cluster)
	c.door, c.sni = door, e.Insight.SNI
	if c.host != nil && c.host.OnlyTLS != (mesh.Origin{}) {
		c.toTLS, c.index, c.destination, c.upstream = c.host.OnlyTLS, -1, nil, nil
	}
	return c
}

func askedOf(e *envoy.Entry) Asked {
	return Asked{
		Method: e.Method, Host: e.Insight.Host, Path: e.Path, Scheme: e.Insight.Scheme,
		Headers: e.Insight.Headers, Claims: e.Insight.Claims,
	}
}

func (v *Version) outbound(pod string) mesh.Outbound {
	if !strings.Contains(pod, "/") {
		return v.Mesh.Gateway
	}
	s, _ := v.Mesh.SidecarOf(clientOf(v, pod))
	return s.Outbound
}

// agrees reports whether the proxy did as the lab reads the rules.
func (c choice) agrees(e *envoy.Entry) bool {
	r := c.route()
	if r == nil {
		return e.Route == "" || isReserved(e.Route)
	}
	return r.From == e.Route && leads(*r, e.Cluster)
}

// Names of routes that the lab has where the mesh has none.
const (
	blockAll    = "block_all"
	passthrough = "PassthroughCluster"
	itself      = "itself"
)

func isReserved(route string) bool {
	return route == blockAll || route == passthrough || route == itself
}

func (v *versions) remove(one *Version) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.list = slices.DeleteFunc(slices.Clone(v.list), func(have *Version) bool { return have == one })
}

func (v *versions) settle(one *Version, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	one.Taken = now
}
