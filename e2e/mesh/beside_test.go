//go:build cluster

package mesh

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/cmdline"
)

const (
	besideRules = 20  // changes of a rule
	besideCalls = 300 // calls of which the middle one counts
)

// BenchmarkBeside measures a lab and the cluster's Istio in turn on this machine, with the same chain: how long it takes
// to start, its memory, how long a rule takes until it acts, and a call.
func BenchmarkBeside(b *testing.B) {
	here, there := besideLab(b), besideCluster(b)
	for _, f := range []struct {
		what        string
		here, there float64
	}{
		{"s-to-first-answer", here.started.Seconds(), there.started.Seconds()},
		{"MB-memory", here.memory(b), there.memory(b)},
		{"ms-until-a-rule-acts", here.rule(b), there.rule(b)},
		{"ms-per-call", here.call(b), there.call(b)},
	} {
		b.Logf("%-20s lab %8.4g, cluster %8.4g: %.3g times", f.what, f.here, f.there, f.there/f.here)
		b.ReportMetric(f.there/f.here, "x-"+f.what)
	}
	b.ReportMetric(0, "ns/op") // of no meaning here
}

// side is one of both.
type side struct {
	url     string
	started time.Duration // to the first answer
	memory  func(*testing.B) float64
	apply   func(b *testing.B, file string)
}

// besideLab starts a lab.
func besideLab(b *testing.B) side {
	b.Helper()
	s, name := side{}, fmt.Sprintf("beside%d", os.Getpid())
	address := "127.0.0.1:" + cmdline.FreePorts(b, 1)[0]
	s.url = "http://" + address
	typed(b, "bin/lab", "version") // it builds what is missing
	began := time.Now()
	cmd := exec.Command("bin/lab", "up", "--name", name, "--listen", address, "--edition", "v1")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			b.Errorf("bin/lab up: %v", err)
		}
	})
	s.firstAnswer(b)
	s.started = time.Since(began)
	s.apply = func(b *testing.B, file string) { typed(b, "bin/lab", "apply", "--name", name, "-f", file) }
	s.memory = func(b *testing.B) float64 { return resident(b, cmd.Process.Pid) }
	s.withV2(b)
	return s
}

// besideCluster applies the overlay in a namespace of its own, where Istio and the images are there already.
func besideCluster(b *testing.B) side {
	b.Helper()
	const namespace = "istio-tutorial-beside"
	in := func(args ...string) []string {
		return append([]string{"bin/lab", "--on", "cluster", "-n", namespace}, args...)
	}
	if there := typed(b, "kubectl", "get", "namespace", namespace, "--ignore-not-found"); there != "" {
		b.Fatalf("it is there already: %s", there)
	}
	b.Cleanup(func() { typed(b, "kubectl", "delete", "namespace", namespace, "--timeout=2m") })
	var s side
	began := time.Now()
	typed(b, in("apply", "--no-wait", "-k", "deploy/overlays/istio")...)
	const gateway = "customer-gateway-istio"
	typed(b, in("wait", "--for=create", "--timeout=2m", "deployment/"+gateway)...)
	typed(b, in("wait", "--for=condition=Available", "--timeout=3m", "deployment", "--all")...)
	s.url = reach(b, namespace, gateway)
	s.firstAnswer(b)
	s.started = time.Since(began)
	s.apply = func(b *testing.B, file string) { typed(b, in("apply", "--no-wait", "-f", file)...) }
	s.memory = func(b *testing.B) float64 { return ofPods(b, namespace) + ofPods(b, "istio-system") }
	s.withV2(b)
	typed(b, in("rollout", "status", "--timeout=2m", "deployment/recommendation-v2")...)
	return s
}

func (s side) withV2(b *testing.B) {
	b.Helper()
	s.apply(b, "deploy/recommendation/Deployment-v2.yml")
}

// reach is the address of the gateway's Service, which this machine must reach: a tunnel would be measured, too.
func reach(b *testing.B, namespace, gateway string) string {
	b.Helper()
	host := typed(b, "kubectl", "-n", namespace, "get", "service", gateway, "-o", "jsonpath={.spec.clusterIP}")
	address := net.JoinHostPort(host, "80")
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		b.Fatalf("run this on the cluster's node: %v", err)
	}
	_ = conn.Close() // it was only to see
	return "http://" + address
}

func (s side) firstAnswer(b *testing.B) {
	b.Helper()
	s.until(b, "customer => preference => recommendation v1")
}

// until asks until an answer has a text.
func (s side) until(b *testing.B, text string) {
	b.Helper()
	for giveUp := time.Now().Add(2 * await.Patience); ; {
		answer, err := ask(s.url)
		if err == nil && strings.Contains(answer, text) {
			return
		}
		if time.Now().After(giveUp) {
			b.Fatalf("%s: %s, %v", s.url, answer, err)
		}
	}
}

func ask(url string) (string, error) {
	res, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

// rule is the time from a command that changes a rule to the first answer by it, the middle of several, in ms.
func (s side) rule(b *testing.B) float64 {
	b.Helper()
	var times []time.Duration
	for n := range besideRules {
		version := []string{"v2", "v1"}[n%2]
		began := time.Now()
		s.apply(b, "istiofiles/v1/route-rule-recommendation-"+version+".yml")
		s.until(b, "recommendation "+version+" ")
		times = append(times, time.Since(began))
	}
	return middle(times)
}

// call is the time of the middle one of many calls over an open connection, in ms.
func (s side) call(b *testing.B) float64 {
	b.Helper()
	var times []time.Duration
	for range besideCalls {
		began := time.Now()
		if _, err := ask(s.url); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(began))
	}
	return middle(times)
}

func middle(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Microseconds()) / 1000
}

// ofPods is the memory that the node's kubelet counts for the pods of a namespace, in MB.
func ofPods(b *testing.B, namespace string) float64 {
	b.Helper()
	sum := 0.0
	for _, node := range strings.Fields(typed(b, "kubectl", "get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")) {
		var summary struct {
			Pods []struct {
				PodRef     struct{ Namespace string }
				Containers []struct{ Memory struct{ RSSBytes float64 } }
			}
		}
		text := typed(b, "kubectl", "get", "--raw", "/api/v1/nodes/"+node+"/proxy/stats/summary")
		if err := json.Unmarshal([]byte(text), &summary); err != nil {
			b.Fatal(err)
		}
		for _, p := range summary.Pods {
			for _, c := range p.Containers {
				if p.PodRef.Namespace == namespace {
					sum += c.Memory.RSSBytes
				}
			}
		}
	}
	if sum == 0 {
		b.Fatalf("nobody counts the memory of namespace %s", namespace)
	}
	return sum / 1e6
}

// resident is the memory of a process and all below it, in MB.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	const unit = 1024.0 / 1e6 // of the lines, in MB
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	sum := 0.0
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kilobytes, err := strconv.ParseFloat(f[1], 64)
			if err != nil {
				b.Fatal(err)
			}
			sum = kilobytes * unit
		}
	}
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		b.Fatal(err)
	}
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, child := range strings.Fields(string(children)) {
			if number, err := strconv.Atoi(child); err == nil {
				sum += resident(b, number)
			}
		}
	}
	return sum
}

// root is where the commands run.
const root = "../.."

// typed runs a command of the root, and returns what it prints.
func typed(b *testing.B, argv ...string) string {
	b.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	var words bytes.Buffer
	cmd.Dir, cmd.Stderr = root, &words
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v: %s", strings.Join(argv, " "), err, words.String())
	}
	return string(out)
}
