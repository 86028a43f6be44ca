package daemon

import (
	"context"
	"os"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/routes"
)

func (l *lab) status(context.Context, struct{}) (control.Status, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := control.Status{
		Name:     l.cfg.Name,
		PID:      os.Getpid(),
		Phase:    l.phase,
		Page:     l.cfg.Page,
		Started:  l.started,
		Edition:  l.cfg.Edition,
		Tracing:  l.cfg.Tracing,
		Internet: l.cfg.Internet,
	}
	if l.ingress != "" {
		s.Ingress = "http://" + l.ingress
	}
	s.Secure, s.Doors = l.secure.Address, l.doors
	for _, o := range l.set.Rules() {
		s.Rules = append(s.Rules, o.Ref)
	}
	if l.phase != control.Running { // the rest may not be there yet
		return s, nil
	}
	s.Pods, s.Proxy, s.Metrics = l.pods.Pods(), l.proxy.status(), l.metricsURL()
	s.Targets = l.targetsURL()
	return s, nil
}

func (p *proxy) status() control.ProxyStatus {
	now := p.process.Status()
	return control.ProxyStatus{
		Version:  p.version,
		Path:     p.path,
		PID:      now.PID,
		State:    string(now.State),
		Restarts: now.Restarts,
	}
}

// down ends the lab; Run waits for everything.
func (l *lab) down(context.Context, struct{}) (bool, error) {
	l.end()
	return true, nil
}

// first remembers what it was asked.
func (l *lab) first(_ context.Context, words string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.asked[words]
	l.asked[words] = struct{}{}
	return !known, nil
}

// routesOf are the routes of the rules in force.
func (l *lab) routesOf(_ context.Context, q routes.Query) ([]routes.Table, error) {
	set := l.objects()
	return routes.Of(set, l.pods.Topology(set.Topology()), q)
}

// analyze is what there is to say about what is in force.
func (l *lab) analyze(context.Context, struct{}) ([]objects.Finding, error) {
	return l.objects().Analysis(), nil
}
