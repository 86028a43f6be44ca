package pods_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"istio-tutorial/lab/journal"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/pods"
)

func get(t *testing.T, address, path string) string {
	t.Helper()
	res, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestPod(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t)
	m.Set([]manifests.Deployment{d})
	p := ready(t, m, d)[0]
	short, ok := strings.CutPrefix(p.Name.Name, "recommendation-v1-")
	if !ok || !regexp.MustCompile(`^[a-z0-9]+-[a-z0-9]{5}$`).MatchString(short) {
		t.Errorf("name %s", p.Name)
	}
	if got, want := get(t, p.Addresses[8080], "/"), fmt.Sprintf("recommendation v1 from '%s': 1\n", short); got != want {
		t.Errorf("answer %q, want %q", got, want)
	}
	if got := get(t, p.Addresses[9779], "/metrics"); !strings.Contains(got, "go_goroutines") {
		t.Errorf("metrics %q", got)
	}
	if p.Status != "Running" || p.Ready != 2 || p.Containers != 2 || p.Restarts != 0 || p.Reason != "" {
		t.Errorf("pod %+v", p)
	}
	i := m.Instances()[0]
	if !i.Ready || i.Name != p.Name || i.Workload != d.Workload.Name || i.Labels["version"] != "v1" {
		t.Errorf("instance %+v", i)
	}
}

func TestKilledPodComesBack(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t)
	m.Set([]manifests.Deployment{d})
	before := ready(t, m, d)[0]
	get(t, before.Addresses[8080], "/")
	labtest.Until(t, func() error { // the services write their log a little later
		if got := logs(t, m, before, journal.Query{}); !strings.Contains(got, "recommendation v1") {
			return fmt.Errorf("log: %s", got)
		}
		return nil
	})
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, func() error {
		if p := m.Pods()[0]; p.Restarts != 1 || p.Ready != 2 {
			return fmt.Errorf("pod %+v", p)
		}
		return nil
	})
	after := m.Pods()[0]
	if after.Name != before.Name || after.LastExit != "signal: killed" {
		t.Errorf("after %+v, before %+v", after, before)
	}
	if got := get(t, after.Addresses[8080], "/"); !strings.HasSuffix(got, ": 1\n") {
		t.Errorf("answer of a new program: %q", got)
	}
	if got := logs(t, m, after, journal.Query{Previous: true}); strings.Count(got, "recommendation v1") != 1 {
		t.Errorf("log of the previous run: %s", got)
	}
	labtest.Until(t, func() error {
		if got := logs(t, m, after, journal.Query{}); strings.Count(got, "listening") != 1 {
			return fmt.Errorf("log of the present run: %s", got)
		}
		return nil
	})
}

func logs(t *testing.T, m *pods.Manager, p pods.Pod, q journal.Query) string {
	t.Helper()
	lines, err := m.Logs(t.Context(), p.Name, q)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(slices.Collect(lines), "\n")
}

// A program whose port is taken while it is down goes on at another one.
func TestTakenPort(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t)
	m.Set([]manifests.Deployment{d})
	before := ready(t, m, d)[0]
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var thief net.Listener
	labtest.Until(t, func() (err error) {
		thief, err = net.Listen("tcp", before.Addresses[8080])
		return err
	})
	defer thief.Close()
	labtest.Until(t, func() error {
		if p := m.Pods()[0]; p.Ready != 2 || p.Addresses[8080] == before.Addresses[8080] {
			return fmt.Errorf("pod %+v", p)
		}
		return nil
	})
	after := m.Pods()[0]
	get(t, after.Addresses[8080], "/")
	if got := m.Instances()[0].Addresses[8080]; got != after.Addresses[8080] {
		t.Errorf("the mesh knows %s, not %s", got, after.Addresses[8080])
	}
}

