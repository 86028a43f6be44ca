package objects

import "slices"

// empty deletes what is left in the namespaces that a change has deleted, as a cluster does.
func (c *change) empty() {
	for i := range c.results {
		r := &c.results[i]
		if r.Kind != "Namespace" || r.Done != "deleted" {
			continue
		}
		c.objects = slices.DeleteFunc(c.objects, func(o Object) bool {
			inside := o.Namespace == r.Name
			if inside {
				r.With = append(r.With, o.Ref)
				c.revision++
			}
			return inside
		})
	}
}

// Claims reports whether a change would only create a namespace that is there as another Set has
// it: a lab makes its own before anybody can.
func (s Set) Claims(verb Verb, list []Object, start Set) (Ref, bool) {
	if verb != Create || len(list) != 1 || list[0].Kind != "Namespace" || len(list[0].Labels) > 0 {
		return Ref{}, false
	}
	ref := list[0].Ref
	now, isThere := s.Find(ref)
	then, wasThere := start.Find(ref)
	return ref, isThere && wasThere && same(now, then)
}
