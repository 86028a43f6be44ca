package v1

import (
	"math"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

// schema is that of a kind's specs, less what the lab does not do.
func schema(kind string) document.Schema {
	s, fields := published(), unsupported()[kind]
	s.Refused = func(path string) error {
		if slices.Contains(fields, fieldName(path)) {
			return rules.ErrUnsupported
		}
		return nil
	}
	return s
}

const cookieTTL = "httpCookie.ttl"

// published is the schema of specs as a cluster has it.
func published() document.Schema {
	return document.Schema{
		Refused: func(string) error { return nil },
		Shortest: func(path string) time.Duration {
			switch {
			case strings.HasSuffix(path, cookieTTL):
				return math.MinInt64 // hash looks at it
			case strings.HasSuffix(path, ".connectionPool.tcp.idleTimeout"):
				return 0 // which is none; and Istio takes what rounds to it
			}
			return time.Millisecond
		},
		Unit: func(path string) time.Duration {
			if strings.HasSuffix(path, cookieTTL) {
				return 0
			}
			return time.Millisecond
		},
		Longest: rules.LongestDuration,
		Own:     []string{"mirror_percent"}, // the only one
	}
}
