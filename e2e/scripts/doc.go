// Package scripts tests the scripts of bin/ that a reader starts by hand.
package scripts
