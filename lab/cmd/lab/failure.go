package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
)

// The exit statuses.
const (
	ok          = 0
	failed      = 1
	misused     = 2
	interrupted = 130 // as a shell reports the end by Ctrl-C
)

// misuse is an error of the arguments.
type misuse struct{ error }

func misusef(format string, args ...any) error { return misuse{fmt.Errorf(format, args...)} }

// exitStatus ends the program without a word.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// status says what went wrong, and returns the exit status.
func (a *app) status(cmd *cobra.Command, err error) int {
	_, inDiff := errors.AsType[trouble](err)
	words, advised := errors.AsType[counsel](err)
	exit, silent := errors.AsType[exitStatus](err)
	_, wrong := errors.AsType[misuse](err)
	_, isRefused := errors.AsType[*objects.Error](err)
	switch lost := a.printed.err(); {
	case lost != nil:
		a.complain(lost.Error())
	case err == nil:
		return ok
	case silent:
		return int(exit)
	case advised:
		a.complain(string(words))
		return misused
	case wrong || !a.started:
		a.complain(err.Error())
		see, _ := translated("see "+cmd.CommandPath()+" -h", a.language())
		fmt.Fprintln(a.stderr, see)
		return misused
	case cmd.Context().Err() != nil && !isRefused:
		return interrupted
	case errors.Is(err, control.ErrNotRunning):
		a.complain(fmt.Sprintf("%v; `%s` or `make run` starts one", err, a.line("up")))
	default:
		a.complain(problems(err)...)
	}
	if inDiff {
		return misused
	}
	return failed
}

func problems(err error) []string {
	if refused, ok := errors.AsType[*objects.Error](err); ok {
		return refused.Problems
	}
	return strings.Split(err.Error(), "\n")
}

const (
	errorMark          = "Error: "
	errorMarkInChinese = "错误："
)

// complain says each problem in a line, in the reader's language if it has words for it. What another lab
// says has the mark already.
func (a *app) complain(problems ...string) {
	for _, p := range problems {
		mark, text := errorMark, strings.TrimPrefix(strings.TrimPrefix(p, errorMark), errorMarkInChinese)
		if said, ok := translated(text, a.language()); ok {
			mark, text = errorMarkInChinese, said
		} else if a.language() == chinese && strings.ContainsFunc(text, isWide) { // a walk said it so
			mark = errorMarkInChinese
		}
		a.tell(mark + document.Printable(text))
	}
}

func (a *app) warn(warnings ...string) {
	for _, w := range warnings {
		a.tell("warning: " + document.Printable(w))
	}
}

// line is a command line for this lab.
func (a *app) line(verb string) string {
	switch {
	case a.onCluster() && a.getenv("LAB_ON") != onCluster:
		return "bin/lab --on cluster " + verb
	case a.name != defaultLab:
		return "bin/lab --name " + a.name + " " + verb
	}
	return "bin/lab " + verb
}
