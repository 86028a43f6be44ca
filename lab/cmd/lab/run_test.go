package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

// answer is what a run of the program came to.
type answer struct {
	status         int
	stdout, stderr string
}

// surroundings of a run, where no lab is up; the repository is its home.
type surroundings struct {
	stdin io.Reader
	env   map[string]string
}

func (s surroundings) run(t *testing.T, args ...string) answer {
	t.Helper()
	env := map[string]string{"LAB_HOME": "../../..", "XDG_RUNTIME_DIR": shortDir(t)}
	for name, value := range s.env {
		env[name] = value
	}
	if s.stdin == nil {
		s.stdin = strings.NewReader("")
	}
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), process{
		args: args, getenv: func(name string) string { return env[name] }, stdin: s.stdin,
		stdout: &stdout, stderr: &stderr,
		environ:    func() []string { return nil },
		executable: func() (string, error) { return "../../../out/lab", nil },
	})
	return answer{status, stdout.String(), stderr.String()}
}

// shortDir is short enough for a socket's path.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lab") //nolint:usetesting // t.TempDir holds the test's long name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// misuses are command lines with wrong arguments, and what is said about them; nothing where that is the help.
func misuses() map[string]string {
	return map[string]string{
		"dance":                                   `unknown command "dance" for "bin/lab"`,
		"gett pods":                               `unknown command "gett" for "bin/lab"; did you mean get?`,
		"get":                                     "name what to list: pods",
		"get pods -o xml":                         "--output=xml: want wide, yaml, json, name, jsonpath={...}",
		"get pods -o jsonpath={.items":            "--output=jsonpath={.items: unclosed action",
		"get --nope pods":                         "unknown flag: --nope",
		"create":                                  "filename not specified (see --filename or -f)",
		"create -f x y":                           "create takes no arguments",
		"create rule.yml":                         "create takes no arguments: bin/lab create -f rule.yml",
		"apply rule.yml":                          "apply takes no arguments: bin/lab apply -f rule.yml",
		"create deployment x":                     "--image is missing",
		"dance --fast":                            `unknown command "dance" for "bin/lab"`,
		"rolout status deployment/x":              `unknown command "rolout" for "bin/lab"; did you mean rollout?`,
		"get VirtualServise --sort-by={":          "--sort-by={: ",
		"get pods --field-selector a":             "--field-selector=a: ",
		"get pods -o custom-columns=A":            "unexpected custom-columns spec: A, expected <header>:<json-path-expr>",
		"get pods -o custom-columns=":             "custom-columns format specified but no custom columns given",
		"get pods -o custom-columns-file=no-file": "no such file",
		"get pods -o jsonpath-file=no-file":       "no such file",
		"get pods -o go-template={{":              "--output=go-template={{: ",
		"patch svc x":                             "must specify --patch or --patch-file",
		"patch svc x -p [":                        "patch:1: ",
		"label svc x":                             "at least one label update is required",
		"label svc a=b":                           "name the objects, or all by --all",
		"label":                                   "one or more objects must be specified",
		"label a=b":                               "one or more objects must be specified",
		"annotate svc x a=b c":                    `"c": want KEY=VALUE or KEY-`,
		"wait pod/x":                              "--for=: want condition=NAME, delete, create or jsonpath=",
		"wait pod/x --for=jsonpath={":             "--for=jsonpath={: ",
		"diff":                                    "filename not specified",
		"validate":                                "filename not specified",
		"explain":                                 "accepts 1 arg(s)",
		"explain virtualservise":                  `the lab knows no kind "virtualservise"; did you mean virtualservice?`,
		"proxy-status a b":                        "accepts at most 1 arg(s)",
		"proxy-status -o yaml":                    "--output=yaml: want json, or nothing",
		"pc bootstrap x -o table":                 "--output=table: want json",
		"x describe pod":                          "accepts 1 arg(s)",
		"events x":                                "unknown command",
		"create namespace":                        "create takes no arguments",
		"create -f x --dry-run=no":                "--dry-run=no: want none or client",
		"replace":                                 "filename not specified",
		"apply":                                   "filename not specified",
		"delete":                                  "provide configuration type and name or -f option",
		"delete routerule":                        "provide configuration type and name or -f option",
		"delete -f x routerule y":                 "-f and -k delete what the files name, and take no other names",
		"delete -f x --all":                       "-f and -k delete what the files name",
		"delete pod x --all":                      "--all and -l take no names",
		"describe":                                "requires at least 1 arg(s)",
		"scale deployment/x":                      "--replicas is missing",
		"scale --replicas=-1 deployment/x":        "--replicas=-1: want 0 or more",
		"scale --replicas=two deployment/x":       `invalid argument "two" for "--replicas"`,
		"scale --replicas=1":                      "requires at least 1 arg(s)",
		"set":                                     "",
		"set image deployment/x":                  "requires at least 2 arg(s)",
		"set image deployment/x y":                "want deployment/NAME, and CONTAINER=IMAGE",
		"set image deployment/x a= b=c":           `"a=": want CONTAINER=IMAGE`,
		"set env":                                 "requires at least 1 arg(s)",
		"set env deployment/x":                    "want deployment/NAME, and KEY=VALUE or KEY-",
		"set env deployment/x y":                  "want deployment/NAME, and KEY=VALUE or KEY-",
		"set env A=1 B=2":                         "want deployment/NAME, and KEY=VALUE or KEY-",
		"set env deployment/x A=1 b":              `"b": want KEY=VALUE or KEY-`,
		"set env deployment/x A=1 =2":             `"=2": want KEY=VALUE or KEY-`,
		"rollout status":                          "requires at least 1 arg(s)",
		"rollout undo deployment/x --to-revision=-1": "--to-revision=-1: want 0 or more",
		"rollout redo deployment/x":                  `unknown command "redo" for "bin/lab rollout"; there is history, restart, status, undo`,
		"logs":                                       "want POD, deployment/NAME or -l LABELS",
		"logs x -l a=b":                              "-l takes no names",
		"logs x y z":                                 "logs takes one POD",
		"logs x --tail=-2":                           "--tail=-2: want -1 or more",
		"logs x --since=-1s":                         "--since=-1s: want more than 0",
		"logs x --since=soon":                        `invalid argument "soon" for "--since"`,
		"exec x":                                     "want POD -- COMMAND",
		"exec x --":                                  "want POD -- COMMAND",
		"exec":                                       "want POD -- COMMAND",
		"exec x y -- z":                              "want POD -- COMMAND",
		"load -t soon":                               "--time=soon: want a time such as 10S",
		"load -t 0s http://localhost":                "--time=0s: want a time such as 10S",
		"load -H nocolon http://localhost":           `--header="nocolon": want 'NAME: VALUE'`,
		"load -c 0 http://localhost":                 "0 users: want at least 1",
		"load -r -1 http://localhost":                "neither requests nor delays can be less than 0",
		"load ftp://localhost":                       `"ftp://localhost": want http://HOST`,
		"load a b":                                   "accepts at most 1 arg(s)",
		"routes x":                                   "unknown command",
		"routes -o yaml":                             "--output=yaml: want table or json",
		"routes --all --from x":                      "--all takes neither --from nor --to",
		"proxy-config":                               "",
		"pc wasms x":                                 `unknown command "wasms" for "bin/lab proxy-config"`,
		"pc routes":                                  "accepts 1 arg(s)",
		"pc routes x -o yaml":                        "--output=yaml: want json, or nothing",
		"stats a b c":                                "accepts at most 2 arg(s)",
		"status -o yaml":                             "--output=yaml: want json, or nothing",
		"status x":                                   "unknown command",
		"metrics x":                                  "unknown command",
		"down x":                                     "unknown command",
		"kube-inject":                                "filename not specified",
		"up x":                                       "unknown command",
		"up --tracing lightstep":                     "--tracing=lightstep: want zipkin or jaeger",
		"up --listen 0.0.0.0:80":                     "--listen=0.0.0.0:80: want an address that only this machine reaches",
		"up --listen example.com:80":                 "want an address that only this machine reaches",
		"up --listen 127.0.0.1:99999":                `port "99999": want a number up to 65535`,
		"up --console 0.0.0.0:8281":                  "--console=0.0.0.0:8281: want an address that only this machine reaches",
		"up --console none":                          `--console=none: port "none": want a number`,
		"up --listen 1:2:3":                          "--listen: address 1:2:3: too many colons",
		"--name UP up":                               `lab name "UP": want up to 20`,
		"--name UP get pods":                         `lab name "UP": want up to 20`,
		"--name a-name-of-far-too-many-letters down": "want up to 20",
	}
}

