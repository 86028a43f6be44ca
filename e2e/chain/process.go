package chain

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
)

// Process is a running program, or one that has ended.
type Process struct {
	Address string // host:port that it serves on

	cmd   *exec.Cmd
	out   *output // both streams
	ended chan struct{}
	asked bool // to end
}

// Start starts the program and waits until it is ready. The caller ends it with Stop.
func (p Programs) Start(s Spec) (*Process, error) {
	cmd := exec.Command(filepath.Join(string(p), s.Program), s.Args...)
	cmd.Env = Defaults().With(s.Env).list()
	proc, err := Launch(cmd)
	if err != nil {
		return nil, err
	}
	if err := await.Until(await.Patience, proc.ready); err != nil {
		proc.Kill()
		return nil, fmt.Errorf("%s: %w", proc.commandLine(), err)
	}
	if s.Silent {
		proc.out.silence()
	}
	return proc, nil
}

// Launch starts any command. It does not wait until that is ready for anything.
func Launch(cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd, out: &output{}, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = p.out, p.out, dieWithParent()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // its reason is in cmd.ProcessState
		close(p.ended)
	}()
	return p, nil
}

// Run calls Start for a test, at whose end the process is told to end, and must end well.
func (p Programs) Run(t testing.TB, s Spec) *Process {
	t.Helper()
	proc, err := p.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proc.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s:\n%s", proc.commandLine(), proc.Log())
		}
	})
	return proc
}

// ready returns nil when the service answers, and notes its address.
func (p *Process) ready() error {
	if err := p.Running(); err != nil {
		return await.Never(err)
	}
	found := regexp.MustCompile(`"msg":"listening","on":"([^"]+)"`).FindStringSubmatch(p.Log())
	if found == nil {
		return fmt.Errorf("does not listen:\n%s", p.Log())
	}
	p.Address = found[1]
	a, err := Ask(p.URL() + "/health/ready")
	if err == nil && a.Status != 200 {
		err = fmt.Errorf("not ready: %d %s", a.Status, a.Body)
	}
	return err
}

// Running returns an error, with all that the process said, if it has ended.
func (p *Process) Running() error {
	select {
	case <-p.ended:
		return fmt.Errorf("ended: %v\n%s", p.cmd.ProcessState, p.Log())
	default:
		return nil
	}
}

// commandLine can be pasted into a shell.
func (p *Process) commandLine() string {
	words := append([]string{"env", "-i"}, p.cmd.Env...)
	words = append(words, p.cmd.Args...)
	for i, word := range words {
		if strings.ContainsAny(word, " '\"$&?*;") {
			words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// URL returns the address of the process, without a path.
func (p *Process) URL() string { return "http://" + p.Address }

// ID returns the number that the system knows the process by.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Log returns what the process has said so far, on both streams.
func (p *Process) Log() string { return p.out.String() }

// WaitLog waits until the log has a match of the pattern and returns its groups.
func (p *Process) WaitLog(pattern string) ([]string, error) {
	want, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	var found []string
	err = await.Until(await.Patience, func() error {
		if found = want.FindStringSubmatch(p.Log()); found == nil {
			return fmt.Errorf("no match of %s in the log:\n%s", pattern, p.Log())
		}
		return nil
	})
	return found, err
}

// Signal sends the signal, of which the process may end.
func (p *Process) Signal(s os.Signal) error {
	p.asked = true
	return p.cmd.Process.Signal(s)
}

// Wait waits for the end of the process and returns how it ended: `exit status 0`, or `signal:
// killed`.
func (p *Process) Wait(within time.Duration) (string, error) {
	select {
	case <-p.ended:
		return p.cmd.ProcessState.String(), nil
	case <-time.After(within):
		return "", fmt.Errorf("%s: still runs after %v:\n%s", p.commandLine(), within, p.Log())
	}
}

// Kill ends the process at once, if it has not ended.
func (p *Process) Kill() {
	_ = p.Signal(os.Kill)
	<-p.ended
}

// Stop ends the process as Kubernetes does, by SIGTERM, and by SIGKILL if that does not help.
// It is an error if the process had ended by itself, or does not end with status 0.
func (p *Process) Stop() error {
	select {
	case <-p.ended:
		if p.asked {
			return nil // by Signal: how it ended is for the caller to judge
		}
		return fmt.Errorf("%s: ended by itself: %v", p.commandLine(), p.cmd.ProcessState)
	default:
	}
	_ = p.Signal(terminate)
	status, err := p.Wait(await.Patience)
	if err != nil {
		p.Kill()
		return err
	}
	if status != "exit status 0" {
		return errors.New(p.commandLine() + ": " + status)
	}
	return nil
}
