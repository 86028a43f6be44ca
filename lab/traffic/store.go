package traffic

import (
	"sync"
	"sync/atomic"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/rulebook"
)

// What a Store keeps.
const (
	mostRequests = 2000
	// rare is how long the first request of each kind is kept, however many come after it.
	rare      = 5 * time.Minute
	mostKinds = 500
)

// Store is what happened of late. It serves any number of goroutines.
type Store struct {
	now      func() time.Time
	lines    *queue
	ended    chan struct{}
	versions rulebook.Versions
	dropped  atomic.Int64

	mu      sync.Mutex
	records map[string]*record
	order   []string // the ids, the oldest first
	firsts  map[kind]*first
	since   time.Time
	changed chan struct{}
	windows windows
	slow    slowest
	refused []*record // connections, the oldest first
}

// kind is an edge and what became of its calls.
type kind struct {
	edge  Edge
	cause cause.Cause
}

// first is the first request of a kind in a while.
type first struct {
	*record
	at time.Time
}

// New returns a Store that reads what it is given until it is closed; now is the clock.
func New(now func() time.Time) *Store {
	s := &Store{
		now: now, lines: newQueue(), ended: make(chan struct{}),
		records: map[string]*record{}, firsts: map[kind]*first{}, changed: make(chan struct{}),
		since: now(),
	}
	s.windows = newWindows(s.since)
	go s.follow()
	return s
}

// Close ends the Store; nothing may be given to it any more.
func (s *Store) Close() {
	s.lines.close()
	<-s.ended
}

// Take reads a line of the proxies' log. It never waits: under overload the line is dropped.
func (s *Store) Take(line []byte) {
	if !s.lines.add(string(line)) {
		s.dropped.Add(1)
	}
}

// Begin is told of each version before the proxy is; taken is told whether the proxy took it. Only
// if rules are others, a window begins.
func (s *Store) Begin(v rulebook.Version, rulesChanged bool) (taken func(bool)) {
	v.Begun = s.now()
	v.Taken = v.Begun.Add(time.Hour) // not yet
	before := s.versions.Add(&v)
	return func(ok bool) {
		if !ok {
			s.versions.Remove(&v)
			return
		}
		s.versions.Settle(&v, s.now())
		if rulesChanged {
			s.mu.Lock()
			s.windows.change(v.Begun)
			s.windows.mark(v.Begun, before, v.Rules)
			s.mu.Unlock()
		}
	}
}

// Forget forgets all requests: what a lab asked itself while it started is nobody's question.
func (s *Store) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records, s.order, s.firsts, s.refused = map[string]*record{}, nil, map[kind]*first{}, nil
	s.since, s.windows = s.now(), newWindows(s.now())
}

func (s *Store) follow() {
	defer close(s.ended)
	for {
		lines, more := s.lines.next()
		for _, line := range lines {
			s.take(line)
		}
		s.tell()
		if !more {
			return
		}
	}
}

func (s *Store) take(line string) {
	if envoy.IsConnection(line) {
		s.refuse(line)
		return
	}
	if envoy.IsTry(line) {
		if t, err := envoy.ParseTry(line); err == nil && t.Request != "" {
			s.mu.Lock()
			s.of(t.Request).addTry(t)
			s.mu.Unlock()
		}
		return
	}
	e, err := envoy.ParseEntry(line)
	if err != nil || e.Pod == "" || e.Request == "" {
		return // Envoy's own words, or a request that its codec refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Time.Before(s.since.Truncate(time.Millisecond)) {
		return
	}
	r := s.of(e.Request)
	r.add(e)
	if isOutbound(e) {
		s.count(r, e)
	}
	if r.entered {
		s.slow.add(s.now(), took(e))
	}
	if r.mirrored {
		s.addCopies(r)
	}
}

// tell tells those who wait that there is something new.
func (s *Store) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// of is the record of an id, which is the latest now.
func (s *Store) of(id string) *record {
	r := s.records[id]
	if r == nil {
		r = &record{id: id}
		s.records[id] = r
		s.order = append(s.order, id)
	}
	r.last = s.now()
	if len(s.order) > mostRequests {
		delete(s.records, s.order[0])
		s.order = s.order[1:]
		if len(s.order)%100 == 0 {
			s.versions.Forget(s.oldest())
		}
	}
	return r
}

func (s *Store) oldest() time.Time {
	oldest := s.now()
	if len(s.order) > 0 {
		oldest = s.records[s.order[0]].last.Add(-time.Minute)
	}
	if len(s.refused) > 0 && s.refused[0].last.Add(-time.Minute).Before(oldest) {
		oldest = s.refused[0].last.Add(-time.Minute)
	}
	for _, f := range s.firsts {
		if f.at.Before(oldest) {
			oldest = f.at.Add(-time.Minute)
		}
	}
	return oldest
}

// count puts a call into the windows, and keeps the first request of a kind.
func (s *Store) count(r *record, e *envoy.Entry) {
	j := joiner{record: r, versions: &s.versions}
	c := j.call(e)
	for _, a := range r.entries {
		if !isOutbound(a) && c.isTriedAt(a.Pod) {
			j.arrivals = append(j.arrivals, &arrival{logged: logged{Entry: a}})
		}
	}
	j.meet(c, e)
	j.below(c, e)
	c.By, c.Cause = c.made()
	if route := c.choice.Route(); route != nil && len(route.Mirrors) > 0 {
		r.mirrored = true
	}
	edge := c.edge()
	now := s.now()
	s.windows.add(now, edge, c)
	k := kind{edge, c.Cause}
	if f := s.firsts[k]; f == nil && len(s.firsts) < mostKinds || f != nil && now.Sub(f.at) > rare {
		s.firsts[k] = &first{r, now}
	}
}

// below gives a call's last try enough of the calls that it led to for telling an error from one passed on.
func (j *joiner) below(c *Call, e *envoy.Entry) {
	last := c.last()
	if last == nil {
		return
	}
	for _, o := range j.entries {
		if isOutbound(o) && last.server.Is(o.Pod) && within(o.Time, e) {
			last.Calls = append(last.Calls, &Call{Status: o.Status})
		}
	}
}

// Changed is closed when the next entry comes.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Dropped is how many lines were not read, as too many came at once.
func (s *Store) Dropped() int { return int(s.dropped.Load()) }