// Whatever is wrong with the arguments is said in one sentence, with status 2.
func TestMisuse(t *testing.T) {
	t.Parallel()
	for line, want := range misuses() {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			got := surroundings{}.run(t, strings.Fields(line)...)
			if want == "" {
				if got.status != ok || !strings.Contains(got.stdout, "Usage:") || got.stderr != "" {
					t.Errorf("%+v; want the help", got)
				}
				return
			}
			if got.status != misused || got.stdout != "" || !strings.HasPrefix(got.stderr, "Error: ") {
				t.Errorf("%+v; want status 2 and an error", got)
			}
			if !strings.Contains(got.stderr, want) || !strings.Contains(got.stderr, "\nsee bin/lab") {
				t.Errorf("stderr %q, want %q and where help is", got.stderr, want)
			}
		})
	}
}

// Every verb that needs a lab says how to start one.
func TestWithoutLab(t *testing.T) {
	t.Parallel()
	const sentence = "Error: no lab is running; `bin/lab up` or `make run` starts one\n"
	for _, line := range []string{
		"down", "status", "status -o json", "get pods", "get pods -w", "get all -o yaml", "describe pod x",
		"create -f ../../../istiofiles/acl-whitelist.yml", "create -f -", "create ns x",
		"replace -f ../../../istiofiles/acl-whitelist.yml", "apply -k ../../../deploy",
		"delete routerule x", "delete -f ../../../istiofiles/acl-whitelist.yml",
		"delete routerule x --ignore-not-found", "scale deployment x --replicas=1",
		"set env deployment/x A=b", "rollout status deployment/x", "rollout status deploy/x --timeout=1m",
		"logs x", "logs -f -l app=x", "exec x -- true", "exec -it x -- true", "load", "routes",
		"routes --all -o json", "proxy-config routes x", "stats", "stats x", "stats x y", "stats a_b",
		"proxy-logs", "metrics",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			got := surroundings{}.run(t, strings.Fields(line)...)
			if want := (answer{failed, "", sentence}); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
	got := surroundings{env: map[string]string{"LAB_NAME": "second"}}.run(t, "get", "pods")
	if !strings.Contains(got.stderr, "`bin/lab --name second up`") {
		t.Errorf("another name: %q", got.stderr)
	}
}

// Every verb has an example in its help, and no flag is without words.
func TestHelp(t *testing.T) {
	t.Parallel()
	a := &app{process: process{getenv: func(string) string { return "" }}}
	for _, cmd := range a.root().Commands() {
		for _, c := range append(cmd.Commands(), cmd) {
			if c.HasSubCommands() {
				continue
			}
			t.Run(c.CommandPath(), func(t *testing.T) {
				t.Parallel()
				words := strings.Fields(strings.TrimPrefix(c.CommandPath(), "lab "))
				got := surroundings{}.run(t, append(words, "-h")...)
				if got.status != ok || !strings.Contains(got.stdout, "Examples:\n  ") || got.stderr != "" {
					t.Errorf("%+v; want an example", got)
				}
				for line := range strings.Lines(got.stdout) {
					if len(line) > 121 {
						t.Errorf("%d columns: %s", len(line), line)
					}
				}
			})
		}
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		got := surroundings{}.run(t, "completion", shell)
		if got.status != ok || len(got.stdout) < 1000 || got.stderr != "" {
			t.Errorf("%s: %d bytes, status %d, %s", shell, len(got.stdout), got.status, got.stderr)
		}
	}
	got := surroundings{}.run(t, "__complete", "get", "")
	if !strings.Contains(got.stdout, "\nrouterules\n") {
		t.Errorf("kinds: %s", got.stdout)
	}
	got = surroundings{}.run(t, "__complete", "logs", "")
	if got.status != ok || strings.TrimSpace(got.stdout) != ":4" {
		t.Errorf("without a lab: %+v", got)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for line, want := range map[string]int{"get pods": interrupted, "up": ok, "logs -f x": interrupted} {
		var stdout, stderr bytes.Buffer
		dir := shortDir(t)
		status := run(ctx, process{
			args: strings.Fields(line), stdout: &stdout, stderr: &stderr,
			getenv: func(name string) string {
				return map[string]string{"LAB_HOME": "../../..", "XDG_RUNTIME_DIR": dir}[name]
			},
		})
		if status != want || stderr.Len() > 0 {
			t.Errorf("%s: status %d, %q; want %d", line, status, stderr.String(), want)
		}
	}
}
