package book

import (
	"fmt"
	"regexp"
	"time"
)

// late is the end of a kind of answers that came late.
var late = regexp.MustCompile(`^(.*) after (\S+)$`)

// Kind is a kind of answers: a text, and for how long it is held back.
type Kind struct {
	Text  string
	After time.Duration // 0: whenever
}

// KindOf reads a kind: TEXT, or TEXT after TIME.
func KindOf(of string) Kind {
	if m := late.FindStringSubmatch(of); m != nil {
		if d, err := time.ParseDuration(m[2]); err == nil && d > 0 {
			return Kind{m[1], d}
		}
	}
	return Kind{Text: of}
}

// uncompared are the late answers of an edition's checks that no earlier check of the same
// request, as many at once, has without delay.
func (p Page) uncompared(edition string) []error {
	var errs []error
	plain := map[string]int{} // how many of a request were at once
	for _, b := range p.Blocks {
		if b.Check == nil || !b.In(edition) {
			continue
		}
		request, users := b.Check.Request(), max(1, b.Check.AtOnce)
		switch {
		case b.Check.Send == 0:
		case !b.Check.IsLate():
			plain[request] = max(plain[request], users)
		case plain[request] < users:
			errs = append(errs, fmt.Errorf("%s:%d: answers: after: no check before it shows "+
				"how long the same request, %d at once, takes without", p.File, b.Line, users))
		}
	}
	return errs
}

// IsLate reports whether a check speaks of answers that are held back.
func (c *Check) IsLate() bool {
	for _, a := range c.Answers {
		if KindOf(a.Of).After > 0 {
			return true
		}
	}
	return false
}
