package rules

import "strings"

// Covers reports whether a pattern, a host or * and the end of one, matches a host or another
// pattern.
func Covers(pattern, host string) bool {
	end, wild := strings.CutPrefix(pattern, "*")
	if !wild {
		return pattern == host
	}
	return strings.HasSuffix(strings.TrimPrefix(host, "*"), end)
}

// Narrower is the one of two patterns that the other covers; "" if neither does.
func Narrower(a, b string) string {
	switch {
	case Covers(a, b):
		return b
	case Covers(b, a):
		return a
	default:
		return ""
	}
}
