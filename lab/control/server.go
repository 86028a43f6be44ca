package control

import (
	"context"
	"errors"
)

// ErrRunning says that a lab of this name runs already.
var ErrRunning = errors.New("a lab of this name is running")

// Config is a lab.
type Config struct {
	// Name is shown by status. Required.
	Name string
	// Folder is where its sockets and files are, as FolderOf has it. Required.
	Folder Folder
	// Listen is the ingress' address, host:port on loopback. Required.
	Listen string
	// Programs is the folder of the services' programs. Required.
	Programs string
	// Envoy is the proxy's program. Required.
	Envoy string
	// Manifests are applied at the start. Required.
	Manifests []File
	// Namespace is that of manifests that name none. Required.
	Namespace string
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
func Run(ctx context.Context, cfg Config) error {
	return errors.New("control: under construction")
}

// Offline is what files alone would make, without a lab: the mesh of Manifests, each workload with
// as many pods as it asks for, and the rules of Files.
type Offline struct {
	Manifests []File
	Files     []File // rules, and further manifests
	Namespace string // of objects that name none
}

// Routes are the routes that the files would make.
func (o Offline) Routes(q RouteQuery) ([]Routes, error) {
	return nil, errors.New("control: under construction")
}

// Check parses the files; the error is what Create would say of them.
func (o Offline) Check() error { return errors.New("control: under construction") }
