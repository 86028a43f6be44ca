package hop_test

import (
	"fmt"
	"strings"

	"istio-tutorial/service/servicetest"
)

// lines is a log.
type lines struct{ servicetest.Buffer }

func (l *lines) contain(s string) error {
	if text := l.String(); !strings.Contains(text, s) {
		return fmt.Errorf("the log has no %q: %q", s, text)
	}
	return nil
}
