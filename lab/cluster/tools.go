// Package cluster acts on a Kubernetes with an Istio by running kubectl and istioctl, as a reader of the pages
// would type them, and knows when a change has reached the proxies.
package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The programs that are run.
const (
	Kubectl  = "kubectl"
	Istioctl = "istioctl"
)

// ErrMissing is that a program is not on the PATH.
var ErrMissing = errors.New("not found on the PATH")

// grace is how long a program that was told to end may take.
const grace = 5 * time.Second

// Tools runs the programs against one namespace of one cluster.
type Tools struct {
	Context   string    // of the kubeconfig; "" is its current one
	Namespace string    // Required.
	Environ   []string  // of the programs, with PATH and KUBECONFIG; nil is this process'
	Echo      io.Writer // what is run is printed here first; nil: nowhere
}

// Streams are a program's. A file among them is handed to it as it is, so that it knows a terminal.
type Streams struct {
	In       io.Reader // nil is empty
	Out, Err io.Writer // nil is discarded
}

// Line is a program and its arguments.
type Line struct {
	Tool string // Kubectl or Istioctl
	Args []string
	Note string // said behind the echo, such as where standard input is from
	// Anywhere is that its files name namespaces, which may be others: kubectl refuses those beside -n.
	Anywhere bool
	// Terminal is that what runs inside has the terminal for itself: its words are handed on as they are.
	Terminal bool
}

// ExitError is a program that did not end well.
type ExitError struct {
	Line   string // as it is typed
	Status int
	Stderr string // of Output: the last it said
}

func (e *ExitError) Error() string {
	if e.Stderr != "" {
		return fmt.Sprintf("%s: %s", e.Line, e.Stderr)
	}
	return fmt.Sprintf("%s: exit status %d", e.Line, e.Status)
}

// Run runs a line until it ends, or ctx does. The error of one that fails is an [*ExitError].
func (t Tools) Run(ctx context.Context, l Line, s Streams) error {
	cmd, err := t.command(ctx, l)
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.In, s.Out, s.Err
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return &ExitError{Line: t.typed(l), Status: status(exit)}
	}
	return err
}

// Output is what a line prints on standard output; the error has what it said beside.
func (t Tools) Output(ctx context.Context, stdin string, l Line) (string, error) {
	var out, words bytes.Buffer
	quiet := NewQuiet(&words)
	err := errors.Join(t.Run(ctx, l, Streams{In: strings.NewReader(stdin), Out: &out, Err: quiet}), quiet.Close())
	if exit, ok := errors.AsType[*ExitError](err); ok {
		exit.Stderr = strings.TrimSpace(words.String())
	}
	return out.String(), err
}

// Reach is an error, with kubectl's words, where the cluster does not answer: istioctl then asks again and again.
func (t Tools) Reach(ctx context.Context) error {
	t.Echo = nil
	_, err := t.Output(ctx, "", Line{Tool: Kubectl, Args: []string{"get", "--raw", "/version"}})
	return err
}

// command is a line's, and ends as by Ctrl-C with ctx.
func (t Tools) command(ctx context.Context, l Line) (*exec.Cmd, error) {
	path, err := t.Find(l.Tool)
	if err != nil {
		return nil, err
	}
	if t.Echo != nil {
		fmt.Fprintln(t.Echo, strings.TrimSpace("+ "+t.typed(l)+"  "+l.Note))
	}
	cmd := exec.CommandContext(ctx, path, t.arguments(l)...)
	cmd.Env = t.environ()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = grace
	return cmd, nil
}

// arguments are a line's behind the flags that say where: a later flag of the line counts more.
func (t Tools) arguments(l Line) []string {
	var where []string
	if t.Context != "" {
		where = append(where, "--context", t.Context)
	}
	if t.Namespace != "" && !l.Anywhere {
		where = append(where, "-n", t.Namespace)
	}
	return append(where, l.Args...)
}

// typed is a line as a person types it.
func (t Tools) typed(l Line) string {
	words := []string{l.Tool}
	for _, a := range t.arguments(l) {
		words = append(words, quoted(a))
	}
	return strings.Join(words, " ")
}

// quoted is a word for a shell.
func quoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,@%+"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func (t Tools) environ() []string {
	if t.Environ != nil {
		return t.Environ
	}
	return os.Environ()
}

// Find is the file of a program.
func (t Tools) Find(tool string) (string, error) {
	path := ""
	for _, pair := range t.environ() {
		if value, ok := strings.CutPrefix(pair, "PATH="); ok {
			path = value
		}
	}
	for _, folder := range filepath.SplitList(path) {
		if found, err := exec.LookPath(filepath.Join(folder, tool)); err == nil && filepath.IsAbs(found) {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s: %w; %s tells how to install it", tool, ErrMissing, installing(tool))
}

func installing(tool string) string {
	if tool == Istioctl {
		return "https://istio.io/latest/docs/setup/getting-started/"
	}
	return "https://kubernetes.io/docs/tasks/tools/"
}

// status is an exit status, as a shell has it for a program that a signal ended.
func status(exit *exec.ExitError) int {
	const bySignal = 128
	if wait, ok := exit.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
		return bySignal + int(wait.Signal())
	}
	return exit.ExitCode()
}
