package pods_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/pods"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pods")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", dir, "istio-tutorial/recommendation", "istio-tutorial/egress")
	build.Dir = filepath.Join("..", "..", "recommendation")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n%s", build, err, out)
		return 1
	}
	os.Setenv(programs, dir)
	code := m.Run()
	if err := labtest.Poll(nothingLeft); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, "after all tests:", err)
		code = 1
	}
	return code
}

// programs is the variable that names the folder of the services' programs.
const programs = "PODS_TEST_PROGRAMS"

// nothingLeft is nil when no goroutine of the package and no child of this process is left.
func nothingLeft() error {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "istio-tutorial/lab/pods.") {
			return fmt.Errorf("leaked goroutine: %s", stack)
		}
	}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		stat, _ := os.ReadFile(file)
		head, tail, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(tail); len(f) > 1 && f[1] == fmt.Sprint(os.Getpid()) {
			return fmt.Errorf("leaked child: %s", head)
		}
	}
	return nil
}

// configMaps are those of all tests, by NAME/CONFIGMAP.
var configMaps sync.Map

// newManager returns a manager whose test ends it; publish sees each call's instances.
func newManager(t *testing.T, publish func([]mesh.Instance) error) *pods.Manager {
	t.Helper()
	var m *pods.Manager
	made := make(chan struct{})
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	m = pods.NewManager(pods.Config{
		Programs: os.Getenv(programs),
		Env:      []string{"TRACING=off", "VERSION=none"},
		Getenv:   os.Getenv,
		Values: func(kind string, name mesh.Name) (map[string]string, bool) {
			if kind == "Secret" {
				name.Name = "secret-" + name.Name
			}
			data, ok := configMaps.Load(t.Name() + "/" + name.Name)
			if !ok {
				return nil, false
			}
			return data.(map[string]string), true
		},
		Publish: func(context.Context) error {
			<-made
			if publish == nil {
				return nil
			}
			return publish(m.Instances())
		},
		Random: random.IntN,
		Now:    time.Now,
	})
	close(made)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), labtest.Deadline)
		defer cancel()
		if err := m.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return m
}

// recommendation is deploy's Deployment, after some replacements in its text.
func recommendation(t *testing.T, replace ...string) manifests.Deployment {
	t.Helper()
	return *object(t, replace...).Deployment
}

func object(t *testing.T, replace ...string) manifests.Object {
	t.Helper()
	text, err := os.ReadFile("../../deploy/recommendation/Deployment.yml")
	if err != nil {
		t.Fatal(err)
	}
	edited := string(text)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(edited, replace[i]) {
			t.Fatalf("the manifest has no %q", replace[i])
		}
		edited = strings.ReplaceAll(edited, replace[i], replace[i+1])
	}
	docs, err := document.Parse("Deployment.yml", strings.NewReader(edited))
	if err != nil {
		t.Fatal(err)
	}
	o, err := manifests.Parse(docs[0], "")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// ready waits until a Deployment has all of its pods, and returns them.
func ready(t *testing.T, m *pods.Manager, d manifests.Deployment) []pods.Pod {
	t.Helper()
	labtest.Until(t, func() error {
		switch p, ok := m.Progress(d.Workload.Name); {
		case !ok:
			return errors.New("not desired")
		case !p.Done():
			return fmt.Errorf("not ready: %+v", p)
		}
		return nil
	})
	return slices.DeleteFunc(m.Pods(), func(p pods.Pod) bool { return p.Status == "Terminating" })
}

// gone waits until only so many pods are left.
func left(t *testing.T, m *pods.Manager, n int) {
	t.Helper()
	labtest.Until(t, func() error {
		if list := m.Pods(); len(list) != n {
			return fmt.Errorf("%d pods, want %d: %+v", len(list), n, list)
		}
		return nil
	})
}
