package rules

import (
	"fmt"
	"strings"
	"time"
)

// The bounds of values are those of Envoy, as far as admission does not draw them closer: what it
// would refuse is refused before, with file, line and cause. They are by kind of value, so that
// each dialect has them by a call.

const (
	longestName    = 16384 // of a header, and its value, in bytes
	longestQuery   = 1024  // the name of a parameter
	longestBody    = 1 << 20
	longestSeconds = 9223372035 // as nanoseconds must fit in 64 bits
	largestRing    = 1 << 23    // Envoy's own
	largestLabRing = 1 << 20
	mostNumber     = 1<<32 - 1
	longestServer  = 255 // name of a server, in a TLS handshake
	mostLimits     = 10  // headers of a limit's answer
)

// LongestDuration is the longest time that Envoy takes.
const LongestDuration = longestSeconds * time.Second

// MostHosts is how many ports of hosts outside all rules may name: each caller's proxy has a cluster
// for each.
const MostHosts = 1000

// Listed has the first names of a list, and how many there are more.
func Listed(names []string) string {
	const shown = 10
	if len(names) <= shown {
		return strings.Join(names, ",")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ","), len(names)-shown)
}

// Duration takes at most what Envoy does.
func (v *Validator) Duration(path string, d time.Duration) {
	if d > LongestDuration {
		v.Fail(path, "longer than %d s, which Envoy refuses", longestSeconds)
	}
}

// Status takes the statuses of answers.
func (v *Validator) Status(path string, status int) {
	if status < 200 || status > 599 {
		v.Fail(path, "HTTP status %d is not in 200-599", status)
	}
}

// Number takes what fits in 32 bits.
func (v *Validator) Number(path string, n int) {
	v.Within(path, n, 0, mostNumber)
}

// Body takes a text that a proxy answers with.
func (v *Validator) Body(path, text string) {
	if len(text) > longestBody {
		v.Fail(path, "%d bytes are more than %d", len(text), longestBody)
	}
}

// Ring takes the size of a ring of hashes. The lab's one proxy has a ring for each client.
func (v *Validator) Ring(path string, size uint64) {
	switch {
	case size > largestRing:
		v.Fail(path, "%d is more than %d, which Envoy refuses", size, largestRing)
	case size > largestLabRing:
		v.Fail(path, "%d, above %d: %w", size, largestLabRing, ErrUnsupported)
	}
}

// Prefix takes a beginning that says something.
func (v *Validator) Prefix(path, text string) { v.NotEmpty(path, text) }

// QueryName takes the name of a parameter.
func (v *Validator) QueryName(path, name string) {
	v.NotEmpty(path, name)
	if len(name) > longestQuery {
		v.Fail(path, "the name has %d bytes, more than %d", len(name), longestQuery)
	}
}

// Line takes a text that fits in a line of HTTP: that of a rewrite, a redirect, a header.
func (v *Validator) Line(path, text string) {
	if strings.ContainsAny(text, "\r\n\x00") {
		v.Fail(path, "%s: a line break or NUL cannot be sent", Quote(text))
	}
}

// ServerName takes what a TLS handshake can say.
func (v *Validator) ServerName(path, name string) {
	if len(name) > longestServer || strings.Contains(name, "\x00") {
		v.Fail(path, "%s: want at most %d bytes, none of them NUL", Quote(name), longestServer)
	}
}

// AnyHeaderName takes what Istio and Envoy do, of which some are no names of HTTP: no request has
// them.
func (v *Validator) AnyHeaderName(path, name string) {
	v.NotEmpty(path, name)
	v.Line(path, name)
	if len(name) > longestName {
		v.Fail(path, "the name has %d bytes, more than %d", len(name), longestName)
	}
}

// ChangedHeader takes the name of a header that a rule may change: Envoy needs the others itself.
func (v *Validator) ChangedHeader(path, name string) {
	if strings.HasPrefix(name, ":") || strings.EqualFold(name, "host") {
		v.Fail(path, "%s may not be changed by a header's name", name)
		return
	}
	v.AnyHeaderName(path, name)
}

// HeaderValue takes a text with Envoy's commands.
func (v *Validator) HeaderValue(path, value string) {
	v.Line(path, value)
	if len(value) > longestName {
		v.Fail(path, "%d bytes are more than %d", len(value), longestName)
		return
	}
	if problem := formatProblem(value); problem != "" {
		v.Fail(path, "%s: %s", Quote(value), problem)
	}
}

// LimitHeaders takes as many as Envoy adds to the answer of a limit.
func (v *Validator) LimitHeaders(path string, n int) {
	if n > mostLimits {
		v.Fail(path, "%d headers are more than %d", n, mostLimits)
	}
}

// Regex takes the regular expressions that Envoy does.
func (v *Validator) Regex(path, text string) {
	if problem := regexProblem(text); problem != "" {
		v.Fail(path, "%s: %s", Quote(text), problem)
	}
}
