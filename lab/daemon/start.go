package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"istio-tutorial/lab/daemon/inspect"
	"istio-tutorial/lab/daemon/proxy"
	"istio-tutorial/lab/daemon/telemetry"
	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/journal"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/outside"
	"istio-tutorial/lab/ports"
	"istio-tutorial/lab/xds"
)

// startWithin bounds the whole start.
const startWithin = time.Minute

// start returns when the lab answers through its ingress.
func (l *lab) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startWithin, errors.New("it took too long"))
	defer cancel()
	steps := &steps{tell: l.cfg.Progress}
	list, err := objects.Parse(l.cfg.Manifests, l.cfg.Namespace, false)
	if err != nil {
		return err
	}
	set, err := objects.Set{}.In(l.cfg.Edition)
	if err != nil {
		return err
	}
	if set, _, err = set.Change(objects.Create, list, time.Now()); err != nil {
		return err
	}
	l.atStart = set
	if err := l.reserve(ctx); err != nil {
		return err
	}
	if err := steps.do("Envoy", func() (string, error) { return l.startProxy(ctx, set) }); err != nil {
		return err
	}
	if err := l.startPods(ctx, steps, set.Deployments()); err != nil {
		return err
	}
	return steps.do("ingress", func() (string, error) { return l.startIngress(ctx, set) })
}

// reserve fixes the ingress' port. An earlier lab that was killed may still hold it for a moment.
func (l *lab) reserve(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for {
		port, err := drawIngress(l.cfg.Listen)
		if err == nil {
			l.port.Release() // an earlier one that was taken
			l.port = port
			if err := l.reserveSecure(ctx); err != nil {
				return err
			}
			l.mu.Lock()
			l.ingress = port.Address
			l.mu.Unlock()
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-within.Done():
			return l.taken(ctx, err)
		}
	}
}

// reserveSecure fixes the ingress' other port, for encrypted connections. Where it is taken and nobody
// has asked for it, another one will do: most labs never need it.
func (l *lab) reserveSecure(ctx context.Context) error {
	if l.secure.Address != "" || l.cfg.ListenTLS == "" {
		return nil
	}
	claim := ports.Claim // nobody may listen there for long, and yet it is this lab's
	if l.cfg.InsistTLS {
		claim = drawIngress
	}
	port, err := claim(l.cfg.ListenTLS)
	if err != nil && !l.cfg.InsistTLS {
		host, _, _ := net.SplitHostPort(l.cfg.ListenTLS) // drawIngress has seen it
		port, err = drawIngress(net.JoinHostPort(host, "0"))
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return l.tlsHolder(ctx, l.cfg.ListenTLS)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secure = port
	return err
}

// startProxy starts also what stands around the proxy; meanwhile the pods begin to start.
func (l *lab) startProxy(ctx context.Context, set objects.Set) (detail string, err error) {
	if l.telemetry, err = telemetry.Serve(&l.counters, l.running, l.tracing().Zipkin()); err != nil {
		return "", err
	}
	config := xds.Config{Sockets: string(l.cfg.Folder), Ingress: l.ingress, Secure: l.secure.Address, AccessLog: proxy.AccessLog, Unexplained: l.cfg.Unexplained}
	if l.tracing().Zipkin() != "" {
		config.Zipkin = l.telemetry.Address()
	}
	if !l.cfg.Internet {
		if l.world, err = outside.Start(l.authority()); err != nil {
			return "", err
		}
		config.Outside, config.Authorities = l.world.Address, l.authority()
	}
	if l.keys, err = l.newKeySets(); err != nil {
		return "", err
	}
	if l.identities, err = identity.NewAuthority(l.cfg.Certificates, time.Now); err != nil {
		return "", err
	}
	config.Identify = l.identities.Secret
	l.proxy, err = proxy.Start(l.cfg.Envoy, l.cfg.Folder, config, proxy.Readers{Count: l.counters.Count, Explain: l.explainer()})
	if err != nil {
		return "", err
	}
	l.pods = l.newPods()
	l.view = l.newView()
	l.events.Begin(l.pods, l.wake)
	err = l.firstPush(ctx, set)
	return strings.TrimSpace(l.proxy.Version() + " " + l.cfg.Envoy), err
}

// newView is the lab as its readers see it, once its parts are there.
func (l *lab) newView() inspect.Lab {
	return inspect.Lab{
		Started: l.started, Objects: l.objects, Changed: l.news, Pods: l.pods, Events: &l.events,
		Proxy: l.proxy, Traffic: l.traffic, Traces: l.tracing().Page(), Keyless: l.lacking,
	}
}

// openIngress pushes a mesh without pods.
func (l *lab) openIngress(ctx context.Context, set objects.Set) error {
	m := l.withKeys(ctx, set.Mesh(set.Topology()))
	err := l.proxy.Push(ctx, m)
	for l.isTaken(err) {
		if err = l.reserve(ctx); err == nil {
			l.proxy.MoveIngress(l.ingress)
			err = l.proxy.Push(ctx, m)
		}
	}
	return err
}

// isTaken reports whether somebody took the port that was drawn before Envoy did.
func (l *lab) isTaken(err error) bool {
	return err != nil && strings.HasSuffix(l.cfg.Listen, ":0") &&
		strings.Contains(err.Error(), "cannot bind '"+l.ingress+"'")
}

// authority is the file with the certificate of the stand-ins' authority.
func (l *lab) authority() string { return l.cfg.Folder.File("outside.pem") }

// trust has the services believe the stand-ins.
func (l *lab) trust() []string {
	if l.cfg.Internet {
		return nil
	}
	return []string{"SSL_CERT_FILE=" + l.authority()}
}

// firstPush is what makes Envoy ready. One that dies would never take it. The pods begin to start
// meanwhile, but come into the mesh later: one whose port is taken moves then.
func (l *lab) firstPush(ctx context.Context, set objects.Set) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := l.take(ctx); err != nil {
		return err
	}
	defer l.release()
	l.adopt(set)
	pushed := make(chan error, 1)
	go func() { pushed <- l.openIngress(ctx, set) }()
	err := l.proxy.Ready(ctx)
	if err != nil {
		cancel()
	}
	return errors.Join(err, <-pushed)
}

