package daemon

import (
	"context"
	"os"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/pods"
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
	s.Secure, s.Doors, s.Keyless = l.secure.Address, l.doors, l.keyless
	for _, o := range l.set.Rules() {
		s.Rules = append(s.Rules, o.Ref)
	}
	if l.phase != control.Running { // the rest may not be there yet
		return s, nil
	}
	s.Pods, s.Proxy, s.Metrics = l.pods.Pods(), l.proxy.Status(), l.telemetry.Metrics()
	s.Targets = l.telemetry.Targets()
	return s, nil
}

// running are the pods, once the lab is running and until it ends.
func (l *lab) running() ([]pods.Pod, bool) {
	l.mu.Lock()
	running := l.phase == control.Running
	l.mu.Unlock()
	if !running {
		return nil, false
	}
	return l.pods.Pods(), true
}

// metrics are what the rules count.
func (l *lab) metrics(context.Context, struct{}) (string, error) {
	var text strings.Builder
	err := l.counters.Write(&text)
	return text.String(), err
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
