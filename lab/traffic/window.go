package traffic

import (
	"cmp"
	"math"
	"slices"
	"time"

	"istio-tutorial/lab/traffic/cause"
)

// Edge is who calls whom.
type Edge struct {
	From string `json:"from"` // a workload, or ingress
	To   string `json:"to"`   // a workload, or what was meant where none answered
}

// compare puts edges in order, those of the ingress first.
func (e Edge) compare(other Edge) int {
	return cmp.Or(byPlace(e.From, other.From), cmp.Compare(e.To, other.To))
}

func (c *Call) edge() Edge { return Edge{c.From.Workload, c.To.Workload} }

// Row is what happened on an edge in a window.
type Row struct {
	Edge
	Requests int     `json:"requests"`
	Rate     float64 `json:"rate"`  // a second
	Share    float64 `json:"share"` // of all calls of the caller, in percent, to a tenth: who prints it rounds alike
	P50      float64 `json:"p50"`   // milliseconds
	P95      float64 `json:"p95"`
	Errors   int     `json:"errors"`
	Retries  int     `json:"retries"`
	// Causes are those of the errors, with how many calls ended so.
	Causes map[cause.Cause]int `json:"causes,omitempty"`
	// Fine are how other calls ended of which there is something to say: after a retry, by a redirect.
	Fine map[cause.Cause]int `json:"fine,omitempty"`
}

// Ended is how many calls ended so, well or not.
func (r Row) Ended(c cause.Cause) int { return r.Causes[c] + r.Fine[c] }

// Copies are the mirrored calls on an edge in a window, as their server saw them.
type Copies struct {
	Edge
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"` // whose answer, which nobody gets, is none of 2xx and 3xx
	Rate     float64 `json:"rate"`   // a second
}

// copied is a count of mirrored calls.
type copied struct{ requests, failed int }

// Span names a window.
type Span string

// The windows.
const (
	TenSeconds  Span = "10s"
	Minute      Span = "1m"
	SinceChange Span = "change" // since a rule came or went
)

// Spans are the windows there are.
func Spans() []Span { return []Span{TenSeconds, Minute, SinceChange} }

