package scripts

import (
	"debug/buildinfo"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/cmdline"
)

func TestMain(m *testing.M) {
	build := exec.Command("make", "-s", "build")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		println(string(out))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// script is a running script, in a process group of its own, as a terminal starts it.
type script struct {
	*exec.Cmd
	out   *cmdline.Output
	ended chan error
}

func start(t *testing.T, env []string, argv ...string) *script {
	t.Helper()
	s := &script{Cmd: exec.Command(argv[0], argv[1:]...), out: &cmdline.Output{}, ended: make(chan error, 1)}
	s.Dir, s.Stdout, s.Stderr = "../..", s.out, s.out
	s.Env = append(os.Environ(), env...)
	s.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.Wait() }()
	t.Cleanup(func() { _ = syscall.Kill(-s.Process.Pid, syscall.SIGKILL) })
	return s
}

// status waits for the end of the script and of all that it started.
func (s *script) status(t *testing.T) int {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(2 * await.Patience):
		t.Fatalf("the script does not end:\n%s", s.out)
	}
	await.Eventually(t, 2*await.Patience, "the end of what it started", func() string {
		if err := syscall.Kill(-s.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
			return "its process group is still there"
		}
		return ""
	})
	return s.ProcessState.ExitCode()
}

func (s *script) says(t *testing.T, text string) {
	t.Helper()
	await.Eventually(t, 2*await.Patience, text, func() string {
		if !strings.Contains(s.out.String(), text) {
			return "it says: " + s.out.String()
		}
		return ""
	})
}

// startChain starts the chain and returns customer's address.
func startChain(t *testing.T) (*script, []string) {
	t.Helper()
	ports := cmdline.FreePorts(t, 3)
	s := start(t, []string{"PORTS=" + strings.Join(ports, " "), "HOSTNAME=some-machine"}, "bin/chain.sh")
	s.says(t, "The chain is up: curl localhost:"+ports[0]+" ")
	return s, ports
}

func TestChainAndPoll(t *testing.T) {
	s, ports := startChain(t)
	got := cmdline.Run(t, "bin/poll_customer.sh", "-n", "3", "-i", "0", "http://localhost:"+ports[0], "-A", "Safari")
	want := ""
	for _, n := range []string{"1", "2", "3"} {
		want += "customer => preference => recommendation v1 from 'unknown': " + n + "\n"
	}
	if got != want {
		t.Errorf("poll_customer.sh printed %q, want %q", got, want)
	}
	for _, name := range []string{"customer      ", "preference    ", "recommendation"} {
		s.says(t, name+" | time=")
	}
	s.says(t, "user_agent=Safari")
	_ = syscall.Kill(-s.Process.Pid, syscall.SIGINT) // Ctrl-C reaches the whole group
	if code := s.status(t); code != 0 {
		t.Errorf("status after Ctrl-C = %d, want 0:\n%s", code, s.out)
	}
	if n := strings.Count(s.out.String(), "msg=ended"); n != 3 {
		t.Errorf("%d services ended in order, want 3:\n%s", n, s.out)
	}
}

func TestChainEndsWhenTold(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			s, _ := startChain(t)
			_ = s.Process.Signal(sig)
			if code := s.status(t); code != 0 {
				t.Errorf("status = %d, want 0:\n%s", code, s.out)
			}
		})
	}
}

func TestChainNamesTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ports := cmdline.FreePorts(t, 3)
	ports[1] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	s := start(t, []string{"PORTS=" + strings.Join(ports, " ")}, "bin/chain.sh")
	if code := s.status(t); code != 1 {
		t.Errorf("status = %d, want 1", code)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want := "chain: port " + ports[1] + " is taken by " + filepath.Base(program) + ", pid " + strconv.Itoa(os.Getpid()) +
		"\n  PORTS='9280 9180 9080' make chain   takes other ports\n"
	if got := s.out.String(); got != want {
		t.Errorf("it says %q, want %q: nothing is started", got, want)
	}
}

