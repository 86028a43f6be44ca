// Package backend runs real backends, Jaeger, Zipkin and Prometheus, and reads traces and figures
// back from their query APIs.
package backend

import (
	"fmt"
	"strings"
)

// Store is a backend's query API.
type Store interface {
	// Trace is the trace with the id; none if the backend has no span of it.
	Trace(id string) (Trace, error)
	// Traces are all traces with a span of the service.
	Traces(service string) ([]Trace, error)
}

// Trace is the spans of one trace, in no order.
type Trace []Span

// Span is what both backends know of a span.
type Span struct {
	ID, Parent string // Parent is empty for a root
	Service    string
	Kind       string // server or client
	Failed     bool   // it has the error tag
	Status     string // the tag http.status_code
}

// Root returns the span whose parent is not in the trace; there must be exactly one.
func (tr Trace) Root() (Span, error) {
	ids := map[string]bool{}
	for _, s := range tr {
		ids[s.ID] = true
	}
	var roots []Span
	for _, s := range tr {
		if !ids[s.Parent] {
			roots = append(roots, s)
		}
	}
	if len(roots) != 1 {
		return Span{}, fmt.Errorf("%d roots in %+v", len(roots), tr)
	}
	return roots[0], nil
}

// Line returns the trace from parent to child, as `customer server, customer client, …`, with `!`
// after a failed span. Every span must have one child at most.
func (tr Trace) Line() (string, error) {
	s, err := tr.Root()
	if err != nil {
		return "", err
	}
	line := []string{s.word()}
	for len(line) < len(tr) {
		children := tr.of(s.ID)
		if len(children) != 1 {
			return "", fmt.Errorf("%d children of %s in %+v", len(children), s.ID, tr)
		}
		s = children[0]
		line = append(line, s.word())
	}
	return strings.Join(line, ", "), nil
}

func (tr Trace) of(parent string) []Span {
	var children []Span
	for _, s := range tr {
		if s.Parent == parent {
			children = append(children, s)
		}
	}
	return children
}

func (s Span) word() string {
	word := s.Service + " " + s.Kind
	if s.Failed {
		word += "!"
	}
	return word
}
