//go:build unix

package supervise

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// ErrKilled says that a process did not end in its grace.
var ErrKilled = errors.New("killed, as the stop signal did not end it in time")

// Process is a program that is looked after, through all of its restarts.
type Process struct {
	history
	cfg    Config
	out    *output
	delays delays

	stopOnce, killOnce sync.Once
	stop, kill         chan struct{} // closed to end the process, and to cut its grace short
	done               chan struct{} // closed when it is over

	// What follows is the supervising goroutine's, and everyone's to read when done is closed.
	run      *child // the present run, or the last
	failures int    // of its probe, in a row
	killed   bool   // the stop needed SIGKILL
}

// Start runs a program and looks after it until Stop. The error, of a bad Config or of a program
// that cannot be started, names the command; later failures to start are repeated with back-off.
func Start(cfg Config) (*Process, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	p := &Process{
		history: history{now: Status{Name: cfg.Name}},
		cfg:     cfg,
		out:     &output{stdout: cfg.Stdout, stderr: cfg.Stderr},
		delays:  delays{RestartDelay: cfg.RestartDelay},
		stop:    make(chan struct{}),
		kill:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	if err := p.start(); err != nil {
		return nil, err
	}
	go p.supervise()
	return p, nil
}

// Stop ends the process in whatever state it is and returns when all of its group is gone. The
// end of ctx cuts the grace short. The error is ErrKilled when a signal alone did not do, for
// each of those who call Stop, at once or later.
func (p *Process) Stop(ctx context.Context) error {
	p.stopOnce.Do(func() { close(p.stop) })
	select {
	case <-p.done:
	case <-ctx.Done():
		p.killOnce.Do(func() { close(p.kill) })
		<-p.done
	}
	if p.killed {
		return fmt.Errorf("%s: %w", p.cfg.Name, ErrKilled)
	}
	return nil
}

// Done is closed when the process is Stopped.
func (p *Process) Done() <-chan struct{} { return p.done }

// WaitReady returns nil as soon as the process is Ready. Otherwise, when ctx ends or the process
// is Stopped, the error names the last reason why it was not.
func (p *Process) WaitReady(ctx context.Context) error {
	for {
		now, changed := p.current()
		switch now.State {
		case Ready:
			return nil
		case Stopped:
			return fmt.Errorf("%s: stopped: %w", p.cfg.Name, now.unready())
		}
		select {
		case <-changed:
		case <-ctx.Done():
			reason := p.Status().unready()
			return fmt.Errorf("%s: not ready: %w: %w", p.cfg.Name, context.Cause(ctx), reason)
		}
	}
}

// start begins a run.
func (p *Process) start() error {
	c, err := startChild(p.cfg, p.out)
	if err != nil {
		return err
	}
	p.run, p.failures = c, 0
	p.update(func(s *Status) {
		if s.State == BackOff {
			s.Restarts++
		}
		s.State, s.PID, s.Started, s.Delay = Starting, c.pid, c.started, 0
	})
	return nil
}

// supervise is the life of a process after its first start.
func (p *Process) supervise() {
	defer close(p.done)
	defer p.update(func(s *Status) { s.State, s.Delay = Stopped, 0 })
	for {
		p.watch()
		healthy := p.ended()
		if p.cfg.Once || closed(p.stop) || !p.restart(healthy) {
			return
		}
	}
}

// closed reports whether a channel that carries nothing is closed.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// watch returns when the run has ended, by itself or stopped.
func (p *Process) watch() {
	ctx, cancel := context.WithCancel(context.Background())
	probes := prober{p.cfg.Probe, p.cfg.Ready, make(chan error)}
	var probing sync.WaitGroup
	probing.Go(func() { probes.run(ctx) })
	defer probing.Wait()
	defer cancel()
	for {
		select {
		case err := <-probes.results:
			p.probed(err)
		case <-p.stop:
			p.end()
			return
		case <-p.run.gone:
			return
		}
	}
}

// probed notes a probe's result.
func (p *Process) probed(err error) {
	p.failures++
	if err == nil {
		p.failures = 0
	}
	p.update(func(s *Status) {
		s.Probe = err
		switch {
		case err == nil:
			s.State = Ready
		case s.State == Ready && p.failures >= p.cfg.Probe.Failures:
			s.State = NotReady
		}
	})
}

// end asks the run to end, and kills it when it does not.
func (p *Process) end() {
	p.update(func(s *Status) { s.State = Stopping })
	p.run.signal(p.cfg.StopSignal)
	select {
	case <-p.run.gone:
		return
	case <-p.kill:
	case <-time.After(p.cfg.Grace):
	}
	p.run.signal(syscall.SIGKILL)
	<-p.run.gone
	p.killed = p.run.killed()
}

// ended notes how the run ended, and returns how long it was then ready.
func (p *Process) ended() (healthy time.Duration) {
	p.update(func(s *Status) {
		if s.State == Ready {
			healthy = time.Since(s.Since)
		}
		s.PID, s.Exit, s.Probe = 0, p.run.exit.String(), nil
	})
	return healthy
}
