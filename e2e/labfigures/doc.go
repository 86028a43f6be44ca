// Package labfigures takes the figures of the lab: go test -bench. It runs bin/lab, as a reader
// does, on ports of its own.
package labfigures
