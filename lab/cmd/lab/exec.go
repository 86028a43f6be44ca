package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/lesson/screen"
)

func (a *app) exec() *cobra.Command {
	var e control.Exec
	var terminal bool
	cmd := &cobra.Command{
		Use:   "exec POD [-c CONTAINER] -- COMMAND [ARG...]",
		Short: "Run a command as if inside a pod, and end with its status",
		Long: `Run a command as if inside a pod: with its environment, and its programs first on the PATH.

There is no container around the command: it sees the files of this machine.`,
		Example: `  bin/lab exec recommendation-v2-785465d9cd-225ms -c recommendation -- recommendation misbehave
  bin/lab exec deployment/egresshttpbin -- egress get http://httpbin.org/headers`,
		ValidArgsFunction: a.completePods,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 || cmd.ArgsLenAtDash() > 1 {
				return misusef("want POD -- COMMAND [ARG...]; bin/lab get pods lists the pods")
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			if terminal {
				var stop func()
				ctx, stop = withTerminal(ctx)
				defer stop()
			}
			e.Selection, e.Command = a.selection(args[:1], ""), args[1:]
			streams := control.Streams{In: a.stdin, Out: a.process.stdout, Err: a.stderr, Shared: terminal}
			streams.Begin = func() { a.enters(args[0], e) }
			status, err := client.Exec(ctx, e, streams)
			if err == nil && !e.Stdin && isShell(e.Command) {
				a.tell(fmt.Sprintf("%s has ended, as nothing could be typed: %s -it passes it what you type",
					document.Printable(e.Command[0]), a.line("exec")))
			}
			if err == nil && status != ok {
				fmt.Fprintln(a.stderr, "command terminated with exit code", status) // as kubectl says
				return exitStatus(status)
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&e.Stdin, "stdin", "i", false, "pass standard input to the command")
	flags.BoolVarP(&terminal, "tty", "t", false, "pass Ctrl-C to the command")
	flags.StringVarP(&e.Container, "container", "c", "", "container whose environment is used; default: the program")
	return cmd
}

// enters says where a shell is in which somebody types: its prompt is the user's own.
func (a *app) enters(pod string, e control.Exec) {
	if !e.Stdin || !isShell(e.Command) || !screen.IsTerminal(a.stdin) {
		return
	}
	a.tell(fmt.Sprintf("In pod %s: localhost and the names of services are those of the pod; exit leaves it.",
		document.Printable(pod)))
}

// isShell reports whether a command is a shell that reads what to do from its input.
func isShell(command []string) bool {
	shells := []string{"sh", "bash", "dash", "ash", "ksh", "zsh", "fish"}
	return slices.Contains(shells, filepath.Base(command[0])) &&
		!slices.ContainsFunc(command[1:], func(arg string) bool { return !strings.HasPrefix(arg, "-") })
}

// withTerminal leaves Ctrl-C to the command that has the terminal: both get it.
func withTerminal(ctx context.Context) (context.Context, func()) {
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, os.Interrupt)
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), syscall.SIGTERM, syscall.SIGHUP)
	return ctx, func() {
		stop()
		signal.Stop(ignored)
	}
}
