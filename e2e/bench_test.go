package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/backend"
	"istio-tutorial/e2e/chain"
	"istio-tutorial/e2e/load"
)

// The benchmarks take the figures of the README. They say of each what it should be, and do
// not fail when it is not: a machine that has something else to do shows in every figure.

// figure reports a figure and its bound.
type figure struct {
	unit  string
	value float64
	most  bool // the bound is the most that the value should be, else the least
	bound float64
}

func (f figure) report(b *testing.B) {
	b.Helper()
	kind, met := "at least", f.value >= f.bound
	if f.most {
		kind, met = "at most", f.value <= f.bound
	}
	verdict := "met"
	if !met {
		verdict = "missed"
	}
	b.ReportMetric(0, "ns/op") // of no meaning here
	b.ReportMetric(f.value, f.unit)
	b.Logf("%.4g %s; %s %.4g: %s", f.value, f.unit, kind, f.bound, verdict)
}

func withoutRaceDetector(b *testing.B) {
	b.Helper()
	if chain.Race() {
		b.Skip("SKIP: figures are taken without the race detector")
	}
}

func middle(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// BenchmarkThroughput loads the chain and a bare net/http chain in turns, and takes the median
// of the ratios: what else the machine does hits both.
func BenchmarkThroughput(b *testing.B) {
	withoutRaceDetector(b)
	b.Run("tracing=off", func(b *testing.B) {
		compare(b, chain.Env{}, 0.80)
	})
	b.Run("tracing=jaeger", func(b *testing.B) {
		need(b, "jaeger")
		j := backend.StartJaeger(b)
		answers := compare(b, toCollector(j), 0.65)
		awaitSpans(b, j, 5*int(answers))
	})
}

// compare returns how many answers the chain gave.
func compare(b *testing.B, env chain.Env, atLeast float64) int64 {
	b.Helper()
	env = env.With(chain.Env{"METRICS_ON": "127.0.0.1:0"})
	ours := programs().Chain(b, chain.Settings{All: env, Silent: true}).Customer
	bare := bareChain(b)
	var answers int64
	var perSecond, barePerSecond, ratios []float64
	for i := range 9 {
		with, without := loaded(b, ours), loaded(b, bare)
		answers += with.Answers
		if i == 0 {
			continue // warming up
		}
		perSecond = append(perSecond, with.PerSecond())
		barePerSecond = append(barePerSecond, without.PerSecond())
		ratios = append(ratios, with.PerSecond()/without.PerSecond())
	}
	figure{unit: "of-bare", value: middle(ratios), bound: atLeast}.report(b)
	b.ReportMetric(middle(perSecond), "answers/s")
	b.ReportMetric(middle(barePerSecond), "bare-answers/s")
	return answers
}

func loaded(b *testing.B, p *chain.Process) load.Result {
	b.Helper()
	r, err := load.For(p.URL(), time.Second)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func bareChain(b *testing.B) *chain.Process {
	b.Helper()
	next := chain.Env{}
	var p *chain.Process
	for _, name := range []string{"recommendation", "preference", "customer"} {
		p = programs().Run(b, chain.Spec{Program: "bare", Env: next.With(chain.Env{"NAME": name})})
		next = chain.Env{"NEXT_URL": p.URL()}
	}
	return p
}

// awaitSpans holds that the figures are of spans that arrived: all of them.
func awaitSpans(b *testing.B, j *backend.Jaeger, want int) {
	b.Helper()
	err := await.Until(await.Patience, func() error {
		saved, lost, err := j.Spans()
		if err == nil && (saved != want || lost > 0) {
			err = fmt.Errorf("%d spans saved, %d lost, of %d", saved, lost, want)
		}
		return err
	})
	if err != nil {
		b.Error(err)
	}
}

// BenchmarkStart takes the time from a process's start to its first answer.
func BenchmarkStart(b *testing.B) {
	withoutRaceDetector(b)
	var took []float64
	for range 200 {
		took = append(took, start(b).Seconds()*1000)
	}
	figure{unit: "ms-to-first-200", value: middle(took), most: true, bound: 15}.report(b)
}

func start(b *testing.B) time.Duration {
	b.Helper()
	address := nowhere(b)
	cmd := exec.Command(filepath.Join(string(programs()), "recommendation"),
		"-listen-on", address, "-metrics-on", "127.0.0.1:0")
	cmd.Env = []string{}
	begin := time.Now()
	p, err := chain.Launch(cmd)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Kill()
	for {
		if a, err := chain.Ask("http://" + address); err == nil && a.Status == 200 {
			return time.Since(begin)
		}
		if err := p.Running(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory takes what the largest of the services holds after 100000 requests.
func BenchmarkMemory(b *testing.B) {
	withoutRaceDetector(b)
	c := programs().Chain(b, chain.Settings{All: chain.Env{"METRICS_ON": "127.0.0.1:0"}, Silent: true})
	if _, err := load.Times(c.Customer.URL(), 100_000); err != nil {
		b.Fatal(err)
	}
	figure{unit: "MB-resident", value: largest(b, c, "VmRSS"), most: true, bound: 20}.report(b)
	b.ReportMetric(largest(b, c, "VmHWM"), "MB-peak")
}

func largest(b *testing.B, c chain.Chain, name string) float64 {
	b.Helper()
	most := 0
	for _, p := range c.All() {
		most = max(most, memory(b, p, name))
	}
	return float64(most) * 1024 / 1e6
}