// A proxy that refuses a new pod's addresses gets others.
func TestRefusedAddresses(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	refused := ""
	m := newManager(t, func(list []mesh.Instance) error {
		mu.Lock()
		defer mu.Unlock()
		for _, i := range list {
			if refused == "" {
				refused = i.Proxy
			}
			if i.Proxy == refused {
				return errors.New("cannot bind " + refused)
			}
		}
		return nil
	})
	d := recommendation(t)
	m.Set([]manifests.Deployment{d})
	p := ready(t, m, d)[0]
	if p.Proxy == refused || p.Restarts != 0 {
		t.Errorf("refused %s, pod %+v", refused, p)
	}
}

func TestUnknownImage(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t, "istio-tutorial-recommendation:v1", "nginx:1")
	m.Set([]manifests.Deployment{d})
	labtest.Until(t, func() error {
		p := m.Pods()[0]
		if p.Status != "ImagePullBackOff" || !strings.Contains(p.Reason, `image "nginx:1": the lab has istio-tutorial-customer, `) {
			return fmt.Errorf("pod %+v", p)
		}
		return nil
	})
	m.Set(nil)
	left(t, m, 0)
}

func TestMissingProgram(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	m.Set([]manifests.Deployment{recommendation(t, "tutorial-recommendation:v1", "tutorial-customer:v1")})
	labtest.Until(t, func() error {
		if p := m.Pods()[0]; p.Status != "ImagePullBackOff" || !strings.Contains(p.Reason, "customer: not there") {
			return fmt.Errorf("pod %+v", p)
		}
		return nil
	})
}

func TestCrashLoop(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t, "value: v1", "value: v1\n        - {name: TIMEOUT, value: soon}")
	m.Set([]manifests.Deployment{d})
	labtest.Until(t, func() error {
		p := m.Pods()[0]
		if p.Status != "CrashLoopBackOff" || p.Restarts < 2 || p.Ready != 1 || p.Reason != "exit status 2" {
			return fmt.Errorf("pod %+v", p)
		}
		return nil
	})
	if got := logs(t, m, m.Pods()[0], journal.Query{Previous: true}); !strings.Contains(got, "TIMEOUT") {
		t.Errorf("log %q", got)
	}
	if g, _ := m.Progress(d.Workload.Name); !strings.Contains(g.Reason, "CrashLoopBackOff") || g.Done() {
		t.Errorf("progress %+v", g)
	}
}

func TestScale(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t)
	m.Set([]manifests.Deployment{d})
	first := ready(t, m, d)[0]
	d.Replicas = 3
	m.Set([]manifests.Deployment{d})
	if got := len(ready(t, m, d)); got != 3 {
		t.Fatalf("%d pods", got)
	}
	d.Replicas = 1
	m.Set([]manifests.Deployment{d})
	left(t, m, 1)
	if got := m.Pods()[0].Name; got != first.Name {
		t.Errorf("%s is left, not the oldest, %s", got, first.Name)
	}
	d.Replicas = 0
	m.Set([]manifests.Deployment{d})
	left(t, m, 0)
}

// A change is done when the proxy has taken it: until then it calls the pod that is to end.
func TestDoneWhenTaken(t *testing.T) {
	t.Parallel()
	var scaled atomic.Bool
	told, takes := make(chan struct{}), make(chan struct{})
	m := newManager(t, func([]mesh.Instance) error {
		if scaled.CompareAndSwap(true, false) {
			close(told)
			<-takes
		}
		return nil
	})
	d := recommendation(t)
	d.Replicas = 2
	m.Set([]manifests.Deployment{d})
	ready(t, m, d)
	scaled.Store(true)
	d.Replicas = 1
	m.Set([]manifests.Deployment{d})
	<-told
	if p, _ := m.Progress(d.Workload.Name); p.Done() || p.Total != 2 {
		t.Errorf("%+v, though the proxy still calls two", p)
	}
	close(takes)
	ready(t, m, d)
}

