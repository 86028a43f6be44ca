package rulebook

import (
	"slices"
	"sync"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/match"
)

// Versions are what was in force, the latest last. They serve any number of goroutines.
type Versions struct {
	mu   sync.Mutex
	list []*Version
}

// Slack is how much the times of two entries may be off: Envoy's are in milliseconds, each from
// the loop's own clock.
const Slack = 2 * time.Millisecond

// mostVersions bounds what is kept, also where pods come and go all the time.
const mostVersions = 200

// Add has a version follow the others; before are the rules that were in force till then.
func (v *Versions) Add(one *Version) (before []Rule) {
	one.Find = remembering(one.Find)
	v.mu.Lock()
	defer v.mu.Unlock()
	if n := len(v.list); n > 0 {
		before = v.list[n-1].Rules
		v.list[n-1].choices = nil // of many versions, that would be much
	}
	v.list = append(v.list, one)
	if len(v.list) > mostVersions {
		v.list = append([]*Version(nil), v.list[len(v.list)-mostVersions:]...)
	}
	return before
}

// Forget drops what no request from then on can have met.
func (v *Versions) Forget(before time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.list) > 1 && v.list[1].Taken.Before(before) {
		v.list = v.list[1:]
	}
}

// At is the version by which an entry's proxy acted, and what it makes of it. While the proxy takes
// a new one, both may be in force: then the newest counts that agrees with what the proxy did.
func (v *Versions) At(e *envoy.Entry) (*Version, match.Choice) {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.list
	var first *Version
	var fallback match.Choice
	for i := len(list) - 1; i >= 0; i-- {
		one := list[i]
		if one.Begun.After(e.Time.Add(Slack)) && i > 0 {
			continue
		}
		c := one.choice(e)
		if c.Agrees(e) {
			return one, c
		}
		if first == nil || one.Taken.After(e.Time) {
			first, fallback = one, c
		}
		if one.Taken.Before(e.Time.Add(-Slack)) {
			break // what came before was no longer in force
		}
	}
	if first == nil {
		first = &Version{Find: func(Question) (Rule, bool) { return Rule{}, false }}
	}
	return first, fallback
}

// Remove takes back a version that no proxy took.
func (v *Versions) Remove(one *Version) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.list = slices.DeleteFunc(slices.Clone(v.list), func(have *Version) bool { return have == one })
}

// Settle says that the proxies have taken a version.
func (v *Versions) Settle(one *Version, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	one.Taken = now
}

// StateOf is how a pod was at a time, if no call was to go to it any more.
func (v *Versions) StateOf(pod mesh.Name, at time.Time) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, one := range slices.Backward(v.list) {
		if !one.Begun.After(at) {
			return one.Unready[pod]
		}
	}
	return ""
}
