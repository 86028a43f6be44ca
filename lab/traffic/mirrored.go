package traffic

import (
	"slices"
	"time"
)

// addCopies counts the mirrored copies of a record's calls that were not counted yet. A copy may be
// logged before the call that it is of, or long after it.
func (s *Store) addCopies(r *record) {
	found := map[Edge]int{}
	for _, c := range joined(r, &s.versions).calls {
		for _, m := range c.Mirrors {
			e := Edge{c.From.Workload, m.To.Workload}
			if found[e]++; found[e] > r.copies[e] {
				s.windows.addCopy(s.now(), e, c.Began, m.Status/100 != 2 && m.Status/100 != 3)
			}
		}
	}
	for e, n := range found {
		if r.copies == nil {
			r.copies = map[Edge]int{}
		}
		r.copies[e] = max(r.copies[e], n)
	}
}

func (w *windows) addCopy(now time.Time, e Edge, began time.Time, failed bool) {
	counts := w.second(now).copies
	if len(counts) < mostEdges {
		counts[e] = counts[e].and(failed)
	}
	if w.isSince(began) && len(w.copies) < mostEdges {
		w.copies[e] = w.copies[e].and(failed)
	}
}

func (c copied) and(failed bool) copied {
	c.requests++
	if failed {
		c.failed++
	}
	return c
}

func copiesOf(counts map[Edge]copied, seconds float64) []Copies {
	var list []Copies
	for e, n := range counts {
		list = append(list, Copies{Edge: e, Requests: n.requests, Failed: n.failed, Rate: float64(n.requests) / seconds})
	}
	slices.SortFunc(list, func(a, b Copies) int { return a.compare(b.Edge) })
	return list
}