// Through all of a rolling change, the proxy has as many ready pods as desired, and no pod that
// it calls is told to end.
func TestRollingChange(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var history [][]mesh.Instance
	m := newManager(t, func(list []mesh.Instance) error {
		mu.Lock()
		defer mu.Unlock()
		history = append(history, list)
		for _, i := range list {
			if i.Ready {
				get(t, i.Addresses[8080], "/health/ready")
			}
		}
		return nil
	})
	o := object(t, "replicas: 1", "replicas: 2")
	m.Set([]manifests.Deployment{*o.Deployment})
	old := ready(t, m, *o.Deployment)
	mu.Lock()
	history = nil
	mu.Unlock()
	o, err := o.SetEnv(map[string]string{"VERSION": "v7"})
	if err != nil {
		t.Fatal(err)
	}
	m.Set([]manifests.Deployment{*o.Deployment})
	fresh := ready(t, m, *o.Deployment)
	left(t, m, 2)
	for _, p := range fresh {
		if got := get(t, p.Addresses[8080], "/"); !strings.Contains(got, "recommendation v7") {
			t.Errorf("answer %q", got)
		}
		if slices.ContainsFunc(old, func(o pods.Pod) bool { return o.Name == p.Name }) {
			t.Errorf("%s is still there", p.Name)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, list := range history {
		serving := 0
		for _, i := range list {
			if i.Ready {
				serving++
			}
		}
		if serving < 2 || serving > 3 {
			t.Errorf("%d of %d instances are ready", serving, len(list))
		}
	}
}

func TestLivenessReplacesWhatHangs(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t, "periodSeconds: 10", "periodSeconds: 1\n          failureThreshold: 1",
		"timeoutSeconds: 2", "timeoutSeconds: 1", "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 1")
	m.Set([]manifests.Deployment{d})
	before := ready(t, m, d)[0]
	if err := syscall.Kill(before.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, func() error {
		if p := m.Pods()[0]; p.Restarts != 1 || p.Ready != 2 || p.PID == before.PID {
			return fmt.Errorf("pod %+v", p)
		}
		return nil
	})
}

func TestCommand(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t)
	m.Set([]manifests.Deployment{d})
	p := ready(t, m, d)[0]
	for name, words := range map[string][]string{
		"own program":           {"recommendation", "misbehave"},
		"own program, by path":  {"/recommendation", "misbehave"},
		"program of the system": {"sh", "-c", "test $HOSTNAME = " + p.Name.Name + ` && echo "Following requests"`},
	} {
		c, err := m.Command(p.Name, words)
		if err != nil {
			t.Fatal(err)
		}
		out, err := (&exec.Cmd{Path: c.Path, Args: append([]string{c.Path}, c.Args...), Env: c.Env}).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "Following requests") {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
	if got := get(t, p.Addresses[8080], "/"); !strings.HasPrefix(got, "recommendation misbehavior") {
		t.Errorf("answer %q", got)
	}
	if _, err := m.Command(p.Name, []string{"no-such-program"}); err == nil || !strings.Contains(err.Error(), "not found in $PATH") {
		t.Errorf("error %v", err)
	}
	if _, err := m.Command(mesh.Name{Name: "x"}, nil); !errors.Is(err, pods.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// A pod inherits nothing but what it needs, and its manifest beats the lab's settings.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t, "value: v1", "value: v1\n        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}")
	m.Set([]manifests.Deployment{d})
	p := ready(t, m, d)[0]
	c, err := m.Command(p.Name, []string{"recommendation"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"HOSTNAME=" + p.Name.Name, "POD=" + p.Name.Name, "LISTEN_ON=" + p.Addresses[8080],
		"METRICS_ON=" + p.Addresses[9779], "HTTP_PROXY=http://" + p.Proxy, "http_proxy=http://" + p.Proxy,
		"NO_PROXY=", "VERSION=v1", "TRACING=off", "JAEGER_SERVICE_NAME=recommendation", "PATH=" + os.Getenv("PATH"),
	} {
		if !slices.Contains(c.Env, want) {
			t.Errorf("no %s in %q", want, c.Env)
		}
	}
	for _, pair := range c.Env {
		if strings.HasPrefix(pair, "HOME=") || strings.HasPrefix(pair, programs) {
			t.Errorf("inherited %s", pair)
		}
	}
}