// Table is all edges in a window.
type Table struct {
	Span    Span      `json:"span"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Rows    []Row     `json:"rows"`
	Dropped int       `json:"dropped"`
	// Copies are the mirrored calls, which are in no row: nobody waits for their answers.
	Copies []Copies `json:"copies,omitempty"`
	// Pods are those there are now; whoever knows them adds them.
	Pods []Pod `json:"pods"`
}

// Pod is a pod as the proxies of its callers have it.
type Pod struct {
	Workload string `json:"workload"`
	Name     string `json:"name"`
	Status   string `json:"status"` // as kubectl has it
	Ready    bool   `json:"ready"`
	// Ejected are the workloads whose proxies have ejected it.
	Ejected []string `json:"ejected,omitempty"`
	// Since is when that began; from Until on, the next check takes it back. Zero: not known.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// tally is what happened on an edge in a time.
type tally struct {
	requests, errors, retries int
	causes                    map[cause.Cause]int
	times                     []uint32 // nil: they are forgotten, or there are none yet
}

// Times are counted in bins, each a tenth longer than the one before: a percentile is exact to a
// twentieth.
const (
	bins      = 160
	firstBin  = 0.05 // milliseconds
	binFactor = 1.1
)

func binOf(ms float64) int {
	if ms <= firstBin {
		return 0
	}
	return min(bins-1, int(math.Log(ms/firstBin)/math.Log(binFactor))+1)
}

func (t *tally) add(c *Call) {
	t.requests++
	if c.Cause.Failed() {
		t.errors++
	}
	t.retries += max(0, len(c.Tries)-1, c.attempts-1) // the line of a try may not be found, or come late
	if c.Cause != cause.Answered && c.Cause != cause.HostOutside {
		if t.causes == nil {
			t.causes = map[cause.Cause]int{}
		}
		t.causes[c.Cause]++
	}
	t.time(binOf(c.Millis), 1)
}

func (t *tally) time(bin int, n uint32) {
	if t.times == nil {
		t.times = make([]uint32, bins)
	}
	t.times[bin] += n
}

func (t *tally) join(other *tally) {
	t.requests += other.requests
	t.errors += other.errors
	t.retries += other.retries
	for c, n := range other.causes {
		if t.causes == nil {
			t.causes = map[cause.Cause]int{}
		}
		t.causes[c] += n
	}
	for i, n := range other.times {
		t.time(i, n)
	}
}

// percentile is the time within which a share of the calls was answered.
func (t *tally) percentile(share float64) float64 {
	want, sum := share*float64(t.requests), 0.0
	for i, n := range t.times {
		if sum += float64(n); n > 0 && sum >= want {
			return firstBin * math.Pow(binFactor, float64(i)-0.5)
		}
	}
	return 0
}

// windows count in seconds, and since the last change.
type windows struct {
	began   time.Time
	changed time.Time
	seconds [kept]second
	since   map[Edge]*tally
	copies  map[Edge]copied // since the last change
	marks   []Mark
}

// Of so many seconds counts are kept, and times of the last timed ones: they take most of the room.
const (
	kept  = 300
	timed = 60
)

type second struct {
	unix  int64
	edges map[Edge]*tally
	// copies are few, and seldom there.
	copies map[Edge]copied
}

// mostEdges bounds each count: a client may call what it likes.
const mostEdges = 200

func newWindows(now time.Time) windows {
	return windows{began: now, changed: now, since: map[Edge]*tally{}, copies: map[Edge]copied{}}
}

func (w *windows) change(now time.Time) {
	w.changed, w.since, w.copies = now, map[Edge]*tally{}, map[Edge]copied{}
}

// second is that of now, which is empty if it has just begun.
func (w *windows) second(now time.Time) *second {
	s := &w.seconds[now.Unix()%kept]
	if s.unix != now.Unix() || s.edges == nil {
		*s = second{now.Unix(), map[Edge]*tally{}, map[Edge]copied{}}
		w.forgetTimes(now.Unix() - timed)
	}
	return s
}

func (w *windows) isSince(began time.Time) bool {
	return !began.Before(w.changed.Truncate(time.Millisecond))
}

func (w *windows) add(now time.Time, edge Edge, c *Call) {
	of(w.second(now).edges, edge).add(c)
	if w.isSince(c.Began) {
		of(w.since, edge).add(c)
	}
}

func (w *windows) forgetTimes(until int64) {
	for _, s := range w.seconds {
		if s.unix > until {
			continue
		}
		for _, t := range s.edges {
			t.times = nil
		}
	}
}

// of is the tally of an edge; what is one too many is counted together.
func of(m map[Edge]*tally, e Edge) *tally {
	if m[e] == nil && len(m) >= mostEdges {
		e = Edge{e.From, "(rest)"}
	}
	if m[e] == nil {
		m[e] = &tally{}
	}
	return m[e]
}

// Table is all edges in a window.
func (s *Store) Table(span Span) Table {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	t := Table{Span: span, From: s.windows.changed, To: now, Dropped: s.Dropped()}
	sums, copies := s.windows.since, s.windows.copies
	if span != SinceChange {
		length := int64(60)
		if span == TenSeconds {
			length = 10
		}
		sums, copies = s.windows.last(now.Unix(), length)
		t.From = time.Unix(now.Unix()-length+1, 0)
		if t.From.Before(s.windows.began) {
			t.From = s.windows.began
		}
	}
	seconds := max(now.Sub(t.From).Seconds(), 0.001)
	t.Rows, t.Copies = rows(sums, seconds), copiesOf(copies, seconds)
	return t
}

// last are the sums of so many seconds.
func (w *windows) last(now, length int64) (sums map[Edge]*tally, copies map[Edge]copied) {
	sums, copies = map[Edge]*tally{}, map[Edge]copied{}
	for _, s := range w.seconds {
		if s.unix <= now-length || s.unix > now {
			continue
		}
		for e, t := range s.edges {
			of(sums, e).join(t)
		}
		for e, n := range s.copies {
			copies[e] = copied{copies[e].requests + n.requests, copies[e].failed + n.failed}
		}
	}
	return sums, copies
}

func rows(sums map[Edge]*tally, seconds float64) []Row {
	total := map[string]int{}
	for e, t := range sums {
		total[e.From] += t.requests
	}
	list := make([]Row, 0, len(sums))
	for e, t := range sums {
		causes, fine := map[cause.Cause]int{}, map[cause.Cause]int{}
		for c, n := range t.causes {
			if c.Failed() {
				causes[c] = n
			} else {
				fine[c] = n
			}
		}
		list = append(list, Row{
			Edge: e, Requests: t.requests, Rate: float64(t.requests) / seconds,
			Share: math.Round(1000*float64(t.requests)/float64(total[e.From])) / 10,
			P50:   t.percentile(0.5), P95: t.percentile(0.95),
			Errors: t.errors, Retries: t.retries, Causes: causes, Fine: fine,
		})
	}
	slices.SortFunc(list, func(a, b Row) int { return a.compare(b.Edge) })
	return list
}

// byPlace has the ingress first: requests begin there.
func byPlace(a, b string) int {
	if (a == "ingress") != (b == "ingress") {
		if a == "ingress" {
			return -1
		}
		return 1
	}
	return cmp.Compare(a, b)
}
