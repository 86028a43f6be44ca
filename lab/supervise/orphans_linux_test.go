package supervise_test

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/supervise"
)

// dead is nil when a process is gone, or at most waits for its adopter to reap it.
func dead(pid int) error {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	if _, tail, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(tail, "Z") {
		return nil
	}
	return fmt.Errorf("process %d: %s: %w", pid, stat, cmp.Or(err, errors.New("it is alive")))
}

// forked is the process id that a child said it had forked.
func forked(t *testing.T, log *supervise.Log) (pid int) {
	t.Helper()
	for line := range log.Follow(soon(t)) {
		if n, _ := fmt.Sscanf(line, "forked %d", &pid); n == 1 {
			return pid
		}
	}
	t.Fatalf("nothing forked: %s", text(log))
	return 0
}

func TestStopEndsTheForked(t *testing.T) {
	t.Parallel()
	log := supervise.NewLog(1 << 10)
	p := start(t, child(t, log, "fork"))
	pid := forked(t, log)
	if dead(pid) == nil {
		t.Fatal("died early")
	}
	if err := p.Stop(soon(t)); err != nil {
		t.Error(err)
	}
	if err := dead(pid); err != nil {
		t.Error(err)
	}
}

func TestForkedEndWithTheProgram(t *testing.T) {
	t.Parallel()
	log := supervise.NewLog(1 << 10)
	if err := supervise.Run(soon(t), child(t, log, "fork", "end")); err != nil {
		t.Error(err)
	}
	if err := dead(forked(t, log)); err != nil {
		t.Error(err)
	}
}

// TestEscapedDoesNotHoldStop has a descendant outside the group keep the program's output open.
func TestEscapedDoesNotHoldStop(t *testing.T) {
	t.Parallel()
	log := supervise.NewLog(1 << 10)
	p := start(t, child(t, log, "daemon"))
	pid := forked(t, log)
	defer syscall.Kill(pid, syscall.SIGKILL)
	if err := p.Stop(soon(t)); err != nil {
		t.Error(err)
	}
	if dead(pid) == nil {
		t.Error("the descendant had not escaped")
	}
}

// secondLevel starts a supervisor as a process that leads a group of its own, and returns the
// ids of its children when they are up, and the rest of its output.
func secondLevel(t *testing.T) (*exec.Cmd, []int, io.Reader) {
	t.Helper()
	cmd := again("supervisor")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var children []int
	out := bufio.NewReader(stdout)
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "all up\n" {
			return cmd, children, out
		}
		var pid int
		if n, _ := fmt.Sscanf(line, "child %d", &pid); n == 1 {
			children = append(children, pid)
		}
	}
}

func TestChildrenDieWithTheSupervisor(t *testing.T) {
	t.Parallel()
	supervisor, children, _ := secondLevel(t)
	for _, pid := range children {
		if dead(pid) == nil {
			t.Fatalf("%d died early", pid)
		}
	}
	if err := supervisor.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = supervisor.Wait()
	for _, pid := range children {
		labtest.Until(t, func() error { return dead(pid) })
	}
	if len(children) != 2 {
		t.Errorf("children: %v", children)
	}
}

// TestInterruptIsTheSupervisors interrupts a supervisor's whole group, as a terminal does.
func TestInterruptIsTheSupervisors(t *testing.T) {
	t.Parallel()
	supervisor, _, out := secondLevel(t)
	if err := syscall.Kill(-supervisor.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err := errors.Join(err, supervisor.Wait()); err != nil {
		t.Error(err)
	}
	if got := strings.Count(string(rest), "told terminated\n"); got != 2 {
		t.Errorf("the children say: %s", rest)
	}
}

// TestChildOutlivesItsStartersThread ends the thread of the goroutine that called Start: the
// kernel would take that for the parent's death, were it the thread that forked.
func TestChildOutlivesItsStartersThread(t *testing.T) {
	t.Parallel()
	log := supervise.NewLog(1 << 10)
	cfg := child(t, log, "block")
	cfg.Ready = says(log, "up")
	var p *supervise.Process
	thread := onDyingThread(func() {
		var err error
		if p, err = supervise.Start(cfg); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		return
	}
	defer p.Stop(ended())
	labtest.Until(t, func() error {
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread)); err == nil {
			return fmt.Errorf("thread %d lives", thread)
		}
		return nil
	})
	if err := p.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(p.Status().PID, syscall.SIGUSR1)
	labtest.Until(t, func() error { return says(log, "pong")(t.Context()) })
	if got := p.Status(); got.Restarts != 0 || got.Exit != "" {
		t.Errorf("died: %+v", got)
	}
}

// onDyingThread calls act on a thread that ends after it, and returns the thread's id.
func onDyingThread(act func()) (thread int) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the goroutine takes the thread with it
		if thread = syscall.Gettid(); thread == os.Getpid() {
			thread = onDyingThread(act) // the main thread does not end
			return
		}
		act()
	}()
	<-done
	return thread
}

// TestOrphansAreReaped is of a supervisor that inherits orphans, as process 1 of a container does:
// this test in a process of its own, which adopts.
func TestOrphansAreReaped(t *testing.T) {
	const adopter = "SUPERVISE_ADOPTER"
	if os.Getenv(adopter) == "" {
		t.Parallel()
		cmd := exec.Command(os.Args[0], "-test.run=^TestOrphansAreReaped$")
		cmd.Env = []string{adopter + "=1"}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	const setChildSubreaper = 36 // prctl(2), PR_SET_CHILD_SUBREAPER
	if _, _, err := syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0); err != 0 {
		t.Fatal(err)
	}
	log := supervise.NewLog(1 << 10)
	if err := supervise.Run(soon(t), child(t, log, "fork", "end")); err != nil {
		t.Fatal(err)
	}
	if left := childrenOf(os.Getpid()); len(left) > 0 {
		t.Errorf("left of %d: %q", forked(t, log), left)
	}
}
