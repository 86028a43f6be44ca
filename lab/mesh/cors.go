package mesh

import "time"

// Cors answers a browser's questions about pages of other origins, and tells it what it may do
// with the answers.
type Cors struct {
	Origins         []Condition // of the header origin; any of them
	Methods         []string
	Headers, Expose []string
	MaxAge          *time.Duration
	Credentials     *bool
	// Forward leaves a question from an origin that is none of these to the host.
	Forward bool
}
