package objects

import "time"

// Back is a Set with the objects of an earlier one, and what that does to those that are there now;
// what is the same is not among the results.
func (s Set) Back(to Set, now time.Time) (Set, []Result) {
	c := change{Set: s.clone(), now: now}
	for _, o := range s.objects {
		if to.index(o.Ref) < 0 {
			c.delete(o)
		}
	}
	for _, o := range to.objects {
		switch i := c.index(o.Ref); {
		case i < 0:
			c.put(o, "created")
		case !same(c.objects[i], o):
			c.put(o, "configured")
		}
	}
	return c.resolved(), c.results
}
