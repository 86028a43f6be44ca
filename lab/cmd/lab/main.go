// Command lab runs the tutorial's mesh on this machine, with the verbs of kubectl and istioctl.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, process{
		args: os.Args[1:], getenv: os.Getenv, environ: os.Environ, executable: os.Executable,
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
	}))
}

// process is what surrounds the program.
type process struct {
	args           []string // without the program's name
	getenv         func(string) string
	environ        func() []string
	executable     func() (string, error) // the program's own file
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run does what the arguments say and returns the exit status.
func run(ctx context.Context, p process) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &printed{to: p.stdout, cancel: cancel}
	a := &app{process: p, stdout: out, printed: out}
	cmd, err := a.root().ExecuteContextC(ctx)
	return a.status(cmd, err)
}
