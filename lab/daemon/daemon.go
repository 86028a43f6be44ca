package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrRunning says that a lab of this name runs already.
var ErrRunning = errors.New("a lab of this name is running")

// Config is a lab.
type Config struct {
	// Name is shown by status. Required.
	Name string
	// Folder is where its sockets and files are, as FolderOf has it. Required.
	Folder Folder
	// Listen is the ingress' address, host:port on loopback; port 0 is any free one. Required.
	Listen string
	// Programs is the folder of the services' programs. Required.
	Programs string
	// Envoy is the proxy's program. Required.
	Envoy string
	// Manifests are applied at the start. Required.
	Manifests []File
	// Namespace is that of manifests that name none. Required.
	Namespace string
	// Edition is whose defaults hold while there is no rule; empty is Classic.
	Edition Edition
	// Tracing is zipkin or jaeger; empty is off.
	Tracing string
	// Internet leads calls that leave the mesh to the real hosts, not to stand-ins. Optional.
	Internet bool
	// Getenv is the environment; only PATH and the like reach a pod. Required.
	Getenv func(string) string
	// Progress is told each step of the start, one at a time. Optional.
	Progress func(Step)
}

// Run starts a lab, serves its clients and ends it, with all that it started, when ctx or a
// client says so: then the error is nil. A lab that cannot start leaves nothing behind.
func Run(ctx context.Context, cfg Config) (err error) {
	claim, err := cfg.Folder.claim()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claim.release()) }()
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
		l.enter(Running)
		<-ctx.Done()
	}
	over := ctx.Err() != nil // then a start that failed was told to
	l.enter(Ending)
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
	if l.pods != nil {
		errs = append(errs, l.pods.Stop(ctx))
	}
	if l.proxy != nil {
		errs = append(errs, l.proxy.stop(ctx))
	}
	if l.world != nil {
		errs = append(errs, l.world.Close(ctx))
	}
	if l.observer != nil {
		errs = append(errs, l.observer.close())
	}
	l.port.Release()
	return errors.Join(errs...)
}

// claimed is a folder that no other lab can use.
type claimed struct {
	folder Folder
	lock   *os.File
}

func (c claimed) release() error {
	err := c.folder.clean()
	if err == nil {
		err = errors.Join(os.Remove(c.folder.lock()), os.Remove(string(c.folder)))
	}
	if err != nil {
		err = fmt.Errorf("folder: %w", err)
	}
	return errors.Join(err, c.lock.Close())
}
