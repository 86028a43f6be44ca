package traffic

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Query picks requests.
type Query struct {
	ID     string    `json:",omitempty"`
	Client string    `json:",omitempty"` // the address that they came from
	Since  time.Time `json:",omitzero"`  // that began then or later
	Heard  time.Time `json:",omitzero"`  // of which something was logged then or later
	Last   int       `json:",omitempty"` // at most so many, the latest; 0: all
	Failed bool      `json:",omitempty"` // only those whose answer is none of 2xx

	unexplained bool // without words, and what did not act: nobody reads them
}

// Requests are those that are picked, the latest first.
func (s *Store) Requests(q Query) []*Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*Request
	now, enough := s.now(), quiet+s.slow.of(s.now())
	for _, r := range s.picked(q, enough) {
		one := join(r, &s.versions)
		if !q.picks(one) || !q.isForOne() && !one.settled(now.Sub(r.last), enough) {
			continue
		}
		one.Notes = append(one.Notes, s.missing(r)...)
		if !q.unexplained {
			one.explain()
		}
		list = append(list, one)
		if q.Last > 0 && len(list) == q.Last {
			break
		}
	}
	return list
}

// missing is a note where calls of a request may not have been read.
func (s *Store) missing(r *record) []string {
	n := s.Dropped()
	if n == 0 || r.entered {
		return nil
	}
	return []string{plural(n, "line") + " of the log came too fast to be read: calls may be missing"}
}

// isForOne reports whether a query names what it is for: then a part of it is an answer, too.
func (q Query) isForOne() bool { return q.ID != "" || q.Client != "" }

func (q Query) picks(r *Request) bool {
	return len(r.Calls) > 0 && (q.Client == "" || r.Client == q.Client) && !r.Began.Before(q.Since) &&
		(!q.Failed || r.Status/100 != 2)
}

// picked are the records that may be meant, the latest first: few of thousands, where somebody asks for
// what is new.
func (s *Store) picked(q Query, enough time.Duration) []*record {
	var list []*record
	for r := range s.all() {
		if q.isAbout(r.id) && (!q.Failed || r.failed) && !r.last.Before(q.Since) && r.heard(q.Heard, enough) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *record) int { return cmp.Or(b.last.Compare(a.last), cmp.Compare(b.id, a.id)) })
	return list
}

// isAbout reports whether an id, or the first characters of it, is asked for.
func (q Query) isAbout(id string) bool {
	return q.ID == "" || id == q.ID || len(q.ID) >= 4 && len(id) > len(q.ID) && id[:len(q.ID)] == q.ID
}

// all are the records that are kept, the first of each kind too.
func (s *Store) all() iter.Seq[*record] {
	return func(yield func(*record) bool) {
		begun, seen := s.now(), map[string]bool{}
		for k, f := range s.firsts {
			switch {
			case begun.Sub(f.at) > rare:
				delete(s.firsts, k)
			case s.records[f.id] == nil && !seen[f.id]:
				if seen[f.id] = true; !yield(f.record) {
					return
				}
			}
		}
		for _, r := range s.refused {
			if !yield(r) {
				return
			}
		}
		for _, r := range s.records {
			if !yield(r) {
				return
			}
		}
	}
}

// settled reports whether what began a request is over, of which nothing came for a time.
func (r *Request) settled(since, enough time.Duration) bool {
	from := r.Calls[0].From.Workload
	return !r.Calls[0].Open && (from == "ingress" || from == withoutSidecar || r.Calls[0].isConnection() || since > enough)
}
