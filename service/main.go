// Package service is the frame that all services stand in: settings, log, metrics, tracing,
// health, listening and ending. What a service itself does, it says in a Program.
package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service/setting"
	"istio-tutorial/service/tracing"
	"istio-tutorial/service/version"
)

// Program is a service.
type Program struct {
	Name    string                       // Required.
	About   string                       // what it does, in a line for -h. Required.
	Declare func(*setting.Set)           // adds its own settings. Optional.
	Routes  func(chi.Router, Frame)      // adds what it answers. Required.
	Command func(string) (Command, bool) // finds a command of its own. Optional.
	Help    string                       // the commands of its own, for -h. Optional.
}

// Frame is what a service gets to do its work with.
type Frame struct {
	Log    *slog.Logger
	Tracer tracing.Tracer
	// Errors returns what counts the errors of the next service by their cause; those of the causes begin at 0.
	Errors func(next string, causes []string) func(cause string)
}

// The exit statuses of Main.
const (
	ok = iota
	failed
	misused
)

// Main runs the program, or the command that its arguments name, until that is done or ctx is
// cancelled, and returns the exit status: 0, 1 if something went wrong, 2 for wrong settings.
// The version is asked for by one word alone: a service may have a setting of that name.
func Main(ctx context.Context, p Program, in Process) int {
	if len(in.Args) == 1 && (in.Args[0] == "--version" || in.Args[0] == "-version") {
		fmt.Fprintln(in.Stdout, p.Name, version.Read())
		return ok
	}
	var s settings
	set := s.declare(p, in)
	args, err := set.Parse(in.Args)
	switch {
	case errors.Is(err, setting.ErrHelp):
		help(in.Stdout, p, set)
		return ok
	case err != nil:
		return complain(in, p, misused, err)
	case len(args) > 0:
		return runCommand(ctx, p, in, s, args)
	}
	if err := serve(ctx, p, in, s); err != nil {
		return complain(in, p, failed, err)
	}
	return ok
}

// complain writes the error, in which joined ones have a line each.
func complain(in Process, p Program, status int, err error) int {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(in.Stderr, "%s: %s\n", p.Name, line)
	}
	return status
}

func help(w io.Writer, p Program, set *setting.Set) {
	fmt.Fprintf(w, `%[1]s %[2]s

Usage:
  %[1]s [flags]        serve
  %[1]s get URL        ask URL, or a path of the running %[1]s, and show the answer
  %[1]s --version      show which build it is
%[3]s
A flag beats its variable, and that beats the default. HTTP_PROXY and NO_PROXY count for
calls to other services, never for reports to a tracing backend.

`, p.Name, p.About, p.Help)
	set.Help(w)
}
