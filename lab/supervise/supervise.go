//go:build unix

// Package supervise starts, watches and stops child processes.
//
// [Start] runs a program until its [Process] is stopped: it is probed for readiness, restarted
// with growing delays when it dies by itself, and ended by a signal, a grace and SIGKILL.
// A [Group] ends many processes, [Run] waits for a program that ends by itself, and a [Log]
// keeps what they print.
//
// Every program leads a process group of its own, so that a terminal's Ctrl-C does not reach it
// and whatever it forked ends with it; only a descendant that leaves the group (setsid) escapes.
// When the supervising process itself dies, Linux kills the programs it had started, though not
// what they forked in turn; elsewhere they go on.
package supervise

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// Config describes one program and how it is looked after.
type Config struct {
	// Name stands in errors and in [Status]. Required.
	Name string
	// Path is the program, absolute or relative to Dir; it is not looked up. Required.
	Path string
	// Args are the arguments, without the program's name. Optional.
	Args []string
	// Env is the complete environment, KEY=VALUE; nothing is inherited. Optional.
	Env []string
	// Dir is the working directory; empty is the supervisor's own. Optional.
	Dir string

	// Stdin is read by the program; nil is nothing to read. Optional.
	Stdin *os.File
	// Stdout receives standard output, one Write for each line; a last line without an end, and
	// each 64 KiB of a longer one, is given one. What it cannot take is lost. Nil discards.
	Stdout io.Writer
	// Stderr receives standard error in the same way, never both at once, so that Stdout and
	// Stderr may be one writer; the order between the two is not kept. Nil is Stdout.
	Stderr io.Writer

	// Ready reports whether the program can serve, as [HTTPGet] does; it returns when its context
	// ends. Nil means ready as soon as started.
	Ready func(context.Context) error
	// Probe paces Ready. Optional.
	Probe Probe

	// Once leaves the program ended when it ends by itself. Optional.
	Once bool
	// RestartDelay is the back-off. Optional.
	RestartDelay RestartDelay

	// StopSignal asks the program, and all of its group, to end. Zero is SIGTERM.
	StopSignal syscall.Signal
	// Grace is the time from StopSignal to SIGKILL. Zero is 5 s.
	Grace time.Duration
}

// Probe paces the calls of [Config].Ready.
type Probe struct {
	// Period is the pause once the program has been ready, and the longest before. Zero is 1 s.
	Period time.Duration
	// Timeout bounds one call. Zero is 1 s.
	Timeout time.Duration
	// Failures in a row make a ready program NotReady. Zero is 1.
	Failures int
}

// RestartDelay is the time from a program's end to its restart; it doubles with each.
type RestartDelay struct {
	// Initial is the first delay. Zero is 100 ms.
	Initial time.Duration
	// Max is the longest delay. Zero is 10 s.
	Max time.Duration
	// Reset is how long a program was ready at its end for the next delay to be Initial again.
	// Zero is 10 s.
	Reset time.Duration
}

func (c Config) validate() error {
	switch {
	case c.Name == "":
		return errors.New("process: no name")
	case c.Path == "":
		return errors.New(c.Name + ": no path")
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Stdout == nil {
		c.Stdout = io.Discard
	}
	if c.Stderr == nil {
		c.Stderr = c.Stdout
	}
	c.StopSignal = cmp.Or(c.StopSignal, syscall.SIGTERM)
	c.Grace = cmp.Or(c.Grace, 5*time.Second)
	c.Probe = c.Probe.withDefaults()
	c.RestartDelay = c.RestartDelay.withDefaults()
	return c
}

func (p Probe) withDefaults() Probe {
	p.Period = cmp.Or(p.Period, time.Second)
	p.Timeout = cmp.Or(p.Timeout, time.Second)
	p.Failures = cmp.Or(p.Failures, 1)
	return p
}

func (d RestartDelay) withDefaults() RestartDelay {
	d.Initial = cmp.Or(d.Initial, 100*time.Millisecond)
	d.Max = cmp.Or(d.Max, 10*time.Second)
	d.Reset = cmp.Or(d.Reset, 10*time.Second)
	return d
}
