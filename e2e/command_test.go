package e2e

import (
	"errors"
	"flag"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/chain"
)

var errNoSuchProcess = errors.New("no process serves there")

// The command line of all programs, by scripts; `-args update` rewrites what they compare with.
// Beside testscript's own commands, they have
//
//	exits STATUS PROGRAM [ARG...]                      run a program that ends with STATUS
//	serve VARIABLE [NAME=VALUE...] PROGRAM [ARG...]    start one; VARIABLE gets its host:port
//	signal TERM|INT|KILL ADDRESS                       send it a signal
//	logs ADDRESS REGEXP                                wait until it says that
//	ended ADDRESS HOW                                  wait until it ends like that
//
// It runs beside no other test: the time of its scripts begins with it.
func TestCommandLine(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: flag.Arg(0) == "update",
		Deadline:      time.Now().Add(10 * await.Patience), // a program may serve that should not
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", string(programs()))
			env.Setenv("METRICS_ON", "off") // the default port is not ours alone
			env.Setenv("GORACE", chain.GoRace)
			env.Values[scriptKey{}] = &script{t: env.T().(testing.TB), processes: map[string]*chain.Process{}}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "serve": serve, "signal": signal, "logs": logs, "ended": ended,
		},
	})
}

// script is what the commands of one script share: the processes by address.
type script struct {
	t         testing.TB
	processes map[string]*chain.Process
}

type scriptKey struct{}

func scriptOf(ts *testscript.TestScript) *script { return ts.Value(scriptKey{}).(*script) }

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

func serve(ts *testscript.TestScript, _ bool, args []string) {
	spec := chain.Spec{Env: chain.Env{}}
	variable, args := args[0], args[1:]
	for ; strings.Contains(args[0], "="); args = args[1:] {
		name, value, _ := strings.Cut(args[0], "=")
		spec.Env[name] = value
	}
	spec.Program, spec.Args = args[0], args[1:]
	s := scriptOf(ts)
	p := programs().Run(s.t, spec)
	s.processes[p.Address] = p
	ts.Setenv(variable, p.Address)
}

func processAt(ts *testscript.TestScript, address string) *chain.Process {
	p := scriptOf(ts).processes[address]
	if p == nil {
		ts.Check(errNoSuchProcess)
	}
	return p
}

func signal(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]syscall.Signal{
		"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL}
	ts.Check(processAt(ts, args[1]).Signal(signals[args[0]]))
}

func logs(ts *testscript.TestScript, _ bool, args []string) {
	_, err := processAt(ts, args[0]).WaitLog(args[1])
	ts.Check(err)
}

func ended(ts *testscript.TestScript, _ bool, args []string) {
	how, err := processAt(ts, args[0]).Wait(await.Patience)
	ts.Check(err)
	if how != args[1] {
		ts.Fatalf("ended by %s", how)
	}
}
