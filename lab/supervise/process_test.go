package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/supervise"
)

func never(context.Context) error { return errors.New("never ready") }

func names(seen []supervise.Status) (states []supervise.State) {
	for _, status := range seen {
		states = append(states, status.State)
	}
	return states
}

func checkStates(t *testing.T, p *supervise.Process, want ...supervise.State) []supervise.Status {
	t.Helper()
	seen := states(t, p, want[len(want)-1])
	if got := names(seen); !slices.Equal(got, want) {
		t.Errorf("states: got %v, want %v", got, want)
	}
	return seen
}

func TestStop(t *testing.T) {
	t.Parallel()
	p := start(t, child(t, supervise.NewLog(1<<10), "block"))
	running := p.Status()
	if running.PID == 0 || syscall.Kill(running.PID, 0) != nil {
		t.Fatalf("does not run: %+v", running)
	}
	if err := p.Stop(soon(t)); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(running.PID, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("is not gone: %v", err)
	}
	seen := checkStates(t, p,
		supervise.Starting, supervise.Ready, supervise.Stopping, supervise.Stopped)
	last := seen[len(seen)-1]
	if last.Exit != "signal: terminated" || last.PID != 0 || last.Restarts != 0 {
		t.Errorf("last: %+v", last)
	}
	if last.Started != running.Started || last.Since.Before(last.Started) {
		t.Errorf("times: %+v after %+v", last, running)
	}
	if err := p.Stop(soon(t)); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestStopBySignalOfChoice(t *testing.T) {
	t.Parallel()
	cfg := child(t, supervise.NewLog(1<<10), "deaf")
	cfg.StopSignal = syscall.SIGINT
	p := start(t, cfg)
	if err := p.Stop(soon(t)); err != nil {
		t.Error(err)
	}
	if got := p.Status().Exit; got != "signal: interrupt" {
		t.Errorf("exit: %s", got)
	}
}

func TestStopKillsTheDeaf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		grace time.Duration
		ctx   context.Context
	}{
		{"after the grace", time.Millisecond, t.Context()},
		{"at the end of the context", time.Hour, ended()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log := supervise.NewLog(1 << 10)
			cfg := child(t, log, "deaf")
			cfg.Grace, cfg.Ready = tt.grace, says(log, "up")
			p := start(t, cfg)
			var stops sync.WaitGroup
			for range 4 {
				stops.Go(func() {
					if err := p.Stop(tt.ctx); !errors.Is(err, supervise.ErrKilled) {
						t.Errorf("stop: %v", err)
					}
				})
			}
			stops.Wait()
			if got := p.Status(); got.Exit != "signal: killed" || got.State != supervise.Stopped {
				t.Errorf("last: %+v", got)
			}
		})
	}
}

func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	cfg := child(t, supervise.NewLog(1<<10), "block")
	asked := make(chan struct{})
	cfg.Probe.Timeout = time.Hour
	cfg.Ready = func(ctx context.Context) error {
		close(asked)
		<-ctx.Done()
		return ctx.Err()
	}
	p, err := supervise.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := p.Stop(soon(t)); err != nil {
		t.Error(err)
	}
	checkStates(t, p, supervise.Starting, supervise.Stopping, supervise.Stopped)
	if err := p.WaitReady(soon(t)); err == nil || !strings.Contains(err.Error(), "block: stopped: ") {
		t.Errorf("wait for a stopped process: %v", err)
	}
}

func TestStopInBackOff(t *testing.T) {
	t.Parallel()
	cfg := child(t, supervise.NewLog(1<<10), "exit", "1", "")
	cfg.Ready, cfg.RestartDelay.Initial, cfg.RestartDelay.Max = never, time.Hour, time.Hour
	p, err := supervise.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if seen := states(t, p, supervise.BackOff); seen[len(seen)-1].Delay != time.Hour {
		t.Errorf("delay: %+v", seen)
	}
	if err := p.Stop(soon(t)); err != nil {
		t.Error(err)
	}
	checkStates(t, p, supervise.Starting, supervise.BackOff, supervise.Stopped)
}

