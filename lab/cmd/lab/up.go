package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/supervise"
)

// start is up and its flags.
type start struct {
	*app
	listen, tracing string
	internet        bool
}

const defaultListen = "127.0.0.1:8280"

func (a *app) up() *cobra.Command {
	s := &start{app: a}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the mesh of deploy/, and keep it running until Ctrl-C",
		Long: `Start the mesh of deploy/ (what "kubectl apply -k deploy" would start), and keep it running until
Ctrl-C or "bin/lab down". Everything listens on this machine's loopback alone.`,
		Example: `  bin/lab up
  bin/lab up --name second --listen 127.0.0.1:8281
  bin/lab up --tracing zipkin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			// whoever read the steps has gone: that ends the lab as Ctrl-C does
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGPIPE)
			defer stop()
			err := s.run(ctx)
			if ctx.Err() != nil && errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&s.listen, "listen", defaultListen, "the ingress' address; port 0 is any free one")
	flags.StringVar(&s.tracing, "tracing", "", "zipkin or jaeger: report traces to the one on this machine")
	flags.BoolVar(&s.internet, "internet", false, "lead calls out of the mesh to the real hosts, not to stand-ins")
	return cmd
}

func (s *start) check() error {
	if !slices.Contains([]string{"", "zipkin", "jaeger"}, s.tracing) {
		return misusef("--tracing=%s: want zipkin or jaeger", s.tracing)
	}
	if !strings.Contains(s.listen, ":") {
		s.listen = ":" + s.listen
	}
	host, port, err := net.SplitHostPort(s.listen)
	if err != nil {
		return misusef("--listen: %w", err)
	}
	if host = cmp.Or(host, "127.0.0.1"); host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return misusef("--listen=%s: want an address that only this machine reaches, such as %s", s.listen, defaultListen)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return misusef("--listen=%s: port %q: want a number up to 65535", s.listen, port)
	}
	s.listen = net.JoinHostPort(host, port)
	return nil
}

func (s *start) run(ctx context.Context) error {
	folder, err := control.FolderOf(s.name, s.getenv)
	if err != nil {
		return misuse{err}
	}
	if status, err := control.NewClient(folder).Status(ctx); err == nil {
		return s.alreadyRunning(status)
	}
	home, err := s.home()
	if err != nil {
		return err
	}
	objects := sources{folders: []string{filepath.Join(home, "deploy")}}
	files, err := objects.read(nil)
	if err != nil {
		return err
	}
	steps := newSteps(s.stdout)
	proxy, err := s.findEnvoy(ctx, home, steps)
	if err != nil {
		return err
	}
	return control.Run(ctx, control.Config{
		Name: s.name, Folder: folder, Listen: s.listen,
		Programs: filepath.Join(home, "out"), Envoy: proxy.Path,
		Manifests: files, Namespace: s.namespace,
		Tracing: s.tracing, Internet: s.internet, Getenv: s.getenv, Progress: steps.show,
	})
}

func (s *start) alreadyRunning(status control.Status) error {
	return fmt.Errorf("lab %s is running, pid %d, at %s; `%s` ends it",
		s.name, status.PID, status.Ingress, s.line("down"))
}

// findEnvoy installs it where there is none.
func (s *start) findEnvoy(ctx context.Context, home string, steps *steps) (envoy.Program, error) {
	search := envoy.Search{Getenv: s.getenv, Root: home}
	found, err := search.Find(ctx)
	if err == nil || !errors.Is(err, envoy.ErrNotFound) || ctx.Err() != nil {
		return found, errors.Join(err, context.Cause(ctx))
	}
	script := filepath.Join(home, "bin", "install-envoy.sh")
	err = supervise.Run(ctx, supervise.Config{
		Name: "envoy", Path: script, Env: s.environ(), Stdout: s.stdout, Stderr: s.stderr,
	})
	if err != nil {
		return envoy.Program{}, fmt.Errorf("%w\n`make chain` runs the services without a mesh", err)
	}
	return search.Find(ctx)
}
