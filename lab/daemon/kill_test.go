package daemon_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
)

func kill(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("%v %d: %v", sig, pid, err)
	}
}

func TestKilledPod(t *testing.T) {
	t.Parallel()
	l := up(t)
	before := l.pods(t, "app=preference")[0]
	kill(t, before.PID, syscall.SIGKILL)
	labtest.Until(t, func() error {
		after := l.pods(t, "app=preference")[0]
		if after.Restarts != 1 || after.Ready != 2 || after.Name != before.Name {
			return fmt.Errorf("pod %+v", after)
		}
		return nil
	})
	if got := l.ask(t); !strings.HasPrefix(got, fromV1) {
		t.Errorf("answer %q", got)
	}
}

func TestKilledEnvoy(t *testing.T) {
	t.Parallel()
	l := up(t)
	l.must(t, objects.Apply, "deploy/recommendation/Deployment-v2.yml")
	l.rollout(t, "recommendation-v2")
	l.must(t, objects.Create, "istiofiles/route-rule-recommendation-v2.yml")
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kill(t, s.Proxy.PID, syscall.SIGKILL)
	// A change while it is down waits until it is back.
	l.must(t, objects.Replace, "istiofiles/route-rule-recommendation-v1.yml")
	if got := l.answers(t, 10); got[fromV1] != 10 {
		t.Errorf("answers %v", got)
	}
	if s, err = l.Status(t.Context()); err != nil || s.Proxy.Restarts != 1 {
		t.Errorf("proxy %+v, %v", s.Proxy, err)
	}
	// Without a change it serves by the same rules.
	kill(t, s.Proxy.PID, syscall.SIGKILL)
	labtest.Until(t, func() error {
		s, err := l.Status(t.Context())
		if err == nil && (s.Proxy.Restarts != 2 || s.Proxy.State != "Ready") {
			err = fmt.Errorf("proxy %+v", s.Proxy)
		}
		return err
	})
	if got := l.answers(t, 10); got[fromV1] != 10 {
		t.Errorf("answers %v", got)
	}
}

// process is a lab in a process of its own.
type process struct {
	*exec.Cmd
	folder control.Folder
	out    bytes.Buffer
	client *control.Client
}

func newProcess(t *testing.T, folder control.Folder) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(exe), folder: folder, client: control.NewClient(folder)}
	p.Env = append(os.Environ(), role+"="+string(folder))
	p.Stderr = &p.out
	t.Cleanup(func() {
		_ = p.Process.Kill() // it may be over
		_ = p.Wait()
	})
	return p
}

func startProcess(t *testing.T, folder control.Folder) *process {
	t.Helper()
	p := newProcess(t, folder)
	p.Stdout = &p.out
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// running waits for a phase, and returns the status with it.
func (p *process) running(t *testing.T) control.Status {
	t.Helper()
	var s control.Status
	labtest.Until(t, func() (err error) {
		if s, err = p.client.Status(t.Context()); err == nil && s.Phase != control.Running {
			err = fmt.Errorf("phase %s", s.Phase)
		}
		return err
	})
	return s
}

// family are a process and all that descend from it, as far as /proc has them.
func family(pid int) []int {
	parents := map[int][]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		stat, _ := os.ReadFile(file)
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		_, tail, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(tail); len(f) > 1 && f[0] != "Z" {
			parent, _ := strconv.Atoi(f[1])
			parents[parent] = append(parents[parent], child)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, parents[all[i]]...)
	}
	return all
}

func isAlive(pid int) error {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || strings.Contains(string(stat), ") Z ") {
		return nil
	}
	return fmt.Errorf("still there: %s", stat)
}

// nothingLeft checks that no process of a family, no port and no file is left.
func nothingLeft(t *testing.T, all []int, s control.Status, folder control.Folder) {
	t.Helper()
	for _, pid := range all {
		if err := isAlive(pid); err != nil {
			t.Error(err)
		}
	}
	addresses := []string{strings.TrimPrefix(s.Ingress, "http://")}
	for _, p := range s.Pods {
		addresses = append(addresses, p.Proxy)
		for _, a := range p.Addresses {
			addresses = append(addresses, a)
		}
	}
	for _, a := range addresses {
		if l, err := net.Listen("tcp", a); err != nil {
			t.Error(err)
		} else {
			l.Close()
		}
	}
	if _, err := os.Stat(string(folder)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v", folder, err)
	}
}