// startPods waits for all Deployments at once.
func (l *lab) startPods(ctx context.Context, s *steps, all []manifests.Deployment) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, len(all))
	var waits sync.WaitGroup
	for _, d := range all {
		waits.Go(func() {
			err := s.do(d.Workload.Name.Name, func() (string, error) { return l.awaitPods(ctx, d) })
			if err != nil {
				failed <- err
				cancel()
			}
		})
	}
	waits.Wait()
	close(failed)
	return <-failed // the first one is the reason
}

func (l *lab) awaitPods(ctx context.Context, d manifests.Deployment) (string, error) {
	for {
		changed := l.pods.Changed()
		progress, _ := l.pods.Progress(d.Workload.Name)
		if progress.Done() {
			return fmt.Sprintf("%d ready", progress.Available), nil
		}
		if err := l.hopeless(d); err != nil {
			return "", err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", fmt.Errorf("%s: %w: %s", d.Workload.Name.Name, context.Cause(ctx), progress.Reason)
		}
	}
}

// hopeless is why a pod will not get ready by waiting, with the last that it said.
func (l *lab) hopeless(d manifests.Deployment) error {
	hopeless := []string{"CrashLoopBackOff", "ImagePullBackOff", "RunContainerError", "CreateContainerConfigError"}
	for _, p := range l.pods.Pods() {
		if p.Workload != d.Workload.Name || !slices.Contains(hopeless, p.Status) {
			continue
		}
		lines, err := l.pods.Logs(context.Background(), p.Name, journal.Query{Tail: new(5)})
		words := p.Name.Name + ": " + p.Status + ": " + p.Reason
		if err == nil {
			for line := range lines {
				words += "\n" + line
			}
		}
		return errors.New(words)
	}
	return nil
}

// startIngress waits for the first answer of a service, which is about its health: the reader's
// first request is to be the first.
func (l *lab) startIngress(ctx context.Context, s objects.Set) (string, error) {
	url := "http://" + l.ingress
	for len(s.Topology().Ingresses) > 0 {
		err := answers(ctx, url+"/health/ready")
		if err == nil {
			break
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return "", fmt.Errorf("ingress: %w: %w", context.Cause(ctx), err)
		}
	}
	return url, nil
}

// answers is nil if anyone but a failing proxy answers.
func answers(ctx context.Context, url string) error {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError {
		return errors.New(resp.Status)
	}
	return nil
}

// steps tells of a start, one step at a time.
type steps struct {
	mu   sync.Mutex
	tell func(Step)
}

func (s *steps) do(name string, work func() (detail string, err error)) error {
	began := time.Now()
	s.say(Step{Name: name})
	detail, err := work()
	s.say(Step{Name: name, Done: true, Detail: detail, Err: err, Took: time.Since(began)})
	return err
}

func (s *steps) say(step Step) {
	if s.tell == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(step)
}

// closeIngress lets what is under way finish, and nothing begin, for a part of the drain.
func (l *lab) closeIngress(ctx context.Context) {
	if l.pods == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, drain/2)
	defer cancel()
	if l.take(ctx) != nil {
		return
	}
	defer l.release()
	l.proxy.MoveIngress("")
	if l.proxy.Push(ctx, l.withKeys(ctx, l.mesh(l.objects()))) != nil {
		return // a proxy that does not answer has nothing under way
	}
	for l.proxy.Busy(ctx) {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}
