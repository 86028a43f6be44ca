package pods

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/supervise"
)

// readiness is what reports whether the program can serve; nil is as soon as it runs. The probe
// begins at once, whatever its delay: an early answer costs nothing here.
func (p *pod) readiness() func(context.Context) error {
	probe := cmp.Or(p.deployment.Container.Readiness, p.deployment.Container.Startup)
	if probe == nil {
		return nil
	}
	return inARow(probe.Successes, p.check(probe))
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

// check is what a probe asks of the program.
func (p *pod) check(probe *mesh.Probe) func(context.Context) error {
	address := p.portAddress(probe.Port)
	switch {
	case len(probe.Exec) > 0:
		return p.runs(probe.Exec)
	case probe.GRPC != nil:
		return healthOf(address, *probe.GRPC)
	case probe.Connect:
		return connects(address)
	default:
		return supervise.HTTPGet("http://" + address + probe.Path)
	}
}

// portAddress is where a port really is, by its name or number; the manifests see to it that the
// container declares it.
func (p *pod) portAddress(name string) string {
	p.manager.mu.Lock()
	defer p.manager.mu.Unlock()
	for _, port := range p.deployment.Container.Ports {
		if name == port.Name || name == strconv.Itoa(port.Number) {
			return p.addresses[port.Number]
		}
	}
	return ""
}

func connects(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			err = c.Close()
		}
		return err
	}
}

// healthOf asks the health service of gRPC.
func healthOf(address, service string) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }() // the answer is there
		got, err := healthpb.NewHealthClient(c).Check(ctx, &healthpb.HealthCheckRequest{Service: service})
		if err == nil && got.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			err = fmt.Errorf("service unhealthy (responded with %q)", got.GetStatus())
		}
		return err
	}
}

// longestWords is how much of what a command says is repeated, in bytes.
const longestWords = 200

// runs runs a command of the image; its status is the answer. Other programs an image has not.
func (p *pod) runs(words []string) func(context.Context) error {
	return func(ctx context.Context) error {
		p.manager.mu.Lock()
		own := p.variables
		p.manager.mu.Unlock()
		c, err := p.entrypoint(words, nil, own)
		if err != nil {
			return err
		}
		command := exec.CommandContext(ctx, c.Path, c.Args...)
		command.Env, command.WaitDelay = c.Env, time.Second
		out, err := command.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out[:min(len(out), longestWords)])
		}
		return err
	}
}

// keepAlive replaces a process whose program has got stuck, as its probes say, until ctx ends.
func (p *pod) keepAlive(ctx context.Context, process *supervise.Process) {
	probe := p.deployment.Container.Liveness
	if probe == nil {
		return
	}
	check := p.check(probe)
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
