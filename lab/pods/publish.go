package pods

import (
	"context"
	"errors"
	"maps"
	"time"

	"istio-tutorial/lab/mesh"
)

const (
	// publishWithin bounds one Publish: a proxy that does not answer must not keep pods from
	// ending.
	publishWithin = 5 * time.Second
	// again is the pause after a Publish that failed, the first time; it doubles up to
	// publishWithin.
	again = 100 * time.Millisecond
)

// Instances are the pods as the mesh knows them, in the order of their creation.
func (m *Manager) Instances() []mesh.Instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := []mesh.Instance{}
	for _, p := range m.pods {
		if p.addresses != nil {
			list = append(list, p.instance())
		}
	}
	return list
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
		Name:     p.name,
		Workload: p.deployment.Workload.Name,
		Labels:   p.deployment.Labels,

		ServiceAccount: p.deployment.ServiceAccount,
		WithoutSidecar: p.deployment.WithoutSidecar,

		Addresses: maps.Clone(p.addresses),
		Proxy:     p.proxy,
		Ready:     p.published && !p.terminating && p.isReady(),
	}
}

// offer is what there is to know of a pod: another one is news for the proxy.
type offer struct {
	moves int // how often its addresses changed so far
	turns int // how often it became ready, or no longer was
	ready bool
}

func (m *Manager) offers() map[*pod]offer {
	m.mu.Lock()
	defer m.mu.Unlock()
	offers := map[*pod]offer{}
	for _, p := range m.pods {
		if p.addresses != nil {
			offers[p] = offer{p.moves, p.turns, p.instance().Ready}
		}
	}
	return offers
}

// publishing tells the proxy of every change, and lets the pods go that it no longer calls.
func (m *Manager) publishing(ctx context.Context) {
	var known map[*pod]offer // what the proxy has taken
	for pause := again; ; {
		select {
		case <-m.due:
		case <-ctx.Done():
			return
		}
		leaving, offers := m.leaving(), m.offers()
		if !maps.Equal(offers, known) {
			err := m.publish(ctx)
			m.published(offers, err)
			known = offers
			if err != nil {
				known = nil
				time.AfterFunc(pause, m.touch)
				pause = min(2*pause, publishWithin)
			} else {
				pause = again
			}
		}
		m.release(leaving)
	}
}

func (m *Manager) publish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, publishWithin)
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
			serving := o.ready && p.turns == o.turns
			news = news || !p.published || p.serving != serving
			p.published, p.serving = true, serving
		case refused && !p.published:
			p.move("the proxy refused its addresses: " + err.Error())
		}
	}
	if news {
		m.follow()
	}
}