func TestRestartsBackOff(t *testing.T) {
	t.Parallel()
	cfg := child(t, supervise.NewLog(1<<10), "exit", "3", "")
	cfg.Ready = never
	cfg.RestartDelay = supervise.RestartDelay{Initial: time.Millisecond, Max: 4 * time.Millisecond}
	p, err := supervise.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(ended())
	var delays []time.Duration
	var died time.Time
	for status := range p.Changes(soon(t)) {
		if want := len(delays); status.Restarts != want && status.State == supervise.Starting {
			t.Errorf("restarts: got %d, want %d", status.Restarts, want)
		}
		if status.State == supervise.Starting && status.Started.Sub(died) < status.Delay {
			t.Errorf("started %v, too soon after %v", status.Started, died)
		}
		if status.State != supervise.BackOff {
			continue
		}
		died = status.Since
		if status.Exit != "exit status 3" || status.PID != 0 {
			t.Errorf("died: %+v", status)
		}
		if delays = append(delays, status.Delay/time.Millisecond); len(delays) == 5 {
			break
		}
	}
	if want := []time.Duration{1, 2, 4, 4, 4}; !slices.Equal(delays, want) {
		t.Errorf("delays in ms: got %v, want %v", delays, want)
	}
}

func TestKilledComesBack(t *testing.T) {
	t.Parallel()
	cfg := child(t, supervise.NewLog(1<<10), "block")
	cfg.RestartDelay = supervise.RestartDelay{Initial: time.Millisecond, Reset: time.Nanosecond}
	p := start(t, cfg)
	for restarts := range 3 {
		_ = syscall.Kill(p.Status().PID, syscall.SIGKILL)
		labtest.Until(t, func() error {
			if got := p.Status(); got.State != supervise.Ready || got.Restarts != restarts+1 {
				return fmt.Errorf("not back: %+v", got)
			}
			return nil
		})
	}
	if err := p.Stop(soon(t)); err != nil {
		t.Error(err)
	}
	for _, status := range states(t, p, supervise.Stopped) {
		died := status.State == supervise.BackOff
		if died && (status.Delay != time.Millisecond || status.Exit != "signal: killed") {
			t.Errorf("a healthy program's death: %+v", status)
		}
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	cfg := child(t, supervise.NewLog(1<<10), "exit", "3", "")
	cfg.Once, cfg.Ready = true, never
	p, err := supervise.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	checkStates(t, p, supervise.Starting, supervise.Stopped)
	if got := p.Status().Exit; got != "exit status 3" {
		t.Errorf("exit: %s", got)
	}
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	plain := filepath.Join(t.TempDir(), "it's plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		cfg   supervise.Config
		cause error
		says  string
	}{
		{"no program", supervise.Config{Name: "a", Path: "/no/such", Args: []string{"x y"}},
			fs.ErrNotExist, "a: fork/exec /no/such: no such file or directory"},
		{"no directory", supervise.Config{Name: "a", Path: "/bin/sh", Dir: "/no/such"},
			fs.ErrNotExist, "a: in /no/such: fork/exec /bin/sh: no such file or directory"},
		{"no permission", supervise.Config{Name: "a", Path: plain, Env: []string{"K=v w"}},
			fs.ErrPermission, "a: fork/exec " + plain + ": permission denied"},
		{"no name", supervise.Config{Path: "/bin/sh"}, nil, "process: no name"},
		{"no path", supervise.Config{Name: "a"}, nil, "a: no path"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := supervise.Start(tt.cfg)
			if p != nil || err == nil || err.Error() != tt.says {
				t.Errorf("got %v, want %s", err, tt.says)
			}
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("got %v, want %v", err, tt.cause)
			}
		})
	}
}

func TestProgramGoneAndBack(t *testing.T) {
	t.Parallel()
	cfg := child(t, supervise.NewLog(1<<10), "block")
	link := filepath.Join(t.TempDir(), "program")
	if err := os.Symlink(cfg.Path, link); err != nil {
		t.Fatal(err)
	}
	exe := cfg.Path
	cfg.Path, cfg.RestartDelay.Initial = link, time.Millisecond
	p := start(t, cfg)
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(p.Status().PID, syscall.SIGKILL)
	labtest.Until(t, func() error {
		got := p.Status()
		if got.Restarts < 2 || !strings.Contains(got.Exit, "no such file") {
			return fmt.Errorf("not missed: %+v", got)
		}
		return nil
	})
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	if err := p.WaitReady(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	var answer atomic.Int64
	answer.Store(http.StatusServiceUnavailable)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://127.0.0.1:1/nobody")
		w.WriteHeader(int(answer.Load()))
	}))
	defer server.Close()
	cfg := child(t, supervise.NewLog(1<<10), "block")
	cfg.Ready = supervise.HTTPGet(server.URL)
	p, err := supervise.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(ended())
	for _, want := range []struct {
		answer int
		state  supervise.State
		probe  string
	}{
		{http.StatusServiceUnavailable, supervise.Starting, "503 Service Unavailable"},
		{http.StatusFound, supervise.Ready, ""},
		{http.StatusNotFound, supervise.NotReady, "404 Not Found"},
		{http.StatusOK, supervise.Ready, ""},
	} {
		answer.Store(int64(want.answer))
		labtest.Until(t, func() error {
			got := p.Status()
			probe := ""
			if got.Probe != nil {
				probe = got.Probe.Error()
			}
			if got.State != want.state || !strings.HasSuffix(probe, want.probe) {
				return fmt.Errorf("got %+v, want %+v", got, want)
			}
			return nil
		})
	}
	if got := p.Status(); got.Restarts != 0 {
		t.Errorf("a probe restarted it: %+v", got)
	}
}

