package pods

import (
	"errors"
	"maps"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/supervise"
)

// ErrNotFound says that there is no such pod.
var ErrNotFound = errors.New("not found")

// Terminating is the Status of a pod that is ending.
const Terminating = "Terminating"

// Sidecar is the container that the proxy plays.
const Sidecar = "istio-proxy"

// Pod is a pod as kubectl shows it.
type Pod struct {
	mesh.Name
	Workload   mesh.Name
	Hash       string // of its Deployment's template
	Labels     mesh.Labels
	Image      string
	Container  string // the name of its program's container
	Containers int    // its program, and its sidecar
	Ready      int    // of Containers
	Status     string // Pending, Running, CrashLoopBackOff, ImagePullBackOff, Terminating ...
	Reason     string // why its program is not ready, if it is not
	LastExit   string // how its program last ended; "" if it never did
	Restarts   int
	Created    time.Time
	Started    time.Time      // of the present program, or the last
	PID        int            // 0: it does not run
	Addresses  map[int]string // host:port by container port
	Metrics    string         // where its program serves its own, host:port; "": it does not
	Proxy      string         // its sidecar's listener, host:port; without one, the network's
}

// containers are a pod's program and, unless it has none, its sidecar.
func (p *pod) containers() int {
	if p.deployment.WithoutSidecar {
		return 1
	}
	return 2
}

// Pods are all pods, in the order of their creation.
func (m *Manager) Pods() []Pod {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]Pod, len(m.pods))
	for i, p := range m.pods {
		list[i] = p.snapshot()
	}
	return list
}

func (p *pod) snapshot() Pod {
	ready := 0
	if p.isReady() {
		ready++
	}
	if p.published && (p.serving || !p.isReady()) && !p.deployment.WithoutSidecar {
		ready++
	}
	c := p.deployment.Container
	return Pod{
		Name:       p.name,
		Workload:   p.deployment.Workload.Name,
		Hash:       p.deployment.Hash,
		Labels:     p.deployment.Labels,
		Image:      c.Image,
		Container:  c.Name,
		Containers: p.containers(),
		Ready:      ready,
		Status:     p.word(),
		Reason:     p.reason(),
		LastExit:   p.status.Exit,
		Restarts:   p.restarts(),
		Created:    p.created,
		Started:    p.status.Started,
		PID:        p.status.PID,
		Addresses:  maps.Clone(p.addresses),
		Metrics:    p.metrics(),
		Proxy:      p.proxy,
	}
}

// metrics is the address behind the port of that name.
func (p *pod) metrics() string {
	for _, port := range p.deployment.Container.Ports {
		if port.Name == metricsPort {
			return p.addresses[port.Number]
		}
	}
	return ""
}

// word is kubectl's word for the state.
func (p *pod) word() string {
	_, missing := errors.AsType[*imageError](p.problem)
	_, unset := errors.AsType[*configError](p.problem)
	switch {
	case p.terminating:
		return Terminating
	case missing:
		return "ImagePullBackOff"
	case unset:
		return "CreateContainerConfigError"
	case p.problem != nil && p.status.State == "":
		return "RunContainerError"
	case p.status.State == "" || p.addresses == nil:
		return "Pending"
	case p.status.State != supervise.BackOff:
		return "Running"
	case p.restarts() > 0:
		return "CrashLoopBackOff"
	case p.status.Exit == "exit status 0":
		return "Completed"
	default:
		return "Error"
	}
}

func (p *pod) reason() string {
	switch {
	case p.problem != nil:
		return p.problem.Error()
	case p.isReady():
		return ""
	case p.status.Probe != nil:
		return p.status.Probe.Error()
	default:
		return p.status.Exit
	}
}

func (p *pod) isReady() bool { return p.status.State == supervise.Ready }

// available pods answer calls.
func (p *pod) available() bool { return p.isReady() && p.serving && !p.terminating }

func (p *pod) readySince() time.Time {
	if p.isReady() {
		return p.status.Since
	}
	return time.Time{}
}

func (p *pod) restarts() int {
	if p.status.State == supervise.Stopped {
		return p.before // it has the others' already
	}
	return p.before + p.status.Restarts
}

// Progress is how far a Deployment's pods are.
type Progress struct {
	Desired   int
	Total     int    // those that are ending included, as long as the proxy calls them
	Updated   int    // of the present template
	Ready     int    // of any template
	Available int    // Updated and Ready
	Reason    string // why one of Updated is not Ready, if one is not
}

// Done reports whether nothing is left to do.
func (p Progress) Done() bool {
	return p.Available == p.Desired && p.Total == p.Desired
}

// Progress is that of a Deployment that is desired.
func (m *Manager) Progress(deployment mesh.Name) (Progress, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.desired {
		if d.Workload.Name != deployment {
			continue
		}
		progress := Progress{Desired: d.Replicas}
		for _, p := range m.pods {
			switch {
			case p.deployment.Workload.Name != deployment:
			case !p.terminating:
				progress.count(p, p.deployment.Hash == d.Hash)
			case p.serving:
				progress.Total++
			}
		}
		return progress, true
	}
	return Progress{}, false
}

func (g *Progress) count(p *pod, updated bool) {
	g.Total++
	if p.available() {
		g.Ready++
	}
	switch {
	case !updated:
	case p.available():
		g.Updated++
		g.Available++
	default:
		g.Updated++
		g.Reason = p.name.Name + ": " + p.word()
		if reason := p.reason(); reason != "" {
			g.Reason += ": " + reason
		}
	}
}