func TestChainNamesTheDead(t *testing.T) {
	s, ports := startChain(t)
	pid := listener(t, ports[2])
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if code := s.status(t); code != 1 {
		t.Errorf("status = %d, want 1", code)
	}
	if want := "chain: recommendation ended with status 137"; !strings.Contains(s.out.String(), want) {
		t.Errorf("it does not say %q:\n%s", want, s.out)
	}
}

// listener returns the process whose LISTEN_ON has the port.
func listener(t *testing.T, port string) int {
	t.Helper()
	processes, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range processes {
		pid, err := strconv.Atoi(p.Name())
		if err != nil {
			continue
		}
		env, _ := os.ReadFile("/proc/" + p.Name() + "/environ")
		if strings.Contains(string(env), "LISTEN_ON=127.0.0.1:"+port+"\x00") {
			return pid
		}
	}
	t.Fatal("no process listens on " + port)
	return 0
}

func TestMisuse(t *testing.T) {
	for _, argv := range [][]string{
		{"bin/chain.sh", "-x"},
		{"env", "PORTS=80 x 81", "bin/chain.sh"},
		{"bin/poll_customer.sh", "-n"},
		{"bin/poll_customer.sh", "-n", "x"},
		{"bin/poll_customer.sh", "-n", "1.5"},
		{"bin/poll_customer.sh", "-i", ""},
		{"bin/images.sh", "x"},
		{"bin/images.sh", "push"},
		{"bin/progress.sh", "name"},
		{"bin/fuzz.sh", "30s"},
		{"bin/cluster.sh"},
		{"bin/cluster.sh", "up", "now"},
	} {
		out, err := cmdline.Line{Argv: argv}.Try(t)
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != 2 || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: %v, want status 2 and one line:\n%s", strings.Join(argv, " "), err, out)
		}
	}
}

// A build that is quiet for minutes looks dead. What it says is passed on, and what Go fetches and compiles is counted.
func TestProgress(t *testing.T) {
	t.Parallel()
	const work = "echo go: downloading x.org/m v1.0.0; echo x.org/m/pkg; echo x.go:1: no; sleep 16; exit "
	for shell, status := range map[string]int{"sh": 3, "bash": 0} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil, shell, "bin/progress.sh", "building it", "sh", "-c", work+strconv.Itoa(status))
			if code := s.status(t); code != status {
				t.Errorf("status = %d, want %d", code, status)
			}
			want := "x.go:1: no\nbuilding it: 15 s, modules fetched: 1, packages compiled: 1\n"
			if status == 0 {
				want += "building it: done in 15s\n"
			}
			if got := s.out.String(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// An engine that does not answer is told before anything is built, with the other one that is there.
func TestImagesAskTheEngineFirst(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"docker": "#!/bin/sh\necho permission denied >&2\nexit 1\n", "podman": "#!/bin/sh\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, []string{"PATH=" + folder + ":" + os.Getenv("PATH"), "DOCKER=docker"}, "bin/images.sh", "build")
	if code := s.status(t); code != 1 {
		t.Errorf("status = %d, want 1", code)
	}
	want := "images: docker does not answer; podman is here: say DOCKER=podman:\n  permission denied\n"
	if got := s.out.String(); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// Each image brings the licence of every module that its program says it links, and Go's.
func TestImagesBringLicenses(t *testing.T) {
	cmdline.Line{Argv: []string{"bin/images.sh", "build"}, Env: []string{"DOCKER=true"}}.Run(t) // an engine that builds nothing
	for _, program := range []string{"customer", "preference", "recommendation", "egress"} {
		file := filepath.Join("..", "..", "out", "images", runtime.GOARCH, program)
		build, err := buildinfo.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		licenses, err := os.ReadFile(file + ".licenses")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"Go " + build.GoVersion}
		for _, m := range build.Deps {
			if m.Replace == nil { // else it is of this repository
				want = append(want, m.Path+" "+m.Version)
			}
		}
		for _, module := range want {
			_, text, found := strings.Cut(string(licenses), "======== "+module+": ")
			text, _, _ = strings.Cut(text, "======== ")
			if !found || !strings.Contains(strings.ToLower(text), "copyright") {
				t.Errorf("%s: no licence of %s", program, module)
			}
		}
	}
}