func TestFailuresInARow(t *testing.T) {
	t.Parallel()
	cfg := child(t, supervise.NewLog(1<<10), "block")
	cfg.Probe.Failures = 3
	var calls atomic.Int64
	cfg.Ready = func(context.Context) error {
		switch n := calls.Add(1); n {
		case 2, 3, 5, 6, 7:
			return fmt.Errorf("call %d", n)
		}
		return nil
	}
	p := start(t, cfg)
	seen := checkStates(t, p, supervise.Starting, supervise.Ready, supervise.NotReady)
	if got := seen[2].Probe; got == nil || got.Error() != "call 7" {
		t.Errorf("not ready because of %v", got)
	}
}

func TestWaitReadyNamesTheReason(t *testing.T) {
	t.Parallel()
	cfg := child(t, supervise.NewLog(1<<10), "block")
	cfg.Ready = never
	p, err := supervise.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(ended())
	labtest.Until(t, func() error {
		if p.Status().Probe == nil {
			return errors.New("not probed")
		}
		return nil
	})
	err = p.WaitReady(ended())
	want := "block: not ready: context canceled: never ready"
	if !errors.Is(err, context.Canceled) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWaitReadyNamesTheCrash(t *testing.T) {
	t.Parallel()
	cfg := child(t, supervise.NewLog(1<<10), "exit", "3", "")
	cfg.Ready, cfg.RestartDelay.Initial = never, time.Hour
	p, err := supervise.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(ended())
	states(t, p, supervise.BackOff)
	err = p.WaitReady(ended())
	if want := "exit: not ready: context canceled: exit status 3, 0 restarts"; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// crashing starts a program that ends at once, again and again.
func crashing(t *testing.T) *supervise.Process {
	t.Helper()
	cfg := child(t, supervise.NewLog(1<<10), "exit", "1", "")
	cfg.Ready = never
	cfg.RestartDelay = supervise.RestartDelay{Initial: time.Microsecond, Max: time.Microsecond}
	p, err := supervise.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(ended()) })
	return p
}

func TestStopAtAnyChange(t *testing.T) {
	t.Parallel()
	for n := range 12 {
		p := crashing(t)
		for status := range p.Changes(soon(t)) {
			if n--; n < 0 {
				if err := p.Stop(soon(t)); err != nil {
					t.Errorf("in %+v: %v", status, err)
				}
				break
			}
		}
		if got := p.Status(); got.State != supervise.Stopped || got.PID != 0 {
			t.Errorf("not stopped: %+v", got)
		}
	}
}

func TestSubscriberSeesAll(t *testing.T) {
	t.Parallel()
	seen := 0
	for status := range crashing(t).Changes(soon(t)) {
		want := []supervise.State{supervise.Starting, supervise.BackOff}[seen%2]
		if status.State != want || status.Restarts != seen/2 {
			t.Errorf("change %d: %+v", seen, status)
		}
		if seen++; seen == 100 {
			return
		}
	}
	t.Errorf("saw %d changes", seen)
}

func TestLateSubscriberSeesTheEnd(t *testing.T) {
	t.Parallel()
	p := crashing(t)
	seen := 0
	for status := range p.Changes(soon(t)) {
		if seen++; seen == 1 { // a subscriber that is held up does not hold up the process
			labtest.Until(t, func() error {
				if got := p.Status().Restarts; got < 50 {
					return fmt.Errorf("%d restarts", got)
				}
				return nil
			})
			_ = p.Stop(soon(t))
		}
		if status.State == supervise.Stopped {
			if seen > 70 || status.Restarts < 50 {
				t.Errorf("after %d changes: %+v", seen, status)
			}
			return
		}
	}
	t.Error("the end was not seen")
}
