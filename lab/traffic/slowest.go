package traffic

import "time"

// quiet is for how long nothing more must have come of a request that began in a pod, besides what the
// slowest request from the ingress took of late: it may be a part of one that is under way.
const quiet = 300 * time.Millisecond

// slowest is what the slowest request of late took, of late being ten to twenty seconds.
type slowest struct {
	began       time.Time
	now, before time.Duration
}

// Bounds of slowest: a rule that delays must not hide for long what pods begin.
const (
	late        = 10 * time.Second
	mostSlowest = 5 * time.Second
)

func (s *slowest) add(now time.Time, took time.Duration) {
	s.turn(now)
	s.now = max(s.now, min(took, mostSlowest))
}

func (s *slowest) of(now time.Time) time.Duration {
	s.turn(now)
	return max(s.now, s.before)
}

func (s *slowest) turn(now time.Time) {
	switch age := now.Sub(s.began); {
	case age > 2*late:
		*s = slowest{began: now}
	case age > late:
		*s = slowest{began: now, before: s.now}
	}
}
