package daemon

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/events"
	"istio-tutorial/lab/daemon/inspect"
	"istio-tutorial/lab/daemon/proxy"
	"istio-tutorial/lab/daemon/telemetry"
	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/outside"
	"istio-tutorial/lab/pods"
	"istio-tutorial/lab/ports"
	"istio-tutorial/lab/traffic"
)

// lab is everything that runs.
type lab struct {
	cfg     Config
	started time.Time
	end     context.CancelFunc
	turn    chan struct{} // holds a token while the mesh is changed

	// What the start sets, and nothing after it.
	counters  telemetry.Counters
	events    events.Log
	traffic   *traffic.Store
	telemetry *telemetry.Server
	world     *outside.World // nil: calls go to the real hosts
	proxy     *proxy.Envoy
	renewal   sync.WaitGroup
	wires     wires
	// identities are who the pods are to each other.
	identities *identity.Authority
	keys       *identity.KeySets // of who signs tokens
	pods       *pods.Manager
	view       inspect.Lab
	port       ports.Port // the ingress'
	secure     ports.Port // the ingress', for encrypted connections
	atStart    objects.Set

	mu      sync.Mutex
	phase   control.Phase
	ingress string // host:port
	set     objects.Set
	changed chan struct{} // closed by the next change of set or phase
	asked   map[string]struct{}
	doors   []control.Door    // as the proxy was told last
	keyless []control.Keyless // the same
}

func newLab(cfg Config, end context.CancelFunc) *lab {
	l := &lab{
		cfg:     cfg,
		started: time.Now(),
		end:     end,
		traffic: traffic.New(time.Now),
		turn:    make(chan struct{}, 1),
		phase:   control.Starting,
		changed: make(chan struct{}),
		asked:   map[string]struct{}{},
	}
	l.wires.lab = l
	return l
}

// enter begins a phase.
func (l *lab) enter(p control.Phase) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase = p
	l.ring()
}

// objects are those in force.
func (l *lab) objects() objects.Set {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.set
}

// adopt puts other objects in force.
func (l *lab) adopt(s objects.Set) {
	l.mu.Lock()
	before := l.set
	l.set = s
	l.events.Scaled(before.Deployments(), s.Deployments())
	l.ring()
	l.mu.Unlock()
	l.pods.Set(s.Deployments())
}

// wake wakes those who wait for a change.
func (l *lab) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring()
}

// ring wakes those who wait for a change; l.mu is held.
func (l *lab) ring() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// news is closed when the objects, or the phase, next change.
func (l *lab) news() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// mesh is what the objects make of the pods there are.
func (l *lab) mesh(s objects.Set) mesh.Mesh { return s.Mesh(l.pods.Topology(s.Topology())) }

// push has the proxy serve by the objects and the pods there are; l's turn is taken.
func (l *lab) push(ctx context.Context, s objects.Set) error {
	m := l.withKeys(ctx, l.mesh(s))
	taken := l.beginVersion(m, s)
	err := l.proxy.Push(ctx, m)
	if err == nil {
		err = l.wires.follow(m)
	}
	if taken(err == nil); err != nil {
		return l.tlsTaken(ctx, err)
	}
	doors := l.doorsOf(m)
	l.mu.Lock()
	l.doors, l.keyless = doors, keylessIn(m)
	l.mu.Unlock()
	l.counters.Follow(m, time.Now())
	return nil
}

// publish tells the proxy of the pods there are.
func (l *lab) publish(ctx context.Context) error {
	if err := l.take(ctx); err != nil {
		return err
	}
	defer l.release()
	return l.push(ctx, l.objects())
}

// take waits for the turn to change the mesh.
func (l *lab) take(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *lab) release() { <-l.turn }

// tracing is where spans go.
func (l *lab) tracing() telemetry.Tracing {
	return telemetry.Tracing{Backend: l.cfg.Tracing, Getenv: l.cfg.Getenv}
}

// newPods are none yet.
func (l *lab) newPods() *pods.Manager {
	return pods.NewManager(pods.Config{
		Programs: l.cfg.Programs,
		Env:      append(l.tracing().Env(), l.trust()...),
		Getenv:   l.cfg.Getenv,
		Values:   func(kind string, name mesh.Name) (map[string]string, bool) { return l.objects().Values(kind, name) },
		Publish:  l.publish,
		Random:   rand.IntN,
		Now:      time.Now,
	})
}

// Port 0 of the ingress is drawn from below the pods' ports, and from below those that systems
// give to connections: such a port would be gone when Envoy comes back.
const (
	firstPort = 16384
	lastPort  = 19999
)

// drawIngress replaces port 0 by a free one.
func drawIngress(address string) (ports.Port, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil && port == "0" {
		return ports.Range{First: firstPort, Last: lastPort}.Draw(host, rand.IntN)
	}
	free, err := ports.Free(address)
	return ports.Port{Address: free}, err
}
