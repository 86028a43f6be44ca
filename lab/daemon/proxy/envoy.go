// Package proxy runs the one Envoy that is the ingress and all sidecars of a lab: it starts it, has it serve
// by a mesh, reads what it logs, and knows which pods it leaves out.
package proxy

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

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/journal"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/supervise"
	"istio-tutorial/lab/xds"
	"istio-tutorial/lab/xds/naming"
	"istio-tutorial/lab/xds/stream"
)

// Envoy is the running Envoy, and what configures it.
type Envoy struct {
	// Admin asks it.
	Admin *envoy.Admin
	// Journal is what it says, but for the tries of requests.
	Journal *journal.Journal

	config    xds.Config
	builder   *xds.Builder // by config
	folder    control.Folder
	path      string
	server    *stream.Server
	process   *supervise.Process
	watch     sync.WaitGroup
	version   string
	ejections ejections
	lately    lately
}

// kept is how much of its log is kept, in bytes.
const kept = 4 << 20

// AccessLog has Envoy say each request on its standard output; all else it says on the other one.
const AccessLog = "/dev/stdout"

// requests gives each line of the access log to the log, as a reader of it knows it, and all that
// Envoy says of a request to who reads it.
type requests struct {
	log io.Writer
	Readers
	ejected func(line []byte)
}

// Readers are of the lines of the access log: Count of those of requests alone. Both are required.
type Readers struct{ Count, Explain func(line []byte) }

func (r requests) Write(line []byte) (int, error) {
	if envoy.IsEjection(line) {
		r.ejected(line)
		_, err := r.log.Write(line)
		return len(line), err
	}
	r.Explain(line)
	if envoy.IsTry(line) || envoy.IsConnection(line) {
		return len(line), nil
	}
	plain, _ := envoy.Split(line)
	r.Count(plain)
	_, err := r.log.Write(append(plain, '\n'))
	return len(line), err
}

// Start starts the program at path and what configures it, with its files and sockets in folder, and with
// readers of its access log. It must be stopped, also after an error.
func Start(path string, folder control.Folder, config xds.Config, of Readers) (*Envoy, error) {
	settings := envoy.Settings{
		Node:  "lab",
		Admin: folder.File("admin"),
		XDS:   folder.File("xds"),

		Ejections: AccessLog,
	}
	e := &Envoy{
		Admin:   envoy.NewAdmin(settings.Admin),
		Journal: journal.New(kept, time.Now),
		folder:  folder,
		path:    path,
	}
	e.configure(config)
	var err error
	if e.server, err = stream.Listen(settings.XDS); err != nil {
		return e, err
	}
	bootstrap, err := settings.Bootstrap()
	if err != nil {
		return e, err
	}
	file := e.bootstrap()
	if err := os.WriteFile(file, bootstrap, 0o600); err != nil {
		return e, err
	}
	e.process, err = supervise.Start(supervise.Config{
		Name:         "envoy",
		Path:         path,
		Args:         settings.Args(file),
		Stdout:       requests{e.Journal, of, e.ejections.take},
		Stderr:       e.Journal,
		Ready:        e.Admin.Ready,
		RestartDelay: supervise.RestartDelay{Initial: 10 * time.Millisecond},
	})
	if err != nil {
		return e, err
	}
	e.watch.Go(e.follow)
	return e, nil
}

// bootstrap is the file that it starts with.
func (e *Envoy) bootstrap() string { return e.folder.File("envoy.json") }

// Bootstrap is what it started with, as JSON.
func (e *Envoy) Bootstrap() ([]byte, error) { return os.ReadFile(e.bootstrap()) }

// follow keeps the runs of the log apart.
func (e *Envoy) follow() {
	for status := range e.process.Changes(context.Background()) {
		switch status.State {
		case supervise.Starting:
			e.Journal.Begin()
		case supervise.BackOff:
			e.Journal.End()
		}
	}
	e.Journal.End()
}

// Ready waits until Envoy serves; if it dies instead, the error has its last words.
func (e *Envoy) Ready(ctx context.Context) error {
	for status := range e.process.Changes(ctx) {
		switch status.State {
		case supervise.Ready:
			e.version = e.askVersion(ctx)
			return nil
		case supervise.BackOff:
			return fmt.Errorf("envoy: %s: %s", status.Exit, strings.Join(e.lastWords(ctx), "\n"))
		}
	}
	return fmt.Errorf("envoy: not ready: %w: %w", context.Cause(ctx), e.process.Status().Probe)
}

// lastWords are what a reader wants to see of an Envoy that died.
func (e *Envoy) lastWords(ctx context.Context) []string {
	lines, err := e.Journal.Lines(ctx, journal.Query{Tail: new(10)})
	if err != nil {
		return nil
	}
	return slices.Collect(lines)
}

// askVersion is "" if Envoy does not say it.
func (e *Envoy) askVersion(ctx context.Context) string {
	var info struct{ Version string } // COMMIT/VERSION/STATE/BUILD/TLS
	data, err := e.Admin.Get(ctx, "/server_info", nil)
	if err != nil || json.Unmarshal(data, &info) != nil {
		return ""
	}
	parts := strings.Split(info.Version, "/")
	return parts[min(1, len(parts)-1)]
}

// MoveIngress has the ingress listen at another address from the next push on, host:port, or nowhere: "". No push may
// be under way.
func (e *Envoy) MoveIngress(address string) {
	config := e.config
	config.Ingress = address
	e.configure(config)
}

func (e *Envoy) configure(config xds.Config) {
	e.config, e.builder = config, xds.NewBuilder(config)
}

// Has reports whether the ingress has a door, as of the last push.
func (e *Envoy) Has(d mesh.SecureDoor) bool { return e.builder.Has(d) }

// Push returns when Envoy serves by the mesh, of which there may be one at a time. The error is an
// *objects.Error if it refuses to.
func (e *Envoy) Push(ctx context.Context, m mesh.Mesh) error {
	snapshot, err := e.builder.Build(m)
	if err != nil {
		return &objects.Error{Reason: objects.Refused, Problems: []string{err.Error()}}
	}
	err = e.server.Push(ctx, snapshot)
	if refusal, ok := errors.AsType[*stream.RefusedError](err); ok {
		return &objects.Error{Reason: objects.Refused, Problems: []string{refusal.Error()}}
	}
	return err
}

// Stop ends what was started, whatever that is.
func (e *Envoy) Stop(ctx context.Context) error {
	var errs []error
	if e.process != nil {
		errs = append(errs, e.process.Stop(ctx))
	}
	e.watch.Wait()
	if e.server != nil {
		errs = append(errs, e.server.Close())
	}
	return errors.Join(errs...)
}

// Busy reports whether requests are under way, as far as Envoy says.
func (e *Envoy) Busy(ctx context.Context) bool {
	stats, err := e.Admin.Stats(ctx, `downstream_rq_active$`)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(stats, func(s envoy.Stat) bool {
		_, _, owned := naming.SplitStat(s.Name) // else it is this very question
		return owned && s.Value != "0"
	})
}

// Version is what Envoy says of itself, once it was ready; "" if it says nothing.
func (e *Envoy) Version() string { return e.version }

// Status is how it is; once it was ready.
func (e *Envoy) Status() control.ProxyStatus {
	now := e.process.Status()
	return control.ProxyStatus{
		Version:  e.version,
		Path:     e.path,
		PID:      now.PID,
		State:    string(now.State),
		Restarts: now.Restarts,
	}
}
