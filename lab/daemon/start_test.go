package daemon_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
)

func TestSteps(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var steps []string
	up(t, func(c *daemon.Config) {
		c.Progress = func(s daemon.Step) {
			mu.Lock()
			defer mu.Unlock()
			if s.Done && s.Err == nil && s.Detail != "" && s.Took > 0 {
				steps = append(steps, s.Name)
			}
		}
	})
	mu.Lock()
	defer mu.Unlock()
	if len(steps) != 5 || steps[0] != "Envoy" || steps[4] != "ingress" {
		t.Errorf("steps %q", steps)
	}
	slices.Sort(steps[1:4])
	if got := strings.Join(steps[1:4], " "); got != "customer preference recommendation-v1" {
		t.Errorf("pods %s", got)
	}
}

// A port that was drawn and is taken before Envoy comes is no reason to give up.
func TestDrawnPortTaken(t *testing.T) {
	t.Parallel()
	var taken net.Listener
	l := up(t, func(c *daemon.Config) {
		c.Progress = func(s daemon.Step) {
			if s.Name != "Envoy" || s.Done {
				return
			}
			status, err := control.NewClient(c.Folder).Status(t.Context())
			if err == nil {
				taken, err = net.Listen("tcp", strings.TrimPrefix(status.Ingress, "http://"))
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	defer taken.Close()
	if "http://"+taken.Addr().String() == l.ingress {
		t.Fatalf("the ingress is at %s, which was taken", l.ingress)
	}
	if got := l.ask(t); !strings.HasPrefix(got, "customer => preference => recommendation v1") {
		t.Error(got)
	}
}

// A pod moves whose sidecar's port is taken before Envoy comes.
func TestDrawnPodPortTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	drawn, free := filepath.Join(dir, "drawn"), filepath.Join(dir, "free")
	taken := make(chan net.Listener, 1)
	l := up(t, func(c *daemon.Config) {
		c.Envoy = before(t, dir, c.Envoy, "until [ -e "+free+" ]; do sleep 0.01; done")
		for _, program := range []string{"preference", "recommendation"} {
			before(t, dir, filepath.Join(c.Programs, program), "")
		}
		before(t, dir, filepath.Join(c.Programs, "customer"), `echo "$HTTP_PROXY" >`+drawn)
		c.Programs = dir
		go func() {
			err := labtest.Poll(func() error {
				url, err := os.ReadFile(drawn)
				address, whole := strings.CutSuffix(string(url), "\n")
				if err != nil {
					return err
				}
				if !whole {
					return fmt.Errorf("drawn: %q", url)
				}
				taken <- listen(t, strings.TrimPrefix(address, "http://"))
				return os.WriteFile(free, nil, 0o600)
			})
			if err != nil {
				t.Error(err)
			}
		}()
	})
	defer (<-taken).Close()
	if got := l.ask(t); !strings.HasPrefix(got, fromV1) {
		t.Error(got)
	}
}

// before is a program in a folder that does something, and then is another program.
func before(t *testing.T, dir, program, does string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.Base(program))
	labtest.Program(t, path, "#!/bin/sh\n"+does+"\nexec "+program+` "$@"`+"\n")
	return path
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Error(err)
	}
	return l
}

// A lab that cannot start says why, and leaves nothing.
func TestFailedStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	broken := filepath.Join(t.TempDir(), "envoy")
	labtest.Program(t, broken, "#!/bin/sh\necho bad luck >&2\nexit 7\n")
	for want, edit := range map[string]func(*daemon.Config){
		" is taken by ":                      func(c *daemon.Config) { c.Listen = taken.Addr().String() },
		": not there: it has not been built": func(c *daemon.Config) { c.Programs = t.TempDir() },
		"envoy: exit status 7: bad luck":     func(c *daemon.Config) { c.Envoy = broken },
		"no such file or directory":          func(c *daemon.Config) { c.Envoy = "/no/envoy" },
		"x.yml:1: kind: missing": func(c *daemon.Config) {
			c.Manifests = []objects.File{{Name: "x.yml", Data: []byte("apiVersion: v1\n")}}
		},
		`TIMEOUT: "soon"`: func(c *daemon.Config) {
			for i, f := range c.Manifests {
				c.Manifests[i].Data = []byte(strings.ReplaceAll(string(f.Data),
					"- name: VERSION", "- {name: TIMEOUT, value: soon}\n        - name: VERSION"))
			}
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			cfg, err := config(newFolder(t))
			if err != nil {
				t.Fatal(err)
			}
			edit(&cfg)
			if err := daemon.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %s", err, want)
			}
			if _, err := os.Stat(string(cfg.Folder)); err == nil {
				t.Errorf("%s is left", cfg.Folder)
			}
		})
	}
}

func TestWithoutManifests(t *testing.T) {
	t.Parallel()
	l := up(t, func(c *daemon.Config) { c.Manifests = nil })
	l.must(t, objects.Create, "deploy/recommendation/Deployment.yml", "deploy/recommendation/Service.yml")
	l.rollout(t, "recommendation-v1")
	if got := l.ask(t); got != "" {
		t.Errorf("an ingress that leads nowhere: %q", got)
	}
}
