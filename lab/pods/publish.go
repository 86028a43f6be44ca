package pods

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"time"

	"istio-tutorial/lab/mesh"
)

const (
	// patience bounds one Publish: a proxy that does not answer must not keep pods from ending.
	patience = 5 * time.Second
	// again is the pause after a Publish that failed, the first time; it doubles, up to patience.
	again = 100 * time.Millisecond
)

// Instances are the pods as the mesh knows them, in the order of their creation.
func (m *Manager) Instances() []mesh.Instance {
	list, _ := m.offers()
	return list
}

// offer is what the proxy is told of a pod.
type offer struct {
	moves int // how often its addresses changed so far
	ready bool
}

func (m *Manager) offers() ([]mesh.Instance, map[*pod]offer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list, offers := []mesh.Instance{}, map[*pod]offer{}
	for _, p := range m.pods {
		if p.addresses != nil {
			i := p.instance()
			list, offers[p] = append(list, i), offer{p.moves, i.Ready}
		}
	}
	return list, offers
}

// Topology is t with the instances that run, and with the workloads that are no longer desired
// but whose last pods still end.
func (m *Manager) Topology(t mesh.Topology) mesh.Topology {
	t.Instances = m.Instances()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.pods {
		if _, ok := t.Workload(p.deployment.Workload.Name); !ok {
			t.Workloads = append(t.Workloads, p.deployment.Workload)
		}
	}
	return t
}

func (p *pod) instance() mesh.Instance {
	return mesh.Instance{
		Name:      p.name,
		Workload:  p.deployment.Workload.Name,
		Labels:    p.deployment.Labels,
		Addresses: maps.Clone(p.addresses),
		Proxy:     p.proxy,
		Ready:     p.published && !p.terminating && p.isReady(),
	}
}

// publishing tells the proxy of every change, and lets the pods go that it no longer calls.
func (m *Manager) publishing(ctx context.Context) {
	var last []mesh.Instance
	pause := again
	for {
		select {
		case <-m.due:
		case <-ctx.Done():
			return
		}
		leaving := m.leaving()
		if now, offers := m.offers(); !reflect.DeepEqual(now, last) {
			err := m.publish(ctx)
			m.published(offers, err)
			last, pause = m.next(now, pause, err)
		}
		m.release(leaving)
	}
}

// next is what the proxy has after a Publish, and the pause after another that fails.
func (m *Manager) next(
	now []mesh.Instance, pause time.Duration, err error,
) ([]mesh.Instance, time.Duration) {
	if err == nil {
		return now, again
	}
	time.AfterFunc(pause, m.touch)
	return nil, min(2*pause, patience)
}

func (m *Manager) publish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return m.cfg.Publish(ctx)
}

// leaving are the pods that may end after the next Publish.
func (m *Manager) leaving() []*pod {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []*pod
	for _, p := range m.pods {
		if p.terminating {
			list = append(list, p)
		}
	}
	return list
}

func (m *Manager) release(leaving []*pod) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range leaving {
		p.leave()
	}
}

// published notes what the proxy said. Pods that it refused to take in move, as the port of their
// sidecar may have been taken.
func (m *Manager) published(offers map[*pod]offer, err error) {
	refused := err != nil &&
		!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	m.mu.Lock()
	defer m.mu.Unlock()
	news := false
	for p, o := range offers {
		switch {
		case p.moves != o.moves:
		case err == nil:
			news = news || !p.published || p.serving != o.ready
			p.published, p.serving = true, o.ready
		case refused && !p.published:
			p.move("the proxy refused its addresses: " + err.Error())
		}
	}
	if news {
		m.follow()
	}
}
