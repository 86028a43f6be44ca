package cluster

import (
	"bytes"
	"io"
	"regexp"
	"strings"
)

// noise is what kubectl logs for each kind of its own requests where it reaches no cluster, before it says so itself.
var noise = regexp.MustCompile(`^[EW]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ memcache\.go:\d+\] `)

// Quiet passes on all but kubectl's noise, line by line; Close passes on what has no end of line.
type Quiet struct {
	// Unreached says that kubectl reached no cluster.
	Unreached bool

	to   io.Writer
	part []byte // of a line
}

// NewQuiet is one that passes on to another.
func NewQuiet(to io.Writer) *Quiet { return &Quiet{to: to} }

// Write passes on whole lines at once, and an open line as soon as it cannot be noise any more: it may be a question.
func (q *Quiet) Write(data []byte) (int, error) {
	q.part = append(q.part, data...)
	for {
		end := bytes.IndexByte(q.part, '\n') + 1
		if end == 0 && (len(q.part) == 0 || strings.ContainsRune("EW", rune(q.part[0]))) {
			return len(data), nil
		}
		if end == 0 {
			end = len(q.part)
		}
		if err := q.pass(end); err != nil {
			return 0, err
		}
	}
}

// Close passes on what is left.
func (q *Quiet) Close() error { return q.pass(len(q.part)) }

func (q *Quiet) pass(n int) error {
	line := q.part[:n]
	q.part = q.part[n:]
	if len(line) == 0 || noise.Match(line) {
		return nil
	}
	q.Unreached = q.Unreached || bytes.HasPrefix(line, []byte("The connection to the server "))
	_, err := q.to.Write(line)
	return err
}
