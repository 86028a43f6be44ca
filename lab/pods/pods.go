// Package pods runs workloads: a process for each pod, as many as the Deployment asks for,
// replaced one by one when its template changes. What Kubernetes' controllers and kubelet do, it
// does for programs of one machine: names, readiness, restarts, rolling changes, logs.
package pods

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/supervise"
)

// Config is what all pods have in common.
type Config struct {
	// Programs is the folder of the images' programs. Required.
	Programs string
	// Env is added to every pod's environment, KEY=VALUE; a manifest's own variables win.
	// Optional.
	Env []string
	// Getenv is the environment of the lab, of which a pod gets PATH and the like. Required.
	Getenv func(string) string
	// Values is what a ConfigMap or a Secret, the kind, has now; false if there is none of the name. Required.
	Values func(kind string, name mesh.Name) (map[string]string, bool)
	// Publish tells the mesh's proxy of the present Instances, and returns when it has
	// acknowledged them, or ctx ends. Another error means that it refused them. A pod gets no
	// call before it was published, and ends only after it was published as not ready. It is
	// called when they have changed, one call at a time. Required.
	Publish func(context.Context) error
	// Random returns a number from 0 to n-1; it is not called twice at a time. Required.
	Random func(n int) int
	// Now is the clock that pods and log lines are dated by. Required.
	Now func() time.Time
}

// Manager runs the pods of any number of Deployments.
type Manager struct {
	cfg       Config
	processes supervise.Group
	end       context.CancelFunc
	ended     sync.WaitGroup
	due       chan struct{} // Publish is due
	ports     *drawer

	mu      sync.Mutex
	desired []manifests.Deployment
	pods    []*pod // in the order of their creation
	stopped bool
	changed chan struct{} // closed by the next change
}

// NewManager returns a Manager without pods. It must be stopped.
func NewManager(cfg Config) *Manager {
	ctx, cancel := context.WithCancel(context.Background())
	cfg.Random = exclusive(cfg.Random)
	m := &Manager{
		cfg:     cfg,
		end:     cancel,
		due:     make(chan struct{}, 1),
		ports:   newDrawer(cfg.Random),
		changed: make(chan struct{}),
	}
	m.ended.Go(func() { m.publishing(ctx) })
	return m
}

// Set replaces what is desired. Pods come and go from now on; Set does not wait for them.
func (m *Manager) Set(desired []manifests.Deployment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.desired = slices.Clone(desired)
	m.follow()
}

// Stop ends all pods at once and for good, and returns when nothing of them runs. The end of ctx
// cuts their graces short; the error then names the pods that had to be killed.
func (m *Manager) Stop(ctx context.Context) error {
	m.mu.Lock()
	m.stopped = true
	for _, p := range m.pods {
		p.terminating = true
		p.leave()
	}
	m.mu.Unlock()
	m.end()
	err := m.processes.Stop(ctx)
	m.ended.Wait()
	return err
}

// Changed is closed when a pod next changes.
func (m *Manager) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// follow does what a change asks for; m.mu is held.
func (m *Manager) follow() {
	if !m.stopped {
		m.reconcile()
	}
	close(m.changed)
	m.changed = make(chan struct{})
	m.touch()
}

// touch makes Publish due.
func (m *Manager) touch() {
	select {
	case m.due <- struct{}{}:
	default:
	}
}

// update changes the state of a pod, and follows.
func (m *Manager) update(edit func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	edit()
	m.follow()
}

// exclusive lets one caller at a time through.
func exclusive(random func(int) int) func(int) int {
	var mu sync.Mutex
	return func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random(n)
	}
}

// find is the pod of a name, or nil; m.mu is held.
func (m *Manager) find(name mesh.Name) *pod {
	for _, p := range m.pods {
		if p.name == name {
			return p
		}
	}
	return nil
}

// Delete ends a pod; its Deployment makes another.
func (m *Manager) Delete(name mesh.Name) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.find(name)
	if p == nil {
		return fmt.Errorf("pod %s: %w", name, ErrNotFound)
	}
	p.terminate()
	m.follow()
	return nil
}
