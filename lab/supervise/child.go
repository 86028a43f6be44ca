//go:build unix

package supervise

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// leftBehind bounds the wait for what a dead child leaves behind: its group, its last output.
const leftBehind = time.Second

// child is one run of a program.
type child struct {
	pid     int // also the id of its process group
	started time.Time
	gone    chan struct{}    // closed when nothing of it is left
	exit    *os.ProcessState // set before gone is closed

	mu     sync.Mutex
	reaped bool
}

// startChild returns when the program runs; the error names the program.
func startChild(cfg Config, out *output) (*child, error) {
	cmd := &exec.Cmd{
		Path:        cfg.Path,
		Args:        append([]string{cfg.Path}, cfg.Args...),
		Env:         append([]string{}, cfg.Env...), // nil would inherit
		Dir:         cfg.Dir,
		SysProcAttr: attributes(),
	}
	if cfg.Stdin != nil { // a nil file is no nil reader
		cmd.Stdin = cfg.Stdin
	}
	c := &child{gone: make(chan struct{})}
	started := make(chan error)
	go c.keep(cmd, out, started)
	if err := <-started; err != nil {
		if cfg.Dir != "" { // which may be what is missing
			err = fmt.Errorf("in %s: %w", cfg.Dir, err)
		}
		return nil, fmt.Errorf("%s: %w", cfg.Name, err)
	}
	return c, nil
}

// keep starts the child and stays on its thread for the child's life, as Linux takes the end of
// the thread that forked for the parent's death.
func (c *child) keep(cmd *exec.Cmd, out *output, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	stdout, stderr, err := startPiped(cmd)
	if err != nil {
		started <- err
		return
	}
	c.pid, c.started = cmd.Process.Pid, time.Now()
	ended := out.follow(stdout, stderr)
	started <- nil
	c.exit = c.reap(cmd.Process)
	endGroup(c.pid)
	select {
	case <-ended:
	case <-time.After(leftBehind): // someone outside the group has kept the pipes
	}
	stdout.Close()
	stderr.Close()
	close(c.gone)
}

func startPiped(cmd *exec.Cmd) (stdout, stderr io.ReadCloser, err error) {
	if stdout, err = cmd.StdoutPipe(); err != nil {
		return nil, nil, err
	}
	if stderr, err = cmd.StderrPipe(); err != nil {
		return nil, nil, err
	}
	return stdout, stderr, cmd.Start()
}

// reap waits for the child's end; from then on its number may be another's.
func (c *child) reap(process *os.Process) *os.ProcessState {
	exit, _ := process.Wait() // it is our child, and nobody else waits for it
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reaped = true
	return exit
}
