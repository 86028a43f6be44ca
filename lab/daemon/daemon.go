// Package daemon is the running lab. It owns what runs: the objects that were applied, the rules in
// force, the pods and the proxy; and it answers the clients of package control.
package daemon

import (
	"context"
	"errors"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

// Config is a lab.
type Config struct {
	// Name is shown by status. Required.
	Name string
	// Folder is where its sockets and files are, as control.FolderOf has it. Required.
	Folder control.Folder
	// Listen is the ingress' address, host:port on loopback; port 0 is any free one. Required.
	Listen string
	// ListenTLS is its address for encrypted connections. Empty: it takes none. Unless InsistTLS is
	// set, a free port is taken where that one is not free.
	ListenTLS string
	InsistTLS bool
	// Programs is the folder of the services' programs. Required.
	Programs string
	// Envoy is the proxy's program. Required.
	Envoy string
	// Manifests are applied at the start. Required.
	Manifests []objects.File
	// Namespace is that of manifests that name none. Required.
	Namespace string
	// Edition is whose defaults hold while there is no rule; empty is objects.Classic.
	Edition objects.Edition
	// Tracing is zipkin or jaeger; empty is off.
	Tracing string
	// Internet leads calls that leave the mesh to the real hosts, not to stand-ins. Optional.
	Internet bool
	// Page is the URL of the live page, for those who ask; "": there is none.
	Page string
	// Unexplained keeps nothing of requests but the log, to measure what explanations cost.
	Unexplained bool
	// Certificates is how long the pods' certificates hold, for tests of their renewal; 0 is
	// identity.Lifetime.
	Certificates time.Duration
	// KeySets is how often the keys of who signs tokens are fetched anew, for tests; 0 is istiod's 20
	// minutes.
	KeySets time.Duration
	// Getenv is the environment; only PATH and the like reach a pod. Required.
	Getenv func(string) string
	// Progress is told each step of the start, one at a time. Optional.
	Progress func(Step)
}

// Step is a step of a lab's start. It is told twice: when it begins, and when it is over.
type Step struct {
	Name   string
	Done   bool
	Detail string // what came of it
	Err    error  // why it failed
	Took   time.Duration
}

// Run starts a lab, serves its clients and ends it, with all that it started, when ctx or a
// client says so: then the error is nil. A lab that cannot start leaves nothing behind.
func Run(ctx context.Context, cfg Config) (err error) {
	claimed, err := claim(cfg.Folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claimed.release()) }()
	ctx, end := context.WithCancel(ctx)
	defer end()
	l := newLab(cfg, end)
	s, err := serve(ctx, l)
	if err != nil {
		return err
	}
	defer s.close()
	err = l.start(ctx)
	if err == nil {
		l.renewal.Go(func() { l.renew(ctx) })
		l.renewal.Go(func() { l.keys.Run(ctx) })
		l.traffic.Forget()
		l.enter(control.Running)
		<-ctx.Done()
	}
	over := ctx.Err() != nil // then a start that failed was told to
	l.enter(control.Ending)
	end()
	l.renewal.Wait()
	err = errors.Join(err, l.stop())
	if over {
		return nil
	}
	return err
}

// drain bounds the end of everything.
const drain = 5 * time.Second

// stop ends what runs, requests under way first, and waits until nothing does.
func (l *lab) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	l.closeIngress(ctx)
	var errs []error
	l.events.Stop()
	if l.pods != nil {
		errs = append(errs, l.pods.Stop(ctx))
	}
	if l.proxy != nil {
		errs = append(errs, l.proxy.Stop(ctx))
	}
	errs = append(errs, l.wires.close())
	l.traffic.Close()
	if l.world != nil {
		errs = append(errs, l.world.Close(ctx))
	}
	if l.telemetry != nil {
		errs = append(errs, l.telemetry.Close())
	}
	l.port.Release()
	l.secure.Release()
	return errors.Join(errs...)
}
