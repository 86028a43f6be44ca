package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/chain"
)

// podMemory is the limit in the manifests, in KiB.
const podMemory = 64 << 10

// What strangers send, and what the next service says to them, does not fill the memory that a
// pod has.
func TestMemoryOfAPod(t *testing.T) {
	t.Parallel()
	built := unraced(t)
	for _, c := range []struct {
		name, program string
		env           func(t *testing.T) chain.Env
		attack        func(t *testing.T, p *chain.Process)
	}{
		{"long paths and a mute Zipkin", "recommendation", func(t *testing.T) chain.Env {
			return toZipkin(silence(t))
		}, longPaths},
		{"long paths and no agent", "recommendation", func(*testing.T) chain.Env {
			return chain.Env{"TRACING": "jaeger", "JAEGER_AGENT_HOST": "127.0.0.1", "JAEGER_AGENT_PORT": "1"}
		}, longPaths},
		{"idle connections", "recommendation", func(*testing.T) chain.Env { return nil }, idleConnections},
		{"large headers that wait", "recommendation", func(*testing.T) chain.Env {
			return chain.Env{"TIMEOUT": "3s"}
		}, largeHeaders},
		{"large pages", "egress", func(t *testing.T) chain.Env {
			return chain.Env{"EGRESS_URL": pages(t, 2<<20), "NEXT_HOP_TIMEOUT": "1h"}
		}, allAtOnce},
		{"large answers", "customer", func(t *testing.T) chain.Env {
			return chain.Env{"PREFERENCE_URL": pages(t, 60<<10)}
		}, allAtOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := inPod(t, built, c.program, c.env(t))
			c.attack(t, p)
			if err := p.Running(); err != nil {
				t.Fatal(err)
			}
			peak := memory(t, p, "VmHWM")
			t.Logf("peak %d KiB", peak)
			if peak > podMemory {
				t.Errorf("peak memory %d KiB, above %d KiB", peak, podMemory)
			}
		})
	}
}

// unraced returns the programs without the race detector, which takes several times the memory.
func unraced(t *testing.T) chain.Programs {
	t.Helper()
	if !chain.Race() {
		return programs()
	}
	built, err := chain.Build(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// inPod runs the program with the memory of a pod, where this machine lets tests limit it.
func inPod(t *testing.T, from chain.Programs, program string, env chain.Env) *chain.Process {
	t.Helper()
	address := nowhere(t)
	argv := []string{filepath.Join(string(from), program)}
	if procs := cgroup(t, podMemory<<10); procs != "" {
		argv = append([]string{"/bin/sh", "-c", `echo $$ >"$0" && exec "$@"`, procs}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	for name, value := range (chain.Env{"LISTEN_ON": address, "METRICS_ON": "off", "DRAIN": "0s"}).With(env) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	p, err := chain.LaunchTo(cmd, null)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	p.Address = address
	err = await.Until(await.Patience, func() error {
		if err := p.Running(); err != nil {
			return await.Never(err)
		}
		_, err := chain.Ask(p.URL() + "/health/ready")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cgroup returns the file that takes the processes of a new group with so many bytes of memory,
// below the test's own group; it returns none where the system does not let it make one.
func cgroup(t *testing.T, limit int) string {
	t.Helper()
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(own)) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		dir, file := "/sys/fs/cgroup"+part[2], "memory.max"
		if part[1] == "memory" { // version 1
			dir, file = "/sys/fs/cgroup/memory"+part[2], "memory.limit_in_bytes"
		} else if part[1] != "" {
			continue
		}
		dir, err = os.MkdirTemp(dir, "e2e")
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		if os.WriteFile(filepath.Join(dir, file), fmt.Appendln(nil, limit), 0o600) == nil {
			return filepath.Join(dir, "cgroup.procs")
		}
	}
	t.Log("no memory group here: the peak is measured, and not held")
	return ""
}

// many calls ask so many times, a few at a time, and fails with the first error.
func many(t *testing.T, times, atOnce int, ask func() error) {
	t.Helper()
	todo := make(chan struct{})
	var callers sync.WaitGroup
	for range atOnce {
		callers.Go(func() {
			for range todo {
				if err := ask(); err != nil && !t.Failed() {
					t.Error(err)
				}
			}
		})
	}
	for range times {
		todo <- struct{}{}
	}
	close(todo)
	callers.Wait()
}

func longPaths(t *testing.T, p *chain.Process) {
	client := &http.Client{Timeout: await.Patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	url := p.URL() + "/" + strings.Repeat("p", 15_000)
	many(t, 10_000, 16, func() error {
		res, err := client.Get(url)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
		if err == nil && res.StatusCode != 404 {
			err = fmt.Errorf("got %s", res.Status)
		}
		return err
	})
}

// idleConnections opens more than there is room for, each after one request.
func idleConnections(t *testing.T, p *chain.Process) {
	for range 4000 {
		c := dialTo(t, p)
		say(c, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 1)
	}
	awaitRoom(t, p)
}

func awaitRoom(t *testing.T, p *chain.Process) {
	t.Helper()
	err := await.Until(await.Patience, func() error {
		a, err := chain.Ask(p.URL() + "/health")
		if err == nil && a.Status != 200 {
			err = fmt.Errorf("got %+v", a)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func dialTo(t *testing.T, p *chain.Process) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// largeHeaders has more requests wait than there is room for. Each is answered, or told why not.
func largeHeaders(t *testing.T, p *chain.Process) {
	if got := answers(t, p, 600, 15_000); got["200 OK"] < 512 || got["200 OK"]+got["503 Service Unavailable"] != 600 {
		t.Errorf("got %v", got)
	}
	awaitRoom(t, p)
	if got := answers(t, p, 600, 60_000); got["431 Request Header Fields Too Large"]+got["503 Service Unavailable"] != 600 {
		t.Errorf("too large: got %v", got)
	}
}

// answers sends so many requests at once, with a header of that size, and counts what is said.
func answers(t *testing.T, p *chain.Process, times, size int) map[string]int {
	t.Helper()
	var all []net.Conn
	for range times {
		c := dialTo(t, p)
		say(c, "GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", size)+"\r\n\r\n", 1)
		all = append(all, c)
	}
	answers := map[string]int{}
	for _, c := range all {
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			answers["none"]++
			continue
		}
		answers[res.Status]++
		_ = res.Body.Close()
		_ = c.Close()
	}
	return answers
}

// pages serves a page of that size.
func pages(t *testing.T, size int) string {
	t.Helper()
	page := []byte(strings.Repeat("x", size))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(page)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// allAtOnce asks for what the service gets from a large page, many times at once.
func allAtOnce(t *testing.T, p *chain.Process) {
	many(t, 500, 250, func() error {
		res, err := http.Get(p.URL())
		if err != nil {
			return err
		}
		defer res.Body.Close()
		n, err := io.Copy(io.Discard, res.Body)
		if err == nil && (res.StatusCode != 200 || n < 60<<10) {
			err = fmt.Errorf("got %s, %d bytes", res.Status, n)
		}
		return err
	})
}
