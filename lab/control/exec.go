package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"istio-tutorial/lab/pods"
)

// Streams are what a command reads and writes. A terminal is the command's own if In, Out and
// Err are its files.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Shared leaves the command among those that get the terminal's signals, as the caller does. Without, all
	// that the command has started ends with it, when its caller does. Optional.
	Shared bool
	// Begin is called once the pod is known, before the command runs. Optional.
	Begin func()
}

// execGrace is the time from SIGTERM to SIGKILL of a command that nobody waits for any more.
const execGrace = time.Second

// Exec runs a command as a child of the caller, in the environment of a pod, and returns its exit
// status, 128 + N for the end by signal N. The command ends when ctx or the caller does.
func (c *Client) Exec(ctx context.Context, e Exec, s Streams) (status int, err error) {
	found, err := ask[pods.Command](ctx, c, "exec", e)
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, found.Path, found.Args...)
	cmd.Env = append([]string{}, found.Env...) // nil would inherit
	cmd.Stdout, cmd.Stderr = s.Out, s.Err
	if e.Stdin {
		cmd.Stdin = s.In
	}
	cmd.SysProcAttr = withCaller()
	cmd.SysProcAttr.Setpgid = !s.Shared && !(e.Stdin && isDevice(s.In))
	end := func(s syscall.Signal) error { return cmd.Process.Signal(s) }
	if cmd.SysProcAttr.Setpgid { // what it has started ends with it
		end = func(s syscall.Signal) error { return syscall.Kill(-cmd.Process.Pid, s) }
	}
	cmd.Cancel = func() error { return end(syscall.SIGTERM) }
	cmd.WaitDelay = execGrace
	if s.Begin != nil {
		s.Begin()
	}
	status, err = runHere(cmd)
	if ctx.Err() != nil && cmd.Process != nil {
		_ = end(syscall.SIGKILL) // what is left, if anything
	}
	return status, err
}

// isDevice reports whether a command reads from what may be a terminal, whose signals are then for it: only
// the group that the terminal has in front may read.
func isDevice(in io.Reader) bool {
	file, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// runHere keeps the thread that starts the command, whose end Linux takes for the parent's.
func runHere(cmd *exec.Cmd) (status int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = cmd.Run()
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return 0, nil
	case !ended:
		return 0, fmt.Errorf("exec: %w", err)
	}
	if wait, ok := exit.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
		return 128 + int(wait.Signal()), nil
	}
	return exit.ExitCode(), nil
}
