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

// published is the schema of specs as a cluster has it.
func published() document.Schema {
	return document.Schema{
		Refused: func(string) error { return nil },
		Shortest: func(path string) time.Duration {
			if strings.HasSuffix(path, "httpCookie.ttl") {
				return math.MinInt64 // hash looks at it
			}
			return time.Millisecond
		},
		Longest: rules.LongestDuration,
		Own:     []string{"mirror_percent"}, // the only one
	}
}