func needProc(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
}

func TestDownLeavesNothing(t *testing.T) {
	t.Parallel()
	needProc(t)
	for name, end := range map[string]func(p *process) error{
		"down":   func(p *process) error { return p.client.Down(t.Context()) },
		"Ctrl-C": func(p *process) error { return p.Process.Signal(os.Interrupt) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProcess(t, newFolder(t))
			s := p.running(t)
			all := family(p.Process.Pid)
			if len(all) < 5 {
				t.Fatalf("only %d processes", len(all))
			}
			if err := end(p); err != nil {
				t.Fatal(err)
			}
			if name == "down" { // then nothing of it is there any more
				nothingLeft(t, all[1:], s, p.folder)
			}
			if err := p.Wait(); err != nil {
				t.Errorf("%v\n%s", err, p.out.String())
			}
			nothingLeft(t, all, s, p.folder)
			if _, err := p.client.Status(t.Context()); !errors.Is(err, control.ErrNotRunning) {
				t.Errorf("status: %v", err)
			}
		})
	}
}

// Ctrl-C at any moment of the start ends all.
func TestInterruptedStart(t *testing.T) {
	t.Parallel()
	needProc(t)
	for _, moment := range []string{"Envoy false", "Envoy true", "customer false", "customer true", "ingress false"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, newFolder(t))
			out, err := p.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			for lines.Scan() && !strings.HasPrefix(lines.Text(), moment) {
			}
			all := family(p.Process.Pid)
			if err := p.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() { // until it ends
			}
			if err := p.Wait(); err != nil {
				t.Errorf("%v\n%s", err, p.out.String())
			}
			nothingLeft(t, all, control.Status{Ingress: "127.0.0.1:0"}, p.folder)
		})
	}
}

// A lab that is killed leaves no process, and no obstacle for the next.
func TestKilledLab(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs the parent-death signal")
	}
	folder := newFolder(t)
	p := startProcess(t, folder)
	s := p.running(t)
	all := family(p.Process.Pid)
	kill(t, p.Process.Pid, syscall.SIGKILL)
	_ = p.Wait() // it was killed
	for _, pid := range all {
		labtest.Until(t, func() error { return isAlive(pid) })
	}
	if _, err := p.client.Status(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("status of a killed lab: %v", err)
	}
	again := up(t, func(c *daemon.Config) {
		c.Folder, c.Listen = folder, strings.TrimPrefix(s.Ingress, "http://")
	})
	if got := again.ask(t); !strings.HasPrefix(got, fromV1) || !strings.HasSuffix(got, ": 1") {
		t.Errorf("answer of the next: %q", got)
	}
}

func TestOneLabOfAName(t *testing.T) {
	t.Parallel()
	l := up(t)
	cfg, err := config(l.folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Run(t.Context(), cfg); !errors.Is(err, daemon.ErrRunning) {
		t.Errorf("a second one: %v", err)
	}
	if got := l.ask(t); !strings.HasPrefix(got, fromV1) {
		t.Errorf("the first one: %q", got)
	}
	second := up(t)
	second.must(t, objects.Create, "istiofiles/route-rule-recommendation-v2.yml")
	if got := l.ask(t); !strings.HasPrefix(got, fromV1) {
		t.Errorf("beside another: %q", got)
	}
	if got := second.ask(t); got != "customer => 503 preference => 503 no healthy upstream" {
		t.Errorf("the other: %q", got)
	}
}

func TestSocketsAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	l := up(t)
	info, err := os.Stat(string(l.folder))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(string(l.folder))
	if err != nil {
		t.Fatal(err)
	}
	sockets := 0
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
		if info.Mode()&fs.ModeSocket != 0 {
			sockets++
		}
	}
	if sockets < 3 {
		t.Errorf("%d sockets", sockets)
	}
}

// What a client asked for ends when it goes.
