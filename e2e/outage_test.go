package e2e

import (
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/backend"
	"istio-tutorial/e2e/chain"
)

// nowhere returns an address at which nobody listens.
func nowhere(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// silence returns the address of a server that takes everything and never answers.
func silence(t *testing.T) string {
	t.Helper()
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	return newPeer(t, func(io.Writer) bool {
		<-never
		return false
	}).url
}

// A backend that is not there, or does not answer, changes no answer and delays no end.
func TestBackendsThatDoNotWork(t *testing.T) {
	t.Parallel()
	for name, tracing := range map[string]func(t *testing.T) chain.Env{
		"no agent": func(t *testing.T) chain.Env {
			return toAgent(t, &backend.Jaeger{Agent: nowhere(t)})
		},
		"no collector": func(t *testing.T) chain.Env {
			return toCollector(&backend.Jaeger{Collector: "http://" + nowhere(t)})
		},
		"no zipkin": func(t *testing.T) chain.Env { return toZipkin("http://" + nowhere(t)) },
		"slow collector": func(t *testing.T) chain.Env {
			return toCollector(&backend.Jaeger{Collector: silence(t)})
		},
		"slow zipkin": func(t *testing.T) chain.Env { return toZipkin(silence(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on := programs().Chain(t, chain.Settings{All: tracing(t)})
			holdSameAnswers(t, on, programs().Chain(t, chain.Settings{}))
			for _, p := range on.All() {
				holdEnd(t, p)
			}
		})
	}
}

// holdSameAnswers holds that both chains answer the same, byte for byte, and in times that
// differ little.
func holdSameAnswers(t *testing.T, on, off chain.Chain) {
	t.Helper()
	var with, without []time.Duration
	for range 200 {
		a, took := timed(t, on.Customer)
		with = append(with, took)
		b, took := timed(t, off.Customer)
		without = append(without, took)
		if a != b {
			t.Fatalf("got %+v, want %+v", a, b)
		}
	}
	const limit = 4
	if ratio := float64(median(with)) / float64(median(without)); ratio > limit {
		t.Errorf("an answer takes %.1f times as long, more than %d", ratio, limit)
	}
}

func timed(t *testing.T, p *chain.Process) (chain.Answer, time.Duration) {
	t.Helper()
	start := time.Now()
	a := p.Get(t, "/")
	return a, time.Since(start)
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// holdEnd holds that the process ends soon: less than the clients' own 5 s for a request.
func holdEnd(t *testing.T, p *chain.Process) {
	t.Helper()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if how, err := p.Wait(4 * time.Second); err != nil || how != "exit status 0" {
		t.Errorf("ended by %s, %v", how, err)
	}
}

// A backend that dies takes only the spans of that time with it.
func TestBackendThatDiesAndComesBack(t *testing.T) {
	t.Parallel()
	need(t, "jaeger")
	j := backend.StartJaeger(t)
	c := programs().Chain(t, chain.Settings{Customer: toCollector(j), Preference: toZipkin(j.Zipkin),
		Recommendation: toAgent(t, j)})
	awaitWholeTrace(t, c, j)
	j.Process.Kill()
	for range 20 {
		if got := c.Customer.Get(t, "/"); got.Status != 200 {
			t.Errorf("without the backend: %+v", got)
		}
	}
	j.Restart(t)
	awaitWholeTrace(t, c, j)
}

// awaitWholeTrace asks until the backend has a trace with all spans.
func awaitWholeTrace(t *testing.T, c chain.Chain, store backend.Store) {
	t.Helper()
	err := await.Until(await.Patience, func() error {
		c.Customer.Get(t, "/")
		traces, err := store.Traces("customer")
		if err != nil {
			return err
		}
		for _, trace := range traces {
			if line, err := trace.Line(); err == nil && line == wholeChain {
				return nil
			}
		}
		return fmt.Errorf("no whole trace among %+v", traces)
	})
	if err != nil {
		t.Error(err)
	}
}
