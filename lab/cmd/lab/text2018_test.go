package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/labtest"
)

// step is a command of the text of 2018, and what must come of it, on both streams together.
type step struct {
	begins string   // the command's first words
	says   []string // regular expressions, all of which must match
	never  string   // one that must not
	fails  bool     // its status is not 0
	then   []step   // what the lab, or docs/text-of-2018.md, says to type; begins is all of it
	input  string   // typed into what then runs
}

// TestTextOf2018 types the commands of the text in one lab, with bin/lab in the place of kubectl and
// istioctl and nothing else changed: each does what the text says, or the lab says what to type.
func TestTextOf2018(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/text2018/commands")
	if err != nil {
		t.Fatal(err)
	}
	commands := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n\n")
	steps := append(append(append(deploying(), routing()...), policies()...), leaving()...)
	if len(commands) != len(steps) {
		t.Fatalf("%d commands, %d steps", len(commands), len(steps))
	}
	r := newReader(t)
	for i, s := range steps {
		if !strings.HasPrefix(commands[i], s.begins) {
			t.Fatalf("command %d, %q, does not begin with %q", i+1, commands[i], s.begins)
		}
		command, input := commands[i], ""
		if !strings.Contains(command, "<<EOF") {
			command, input, _ = strings.Cut(command, "\n")
		}
		command = regexp.MustCompile(`\b(kubectl|istioctl)\b`).ReplaceAllString(command, "bin/lab")
		s.input = input
		r.step(t, command, s)
	}
}

// reader is somebody with a shell, a lab, and a line in /etc/hosts, for which curl's own file stands.
type reader struct {
	dir string
	env []string
}

func newReader(t *testing.T) *reader {
	t.Helper()
	proxy, err := envoy.Search{Getenv: os.Getenv, Root: repository}.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{dir: t.TempDir()}
	run := shortDir(t)
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	lab, err := exec.LookPath("lab")
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"deploy": root + "/deploy", "istiofiles": root + "/istiofiles", "docs": root + "/docs",
		"out": os.Getenv("LAB_HOME") + "/out", "bin/lab": lab, poll: root + "/" + poll,
	} {
		path := filepath.Join(r.dir, name)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.Symlink(target, path))
	}
	for _, absent := range []string{"oc", "siege"} { // whatever this machine has
		path := filepath.Join(r.dir, "bin", absent)
		err = errors.Join(err, os.WriteFile(path, []byte("echo "+absent+": command not found >&2; exit 127\n"), 0o600), os.Chmod(path, 0o700))
	}
	if err != nil {
		t.Fatal(err)
	}
	r.env = append(os.Environ(), "LAB_HOME="+r.dir, "XDG_RUNTIME_DIR="+run, "HOME="+run, "ENVOY="+proxy.Path, "LAB_NAME="+defaultLab,
		"PATH="+filepath.Join(r.dir, "bin")+":"+os.Getenv("PATH"), "CUSTOMER_URL=http://"+textHost)
	r.start(t, run)
	return r
}

// start runs the lab until the test's end, on a port of its own: 80 is not everybody's.
func (r *reader) start(t *testing.T, run string) {
	t.Helper()
	cmd := r.command(context.Background(), "exec bin/lab up --listen 127.0.0.1:0")
	var out outpour
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			t.Errorf("up: %v\n%s", err, out.String())
		}
	})
	folder, err := control.FolderOf(defaultLab, func(string) string { return run })
	if err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, func() error {
		status, err := control.NewClient(folder).Status(t.Context())
		if err != nil || status.Phase != control.Running {
			return fmt.Errorf("phase %q: %w\n%s", status.Phase, err, out.String())
		}
		address := strings.TrimPrefix(status.Ingress, "http://")
		return os.WriteFile(filepath.Join(run, ".curlrc"), fmt.Appendf(nil, "connect-to = %s:80:%s\n", textHost, address), 0o600)
	})
}

func (r *reader) command(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-c", line)
	cmd.Dir, cmd.Env = r.dir, r.env
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // for Ctrl-C
	return cmd
}

// step types a command, and what is to be typed after it.
func (r *reader) step(t *testing.T, command string, s step) {
	t.Helper()
	out, err := r.typed(t, command, s)
	if err != nil {
		t.Fatalf("%s: %v in\n%s", command, err, out)
	}
	for _, next := range s.then {
		command := next.begins
		if strings.Contains(command, "POD") {
			name, err := r.command(t.Context(), "bin/lab get pods -l version=v2 -o jsonpath={.items[0].metadata.name}").Output()
			if err != nil {
				t.Fatal(err)
			}
			command = strings.Replace(command, "POD", string(name), 1)
		}
		r.step(t, command, next)
	}
}

// typed returns what a command prints until it ends or, if it never does, until it has said enough.
func (r *reader) typed(t *testing.T, command string, s step) (string, error) {
	t.Helper()
	cmd := r.command(t.Context(), command)
	cmd.Stdin = strings.NewReader(s.input)
	var out outpour
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if goesOn := strings.HasSuffix(command, poll) || regexp.MustCompile("get pods? -w|bin/lab logs -f ").MatchString(command); goesOn && !s.fails {
		err := labtest.Poll(func() error { return s.check(out.String()) })
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		<-ended
		return out.String(), err
	}
	if err := <-ended; (err != nil) != s.fails {
		return out.String(), fmt.Errorf("ended with %w", err)
	}
	return out.String(), s.check(out.String())
}

func (s step) check(out string) error {
	if s.never != "" && regexp.MustCompile(s.never).MatchString(out) {
		return fmt.Errorf("%s", s.never)
	}
	for _, want := range s.says {
		if !regexp.MustCompile(want).MatchString(out) {
			return fmt.Errorf("no %s", want)
		}
	}
	return nil
}
