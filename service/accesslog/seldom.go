package accesslog

import (
	"sync"
	"time"
)

// Seldom is when a warning is due that could come with every request: at most once a minute.
// The zero value is ready.
type Seldom struct {
	mu   sync.Mutex
	last time.Time
}

// Due reports whether the warning is due, and takes it as given.
func (s *Seldom) Due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	due := s.last.IsZero() || now.Sub(s.last) >= time.Minute
	if due {
		s.last = now
	}
	return due
}
