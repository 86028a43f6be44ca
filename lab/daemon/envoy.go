package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/journal"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/supervise"
	"istio-tutorial/lab/xds"
	"istio-tutorial/lab/xds/naming"
	"istio-tutorial/lab/xds/stream"
)

// proxy is the one Envoy, and what configures it.
type proxy struct {
	config  xds.Config
	builder *xds.Builder // by config
	path    string
	server  *stream.Server
	admin   *envoy.Admin
	journal *journal.Journal
	process *supervise.Process
	watch   sync.WaitGroup
	version string
}

// bootstrapFile is what Envoy starts with.
const bootstrapFile = "envoy.json"

// proxyLog is how much of the proxy's log is kept, in bytes.
const proxyLog = 4 << 20

// accessLog has Envoy say each request on its standard output; all else it says on the other one.
const accessLog = "/dev/stdout"

// requests gives each line of the access log to the log, as a reader of it knows it, and all that
// Envoy says of a request to who reads it.
type requests struct {
	log io.Writer
	readers
}

// readers are of the lines of the access log: count of those of requests alone.
type readers struct{ count, explain, ejected func(line []byte) }

func (r requests) Write(line []byte) (int, error) {
	if envoy.IsEjection(line) {
		r.ejected(line)
		_, err := r.log.Write(line)
		return len(line), err
	}
	r.explain(line)
	if envoy.IsTry(line) {
		return len(line), nil
	}
	plain, _ := envoy.Split(line)
	r.count(plain)
	_, err := r.log.Write(append(plain, '\n'))
	return len(line), err
}

// startProxy starts Envoy and what configures it, with readers of its access log. It must be
// stopped, also after an error.
func startProxy(cfg Config, config xds.Config, of readers) (*proxy, error) {
	settings := envoy.Settings{
		Node:  "lab",
		Admin: cfg.Folder.File("admin"),
		XDS:   cfg.Folder.File("xds"),

		Ejections: accessLog,
	}
	p := &proxy{
		path:    cfg.Envoy,
		admin:   envoy.NewAdmin(settings.Admin),
		journal: journal.New(proxyLog, time.Now),
	}
	p.configure(config)
	var err error
	if p.server, err = stream.Listen(settings.XDS); err != nil {
		return p, err
	}
	bootstrap, err := settings.Bootstrap()
	if err != nil {
		return p, err
	}
	file := cfg.Folder.File(bootstrapFile)
	if err := os.WriteFile(file, bootstrap, ownerOnly); err != nil {
		return p, err
	}
	p.process, err = supervise.Start(supervise.Config{
		Name:         "envoy",
		Path:         cfg.Envoy,
		Args:         settings.Args(file),
		Stdout:       requests{p.journal, of},
		Stderr:       p.journal,
		Ready:        p.admin.Ready,
		RestartDelay: supervise.RestartDelay{Initial: 10 * time.Millisecond},
	})
	if err != nil {
		return p, err
	}
	p.watch.Go(p.follow)
	return p, nil
}

// follow keeps the runs of the log apart.
func (p *proxy) follow() {
	for status := range p.process.Changes(context.Background()) {
		switch status.State {
		case supervise.Starting:
			p.journal.Begin()
		case supervise.BackOff:
			p.journal.End()
		}
	}
	p.journal.End()
}

// ready waits until Envoy serves; if it dies instead, the error has its last words.
func (p *proxy) ready(ctx context.Context) error {
	for status := range p.process.Changes(ctx) {
		switch status.State {
		case supervise.Ready:
			p.version = p.askVersion(ctx)
			return nil
		case supervise.BackOff:
			return fmt.Errorf("envoy: %s: %s", status.Exit, strings.Join(p.lastWords(ctx), "\n"))
		}
	}
	return fmt.Errorf("envoy: not ready: %w: %w", context.Cause(ctx), p.process.Status().Probe)
}

// lastWords are what a reader wants to see of an Envoy that died.
func (p *proxy) lastWords(ctx context.Context) []string {
	lines, err := p.journal.Lines(ctx, journal.Query{Tail: new(10)})
	if err != nil {
		return nil
	}
	return slices.Collect(lines)
}

// askVersion is "" if Envoy does not say it.
func (p *proxy) askVersion(ctx context.Context) string {
	var info struct{ Version string } // COMMIT/VERSION/STATE/BUILD/TLS
	data, err := p.admin.Get(ctx, "/server_info", nil)
	if err != nil || json.Unmarshal(data, &info) != nil {
		return ""
	}
	parts := strings.Split(info.Version, "/")
	return parts[min(1, len(parts)-1)]
}

// configure says by what the next push is; the lab's turn is taken.
func (p *proxy) configure(config xds.Config) {
	p.config, p.builder = config, xds.NewBuilder(config)
}

// push returns when Envoy serves by the mesh; the lab's turn is taken. The error is an
// *objects.Error if it refuses to.
func (p *proxy) push(ctx context.Context, m mesh.Mesh) error {
	snapshot, err := p.builder.Build(m)
	if err != nil {
		return &objects.Error{Reason: objects.Refused, Problems: []string{err.Error()}}
	}
	err = p.server.Push(ctx, snapshot)
	if refusal, ok := errors.AsType[*stream.RefusedError](err); ok {
		return &objects.Error{Reason: objects.Refused, Problems: []string{refusal.Error()}}
	}
	return err
}

// stop ends what was started, whatever that is.
func (p *proxy) stop(ctx context.Context) error {
	var errs []error
	if p.process != nil {
		errs = append(errs, p.process.Stop(ctx))
	}
	p.watch.Wait()
	if p.server != nil {
		errs = append(errs, p.server.Close())
	}
	return errors.Join(errs...)
}

// busy reports whether requests are under way, as far as Envoy says.
func (p *proxy) busy(ctx context.Context) bool {
	stats, err := p.admin.Stats(ctx, `downstream_rq_active$`)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(stats, func(s envoy.Stat) bool {
		_, _, owned := naming.SplitStat(s.Name) // else it is this very question
		return owned && s.Value != "0"
	})
}
