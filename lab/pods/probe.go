package pods

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/supervise"
)

// readiness is what tells whether the program can serve; nil is as soon as it runs. The probe
// begins at once, whatever its delay: an early answer costs nothing here.
func (p *pod) readiness() func(context.Context) error {
	probe := cmp.Or(p.deployment.Container.Readiness, p.deployment.Container.Startup)
	if probe == nil {
		return nil
	}
	return inARow(probe.Successes, supervise.HTTPGet(p.url(probe)))
}

// inARow passes when check has so often in a row.
func inARow(times int, check func(context.Context) error) func(context.Context) error {
	passed := 0
	return func(ctx context.Context) error {
		if err := check(ctx); err != nil {
			passed = 0
			return err
		}
		if passed = min(passed+1, times); passed < times {
			return fmt.Errorf("passed %d times of %d", passed, times)
		}
		return nil
	}
}

func (p *pod) pace() supervise.Probe {
	probe := cmp.Or(p.deployment.Container.Readiness, p.deployment.Container.Startup)
	if probe == nil {
		return supervise.Probe{}
	}
	return supervise.Probe{Period: probe.Period, Timeout: probe.Timeout, Failures: probe.Failures}
}

// url is where a probe asks; the manifests see to it that the container declares the port.
func (p *pod) url(probe *mesh.Probe) string {
	p.manager.mu.Lock()
	defer p.manager.mu.Unlock()
	for _, port := range p.deployment.Container.Ports {
		if probe.Port == port.Name || probe.Port == strconv.Itoa(port.Number) {
			return "http://" + p.addresses[port.Number] + probe.Path
		}
	}
	return ""
}

// keepAlive replaces a process whose program has got stuck, as its probes say, until ctx ends.
func (p *pod) keepAlive(ctx context.Context, process *supervise.Process) {
	probe := p.deployment.Container.Liveness
	if probe == nil {
		return
	}
	check := supervise.HTTPGet(p.url(probe))
	tick := time.NewTicker(probe.Period)
	defer tick.Stop()
	failures, last := 0, error(nil)
	for failures < probe.Failures {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		failures++
		if !p.mayHang(probe, process.Status()) {
			failures = 0
		} else if last = once(ctx, probe.Timeout, check); last == nil {
			failures = 0
		}
	}
	p.restart(fmt.Errorf("liveness probe: %w", last))
}

// mayHang is false for a program that does not run, or may still be starting.
func (p *pod) mayHang(probe *mesh.Probe, s supervise.Status) bool {
	starting := s.State == supervise.Starting && time.Since(s.Started) < p.startup(probe)
	return s.PID != 0 && !starting
}

func once(ctx context.Context, timeout time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return check(ctx)
}

// startup is how long a start may take.
func (p *pod) startup(liveness *mesh.Probe) time.Duration {
	if s := p.deployment.Container.Startup; s != nil {
		return s.Delay + time.Duration(s.Failures)*s.Period
	}
	return liveness.Delay
}

// restart counts as one.
func (p *pod) restart(reason error) {
	p.manager.update(func() {
		p.before++
		p.replace(reason)
	})
}
