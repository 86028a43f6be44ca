package labfigures

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/cmdline"
)

// lab is a running lab with recommendation v2 beside v1.
type lab struct {
	b    *testing.B
	name string
	url  string
	cmd  *exec.Cmd
	took time.Duration // to the first answer
}

// start runs bin/lab up, with more arguments, and waits for the first answer through the ingress.
func start(b *testing.B, args ...string) *lab {
	b.Helper()
	address := "127.0.0.1:" + cmdline.FreePorts(b, 1)[0]
	l := &lab{b: b, name: fmt.Sprintf("figures%d", time.Now().UnixNano()%1e6), url: "http://" + address}
	begin := time.Now()
	l.cmd = exec.Command("bin/lab", append([]string{"up", "--name", l.name, "--listen", address}, args...)...)
	l.cmd.Dir, l.cmd.Stderr = "../..", os.Stderr
	if err := l.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.end)
	answering(b, l.url, "customer => preference => recommendation v1")
	l.took = time.Since(begin)
	return l
}

func (l *lab) end() {
	_ = l.cmd.Process.Signal(syscall.SIGINT)
	if err := l.cmd.Wait(); err != nil {
		l.b.Errorf("bin/lab up: %v", err)
	}
}

func (l *lab) run(args ...string) {
	l.b.Helper()
	cmd := exec.Command("bin/lab", append(args, "--name", l.name)...)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		l.b.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}

func (l *lab) withV2() {
	l.b.Helper()
	l.run("apply", "-f", "deploy/recommendation/Deployment-v2.yml")
	l.run("rollout", "status", "deployment/recommendation-v2")
}

func get(url string) (string, error) {
	res, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

func middle(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func report(b *testing.B, value float64, unit string, most float64) {
	b.Helper()
	verdict := "met"
	if value > most {
		verdict = "missed"
	}
	b.ReportMetric(0, "ns/op") // of no meaning here
	b.ReportMetric(value, unit)
	b.Logf("%.4g %s; at most %.4g: %s", value, unit, most, verdict)
}

func BenchmarkUp(b *testing.B) {
	var times []time.Duration
	for range 5 {
		l := start(b)
		times = append(times, l.took)
		l.run("down")
	}
	report(b, middle(times).Seconds(), "s-to-first-answer", 1.5)
}

// rule returns the file that leads all requests to a version.
func rule(version string) string { return "istiofiles/route-rule-recommendation-" + version + ".yml" }

// BenchmarkCreate changes a rule 500 times, and asks 20 times after each.
func BenchmarkCreate(b *testing.B) {
	l := start(b)
	l.withV2()
	l.run("create", "-f", rule("v1"))
	var times []time.Duration
	stale := 0
	for i := range 500 {
		version := []string{"v2", "v1"}[i%2]
		begin := time.Now()
		l.run("replace", "-f", rule(version))
		times = append(times, time.Since(begin))
		for range 20 {
			if text, err := get(l.url); err != nil || !strings.Contains(text, "recommendation "+version+" ") {
				stale++
			}
		}
	}
	report(b, float64(middle(times).Microseconds())/1000, "ms-per-change", 100)
	report(b, float64(stale), "old-answers-of-10000", 0)
}

// certificates are files of the Secrets that the rule files name, in a folder.
func certificates(b *testing.B) string {
	b.Helper()
	from, to := b.TempDir(), b.TempDir()
	lab := func(file string, args ...string) {
		b.Helper()
		cmd := exec.Command("bin/lab", args...)
		cmd.Dir = "../.."
		out, err := cmd.Output()
		if err != nil {
			b.Fatalf("%v: %v", args, err)
		}
		if err := os.WriteFile(filepath.Join(to, file), out, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	lab("cert.txt", "cert", "customer.example", "--out", from)
	pair := []string{"--cert", filepath.Join(from, "customer.example.crt"), "--key", filepath.Join(from, "customer.example.key")}
	shown := []string{"--dry-run=client", "-o", "yaml"}
	authority := "--from-file=" + filepath.Join(from, "ca.crt")
	lab("ingress.yml", slices.Concat([]string{"create", "secret", "tls", "customer-certificate", "-n", "istio-system"}, pair, shown)...)
	lab("cacert.yml", slices.Concat([]string{"create", "secret", "generic", "customer-certificate-cacert", "-n", "istio-system", authority}, shown)...)
	return to
}

// BenchmarkAnalyze looks at all of today's rule files, the command line included.
func BenchmarkAnalyze(b *testing.B) {
	var times []time.Duration
	secrets := certificates(b)
	for range 20 {
		cmd := exec.Command("bin/lab", "analyze", "-f", "istiofiles/v1", "-f", secrets)
		cmd.Dir = "../.."
		begin := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		times = append(times, time.Since(begin))
	}
	report(b, float64(middle(times).Microseconds())/1000, "ms-to-analyze", 200)
}

// BenchmarkMemory adds up what the lab, Envoy and five pods hold.
func BenchmarkMemory(b *testing.B) {
	l := start(b)
	l.withV2()
	l.run("scale", "--replicas=2", "deployment/recommendation-v2")
	l.run("rollout", "status", "deployment/recommendation-v2")
	for range 1000 {
		if _, err := get(l.url); err != nil {
			b.Fatal(err)
		}
	}
	report(b, l.memory(), "MB-resident", 250)
}

// memory returns the resident memory of the lab and everything below it, in MB.
func (l *lab) memory() float64 {
	l.b.Helper()
	total := 0.0
	for _, pid := range tree(l.cmd.Process.Pid) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			l.b.Fatal(err)
		}
		for line := range strings.SplitSeq(string(status), "\n") {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
				kib, _ := strconv.ParseFloat(f[1], 64)
				total += kib / 1024
			}
		}
	}
	return total
}

// tree returns a process and its descendants.
func tree(pid int) []int {
	all := []int{pid}
	children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range children {
		text, _ := os.ReadFile(file)
		for child := range strings.FieldsSeq(string(text)) {
			n, _ := strconv.Atoi(child)
			all = append(all, tree(n)...)
		}
	}
	return all
}

// callers share what is asked, so that a busy machine has no more requests at once than an idle one:
// every one that waits takes memory.
const callers = 10

// BenchmarkChanges makes 2000 rule changes while requests come at 200 a second. The first half fills
// the logs that the lab keeps, of which there are some megabytes, and takes every heap to its size
// under this load: what memory grows by in the second half is lost.
func BenchmarkChanges(b *testing.B) {
	l := start(b)
	l.withV2()
	l.run("create", "-f", rule("v1"))
	done := make(chan struct{})
	var asked, wrong atomic.Int64
	var asking sync.WaitGroup
	for range callers {
		asking.Go(func() {
			tick := time.NewTicker(callers * 5 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-done:
					return
				case <-tick.C:
				}
				asked.Add(1)
				if text, err := get(l.url); err != nil || !strings.HasPrefix(text, "customer => preference => recommendation v") {
					wrong.Add(1)
					b.Logf("wrong: %q, %v", text, err)
				}
			}
		})
	}
	before := 0.0
	for i := range 2000 {
		if i == 1000 {
			before = l.memory()
		}
		l.run("replace", "-f", rule([]string{"v2", "v1"}[i%2]))
	}
	close(done)
	asking.Wait()
	b.Logf("%d requests", asked.Load())
	report(b, float64(wrong.Load()), "answers-lost-or-wrong", 0)
	report(b, l.memory()/before, "memory-after-to-before", 1.1)
}

