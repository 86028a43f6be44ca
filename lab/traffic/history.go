package traffic

import (
	"cmp"
	"slices"
	"time"

	"istio-tutorial/lab/traffic/rulebook"
)

// History is what happened in each of the last five minutes' seconds.
type History struct {
	// Began is since when there is something to count: the lab's start.
	Began time.Time `json:"began"`
	// First is the second of the first count of each line, in Unix time.
	First int64  `json:"first"`
	Lines []Line `json:"lines"`
	Marks []Mark `json:"marks"`
}

// Line is an edge, with a count for each second.
type Line struct {
	Edge
	Requests []int `json:"requests"`
	Errors   []int `json:"errors"`
}

// Mark is a change of the rules.
type Mark struct {
	At      time.Time       `json:"at"`
	Came    []rulebook.Rule `json:"came,omitempty"`
	Went    []rulebook.Rule `json:"went,omitempty"`
	Changed []rulebook.Rule `json:"changed,omitempty"`
}

// mark notes what a change of rules was.
func (w *windows) mark(now time.Time, before, after []rulebook.Rule) {
	m := Mark{At: now}
	for _, r := range after {
		switch i := slices.IndexFunc(before, r.IsSame); {
		case i < 0:
			m.Came = append(m.Came, r)
		case before[i].Revision != r.Revision:
			m.Changed = append(m.Changed, r)
		}
	}
	for _, r := range before {
		if !slices.ContainsFunc(after, r.IsSame) {
			m.Went = append(m.Went, r)
		}
	}
	w.marks = append(w.marks, m)
	w.forgetMarks(now)
}

// forgetMarks keeps those that History shows, and no more than a picture has room for.
func (w *windows) forgetMarks(now time.Time) {
	w.marks = slices.DeleteFunc(w.marks, func(m Mark) bool { return now.Sub(m.At) > kept*time.Second })
	if n := len(w.marks) - mostMarks; n > 0 {
		w.marks = slices.Delete(w.marks, 0, n)
	}
}

const mostMarks = 60

// Seen is what somebody has of a History: its second, and how many marks.
type Seen struct {
	First int64
	Marks int
}

// Seen is what somebody has who has the history; of none, nothing.
func (h *History) Seen() Seen {
	if h == nil {
		return Seen{}
	}
	return Seen{h.First, len(h.Marks)}
}

// HistoryAfter is nil where there is nothing new: counts are by the second.
func (s *Store) HistoryAfter(seen Seen) *History {
	s.mu.Lock()
	same := seen == Seen{s.now().Unix() - kept + 1, len(s.windows.marks)}
	s.mu.Unlock()
	if same {
		return nil
	}
	h := s.History()
	return &h
}

// History is what happened in the last five minutes.
func (s *Store) History() History {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.windows.forgetMarks(now)
	h := History{
		Began: s.windows.began, First: now.Unix() - kept + 1,
		Lines: s.windows.lines(now.Unix() - kept + 1), Marks: append([]Mark{}, s.windows.marks...),
	}
	return h
}

func (w *windows) lines(first int64) []Line {
	byEdge := map[Edge]*Line{}
	for _, s := range w.seconds {
		i := s.unix - first
		if i < 0 || i >= kept {
			continue
		}
		for e, t := range s.edges {
			if byEdge[e] == nil {
				byEdge[e] = &Line{Edge: e, Requests: make([]int, kept), Errors: make([]int, kept)}
			}
			byEdge[e].Requests[i], byEdge[e].Errors[i] = t.requests, t.errors
		}
	}
	list := make([]Line, 0, len(byEdge))
	for _, l := range byEdge {
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b Line) int { return cmp.Or(byPlace(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return list
}
