package hop_test

import (
	"fmt"
	"strings"
	"sync"
)

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) contain(s string) error {
	if text := l.String(); !strings.Contains(text, s) {
		return fmt.Errorf("the log has no %q: %q", s, text)
	}
	return nil
}
