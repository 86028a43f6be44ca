package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/labtest"
)

const (
	repository = "../../.."
	// deadline bounds every wait; no test takes as long unless it fails.
	deadline = 60 * time.Second
)

func TestMain(m *testing.M) { testscript.Main(built{m}, map[string]func(){"lab": main}) }

// built builds what a lab starts, once for all tests, into a home of its own.
type built struct{ *testing.M }

func (b built) Run() int {
	home, err := os.MkdirTemp("", "home")
	if err == nil {
		defer func() { _ = os.RemoveAll(home) }()
		err = errors.Join(build(home), os.Setenv("LAB_HOME", home), os.Setenv("GORACE", "atexit_sleep_ms=0"),
			setGoEnv("GOCACHE"), setGoEnv("GOMODCACHE"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return b.M.Run()
}

// setGoEnv keeps a folder of Go's for scripts, which have another HOME.
func setGoEnv(name string) error {
	out, err := exec.Command("go", "env", name).Output()
	return errors.Join(err, os.Setenv(name, strings.TrimSpace(string(out))))
}

func build(home string) error {
	deploy, err := filepath.Abs(filepath.Join(repository, "deploy"))
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(home, "out")+"/",
		"./customer", "./preference", "./recommendation", "./egress")
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return os.Symlink(deploy, filepath.Join(home, "deploy"))
}

// The command line against running labs, by scripts; `-args update` rewrites what they compare
// with. Beside testscript's own commands, they have
//
//	up [ARG...]              start a lab of the name in $LAB_NAME; $INGRESS is its address, as a
//	                         URL, and $ADDRESS as host:port
//	interrupt SIGNAL         end it by a signal, and hold that it ends with status 0
//	stop SIGNAL              send it STOP or CONT
//	exits STATUS CMD...      run a command that ends with STATUS
//	until REGEXP CMD...      run a command again and again until it prints that
//	ask COUNT [AGENT]        ask the ingress, and print the answers
//	terminal, shows, press, closes   see [terminalCommands]
//	type PAGE                type what the page's console blocks have; see typing_test.go
//	type up                  type what the lab's first screen proposes
//	write-secrets, finds-keys, say-all, guarded, silent-page, silent-processes   see secrecy_test.go
//	pod NAME LABELS          wait until one pod has these labels, and set NAME to its name
func TestScripts(t *testing.T) {
	t.Parallel()
	proxy, err := envoy.Search{Getenv: os.Getenv, Root: repository}.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: flag.Arg(0) == "update",
		Setup: func(env *testscript.Env) error {
			env.Setenv("ENVOY", proxy.Path)
			return setup(env)
		},
		Cmds: commands(),
	})
}

// commands are those that scripts have beside testscript's own.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := terminalCommands()
	if all == nil {
		all = map[string]func(*testscript.TestScript, bool, []string){}
	}
	all["up"], all["interrupt"], all["exits"], all["until"] = up, interrupt, exits, until
	all["ask"], all["pod"], all["stop"], all["type"] = ask, pod, stop, typed
	all["write-secrets"], all["finds-keys"], all["say-all"] = writeSecrets, findsKeys, sayAll
	all["guarded"], all["silent-page"], all["silent-processes"] = guarded, silentPage, silentProcesses
	return all
}

type labKey struct{}

// setup gives each script a folder for its labs, and the tutorial's files.
func setup(env *testscript.Env) error {
	for _, name := range []string{"LAB_HOME", "GORACE", "GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY"} {
		env.Setenv(name, os.Getenv(name))
	}
	run, err := os.MkdirTemp("", "lab")
	if err != nil {
		return err
	}
	env.Defer(func() { _ = os.RemoveAll(run) })
	env.Setenv("XDG_RUNTIME_DIR", run)
	env.Setenv("HOME", run)
	env.Setenv("LAB_NAME", defaultLab)
	env.Values[labKey{}] = map[string]*runningLab{}
	env.Values[terminalKey{}] = &openTerminals{}
	root, err := filepath.Abs(repository)
	if err != nil {
		return err
	}
	env.Setenv("REPOSITORY", root)
	for _, name := range []string{"deploy", "istiofiles"} {
		err := os.Symlink(filepath.Join(root, name), filepath.Join(env.WorkDir, name))
		if err != nil {
			return err
		}
	}
	return nil
}