// BenchmarkHop compares a request through ingress and sidecars with one through the plain chain.
func BenchmarkHop(b *testing.B) {
	l := start(b)
	plain := plainChain(b)
	var ratios []float64
	for range 9 {
		ratios = append(ratios, each(b, l.url).Seconds()/each(b, plain).Seconds())
	}
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ratios[len(ratios)/2], "of-plain-latency")
}

// each returns the time that one of 300 requests in turn takes.
func each(b *testing.B, url string) time.Duration {
	b.Helper()
	begin := time.Now()
	for range 300 {
		if _, err := get(url); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(begin) / 300
}

// plainChain runs bin/chain.sh and returns customer's address.
func plainChain(b *testing.B) string {
	b.Helper()
	ports := cmdline.FreePorts(b, 3)
	cmd := exec.Command("bin/chain.sh")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "PORTS="+strings.Join(ports, " "))
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	return answering(b, "http://127.0.0.1:"+ports[0], "customer => preference => recommendation v1")
}

// answering waits until what url says begins so.
func answering(b *testing.B, url, begins string) string {
	b.Helper()
	err := await.Until(2*await.Patience, func() error {
		text, err := get(url)
		if err == nil && !strings.HasPrefix(text, begins) {
			err = fmt.Errorf("answer: %s", text)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return url
}

// BenchmarkWhy explains an answer, the whole command.
func BenchmarkWhy(b *testing.B) {
	l := start(b)
	l.run("create", "-f", "istiofiles/route-rule-recommendation-503.yml")
	each(b, l.url) // some of them are answered by the sidecar
	var times []time.Duration
	for range 20 {
		begin := time.Now()
		l.run("why")
		times = append(times, time.Since(begin))
	}
	report(b, 1000*middle(times).Seconds(), "ms-why", 100)
}
