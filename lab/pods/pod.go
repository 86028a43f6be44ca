package pods

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"istio-tutorial/lab/journal"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/supervise"
)

// retry is the pause before a pod that could not be started is tried again.
const retry = time.Second

// logLimit is how much of the output of one run of a program is kept, in bytes.
const logLimit = 1 << 20

// pod is one instance, through all restarts of its program.
type pod struct {
	manager    *Manager
	deployment manifests.Deployment // as it was when the pod was made
	name       mesh.Name
	created    time.Time
	journal    *journal.Journal
	left       chan struct{} // closed when it may end
	again      chan struct{} // its process is to be replaced

	// What follows is guarded by the manager's lock.
	variables   []mesh.EnvVar  // of its present process
	addresses   map[int]string // by container port; nil: it has none yet
	proxy       string         // where its sidecar is to listen
	moves       int            // how often it changed its addresses
	status      supervise.Status
	problem     error // why it has no process
	before      int   // restarts of former processes
	published   bool  // the proxy knows its addresses
	serving     bool  // and that it is ready
	turns       int   // how often it became ready, or no longer was
	terminating bool
}

// create begins a new pod; the manager's lock is held.
func (m *Manager) create(d manifests.Deployment) {
	p := &pod{
		manager:    m,
		deployment: d,
		name:       mesh.Name{Namespace: d.Workload.Namespace, Name: m.freeName(d)},
		created:    m.cfg.Now(),
		journal:    journal.New(logLimit, m.cfg.Now),
		left:       make(chan struct{}),
		again:      make(chan struct{}, 1),
	}
	m.pods = append(m.pods, p)
	m.ended.Go(p.run)
}

func (m *Manager) freeName(d manifests.Deployment) string {
	for {
		name := d.PodName(m.cfg.Random)
		if m.find(mesh.Name{Namespace: d.Workload.Namespace, Name: name}) == nil {
			return name
		}
	}
}

// run is the life of a pod.
func (p *pod) run() {
	for p.runProcess() {
	}
	m := p.manager
	m.update(func() {
		p.release()
		m.pods = slices.DeleteFunc(m.pods, func(one *pod) bool { return one == p })
	})
	p.journal.End()
}

// runProcess returns true when another process is to follow.
func (p *pod) runProcess() bool {
	process, err := p.start()
	if errors.Is(err, supervise.ErrGroupStopped) {
		return false
	}
	if err == nil {
		return p.watch(process)
	}
	p.manager.update(func() { p.problem = err })
	select {
	case <-p.left:
		return false
	case <-time.After(retry):
		return true
	}
}

func (p *pod) start() (*supervise.Process, error) {
	if err := p.settle(); err != nil {
		return nil, err
	}
	own, err := p.resolve()
	if err != nil {
		return nil, err
	}
	p.manager.update(func() { p.variables = own })
	c, err := p.entrypoint(p.deployment.Container.Command, p.deployment.Container.Args, own)
	if err != nil {
		return nil, err
	}
	return p.manager.processes.Start(supervise.Config{
		Name:   p.name.Name,
		Path:   c.Path,
		Args:   c.Args,
		Env:    c.Env,
		Stdout: p.journal,
		Ready:  p.readiness(),
		Probe:  p.pace(),
		Grace:  max(p.deployment.Grace, time.Millisecond),
	})
}

// settle gives the pod addresses, unless it has some.
func (p *pod) settle() error {
	m := p.manager
	numbers := servedPorts(p.deployment.Container)
	drawn, err := m.ports.take(1 + len(numbers))
	if err != nil {
		return err
	}
	m.update(func() {
		drain(p.again)
		if p.addresses != nil {
			m.ports.give(drawn...)
			return
		}
		p.proxy, p.addresses = drawn[0], map[int]string{}
		for i, number := range numbers {
			p.addresses[number] = drawn[1+i]
		}
	})
	return nil
}

// drain forgets a wish that has come true by itself.
func drain(c <-chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// watch follows a process until it is over; true: because another one is to take its place.
func (p *pod) watch(process *supervise.Process) bool {
	ctx, cancel := context.WithCancel(context.Background())
	var watchers sync.WaitGroup
	watchers.Go(func() { p.keepAlive(ctx, process) })
	watchers.Go(func() {
		select {
		case <-p.left:
		case <-p.again:
		case <-ctx.Done():
		}
		_ = process.Stop(context.Background()) // a Stop of the manager cuts it short, and reports
	})
	for status := range process.Changes(context.Background()) {
		p.note(status)
	}
	cancel()
	watchers.Wait()
	p.journal.End()
	select {
	case <-p.left:
		return false
	default:
		return true
	}
}

// note takes over a process's change. A program whose port another has taken moves.
func (p *pod) note(status supervise.Status) {
	taken := false
	switch status.State {
	case supervise.Starting:
		p.journal.Begin()
	case supervise.BackOff:
		p.journal.End()
		taken = !p.isFree()
	}
	p.manager.update(func() {
		if p.isReady() != (status.State == supervise.Ready) {
			p.turns++
			p.serving = false
		}
		p.status, p.problem = status, nil
		switch {
		case taken:
			p.move("another program has taken its port")
		case status.State == supervise.Stopped:
			p.before += status.Restarts
		}
	})
}

func (p *pod) isFree() bool {
	p.manager.mu.Lock()
	addresses := p.addresses
	p.manager.mu.Unlock()
	for _, address := range addresses {
		if !isFree(address) {
			return false
		}
	}
	return true
}

// move has the pod go on at other addresses; the manager's lock is held.
func (p *pod) move(reason string) {
	p.release()
	p.moves++
	p.replace(fmt.Errorf("moves: %s", reason))
}

// replace has another process take the place of the present one; the manager's lock is held.
func (p *pod) replace(reason error) {
	p.problem = reason
	select {
	case p.again <- struct{}{}:
	default:
	}
}

// release gives the addresses back; the manager's lock is held.
func (p *pod) release() {
	for _, address := range p.addresses {
		p.manager.ports.give(address)
	}
	p.manager.ports.give(p.proxy)
	p.addresses, p.proxy, p.published, p.serving = nil, "", false, false
}

// terminate takes the pod out of the mesh, to end it when no call can come any more; the
// manager's lock is held.
func (p *pod) terminate() {
	p.terminating = true
	if !p.published {
		p.leave()
	}
}

// leave lets the pod end; the manager's lock is held.
func (p *pod) leave() {
	select {
	case <-p.left:
	default:
		close(p.left)
	}
}