// runningLab is a lab that a script has started.
type runningLab struct {
	cmd   *exec.Cmd
	out   outpour
	ended chan error
}

func labs(ts *testscript.TestScript) map[string]*runningLab {
	return ts.Value(labKey{}).(map[string]*runningLab)
}

// command is one in the script's environment.
func command(ts *testscript.TestScript, args ...string) *exec.Cmd {
	path, err := exec.LookPath(args[0])
	ts.Check(err)
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "LAB_HOME", "GORACE", "ENVOY", "XDG_RUNTIME_DIR", "LAB_NAME"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

func up(ts *testscript.TestScript, _ bool, args []string) {
	d := &runningLab{ended: make(chan error, 1)}
	d.cmd = command(ts, append([]string{"lab", "up", "--listen", "127.0.0.1:0"}, args...)...)
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.out
	ts.Check(d.cmd.Start())
	go func() { d.ended <- d.cmd.Wait() }()
	name := ts.Getenv("LAB_NAME")
	labs(ts)[name] = d
	ts.Defer(func() { d.end(ts, syscall.SIGKILL) })
	ts.Check(labtest.Poll(func() error {
		select {
		case err := <-d.ended:
			d.ended <- err
			ts.Fatalf("up: %v\n%s", err, &d.out)
		default:
		}
		out, err := command(ts, "lab", "status", "-o", "json").Output()
		if err != nil {
			return err
		}
		var status control.Status
		if err := json.Unmarshal(out, &status); err != nil {
			return err
		}
		ts.Setenv("INGRESS", status.Ingress)
		ts.Setenv("ADDRESS", strings.TrimPrefix(status.Ingress, "http://"))
		ts.Setenv("SECURE", status.Secure)
		if status.Phase != control.Running {
			return errors.New(string(status.Phase))
		}
		return nil
	}))
}

// end waits for the end that a signal asks for.
func (d *runningLab) end(ts *testscript.TestScript, signal syscall.Signal) error {
	_ = d.cmd.Process.Signal(signal) // it may have ended
	select {
	case err := <-d.ended:
		d.ended <- err
		return err
	case <-time.After(deadline):
		return errors.New("it goes on")
	}
}

func interrupt(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP}
	d := labs(ts)[ts.Getenv("LAB_NAME")]
	err := d.end(ts, signals[args[0]])
	fmt.Fprint(ts.Stdout(), d.out.String())
	if err != nil {
		ts.Fatalf("ended with %v", err)
	}
}

func stop(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]syscall.Signal{"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT}
	ts.Check(labs(ts)[ts.Getenv("LAB_NAME")].cmd.Process.Signal(signals[args[0]]))
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	status := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if args[0] != strconv.Itoa(status) {
		ts.Fatalf("exit status %d", status)
	}
}

func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	ts.Check(labtest.Poll(func() error {
		err := ts.Exec(args[1], args[2:]...)
		if out := ts.ReadFile("stdout"); !pattern.MatchString(out) {
			return fmt.Errorf("no %s in %q (%w)", pattern, out, errors.Join(err, errors.New(ts.ReadFile("stderr"))))
		}
		return nil
	}))
}

func ask(ts *testscript.TestScript, _ bool, args []string) {
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	for range count {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, ts.Getenv("INGRESS"), nil)
		ts.Check(err)
		if len(args) > 1 {
			req.Header.Set("User-Agent", args[1])
		}
		resp, err := http.DefaultClient.Do(req)
		ts.Check(err)
		_, err = io.Copy(ts.Stdout(), resp.Body)
		ts.Check(errors.Join(err, resp.Body.Close()))
	}
}

func pod(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(labtest.Poll(func() error {
		err := ts.Exec("lab", "get", "pods", "-l", args[1], "-o", "jsonpath={.items[*].metadata.name}")
		names := strings.Fields(ts.ReadFile("stdout"))
		if err != nil || len(names) != 1 {
			return fmt.Errorf("pods %q: %w", names, errors.Join(err))
		}
		ts.Setenv(args[0], names[0])
		return nil
	}))
}
