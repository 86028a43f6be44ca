package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/supervise"
)

func (s *start) run(ctx context.Context) error {
	folder, err := control.FolderOf(s.name, s.getenv)
	if err != nil {
		return misuse{err}
	}
	client := control.NewClient(folder)
	if _, err := client.Status(ctx); err == nil {
		return s.alreadyRunning(ctx, client)
	}
	cfg, err := s.config(ctx)
	if err != nil {
		return err
	}
	cfg.Folder = folder
	ctx, cancel := context.WithCancel(ctx)
	var announced sync.WaitGroup
	announced.Go(func() { s.announce(ctx, client) })
	defer announced.Wait()
	defer cancel()
	err = control.Run(ctx, cfg)
	switch {
	case err == nil:
		fmt.Fprintln(s.stdout, "the lab has ended")
	case errors.Is(err, control.ErrRunning): // it was a moment earlier
		return s.alreadyRunning(ctx, client)
	}
	return err
}

// config is the lab that the flags ask for.
func (s *start) config(ctx context.Context) (control.Config, error) {
	home, err := s.home()
	if err != nil {
		return control.Config{}, err
	}
	objects := sources{folders: []string{filepath.Join(home, "deploy")}}
	files, err := objects.read(nil)
	if err != nil {
		return control.Config{}, err
	}
	proxy, err := s.findEnvoy(ctx, home)
	return control.Config{
		Name: s.name, Listen: s.listen, Programs: filepath.Join(home, "out"), Envoy: proxy.Path,
		Manifests: files, Namespace: s.namespace, Edition: control.Edition(s.edition),
		Tracing: s.tracing, Internet: s.internet,
		Getenv: s.getenv, Progress: newSteps(ctx, s.stdout).show,
	}, err
}

// announce says how to go on, once the lab takes requests.
func (s *start) announce(ctx context.Context, client *control.Client) {
	for {
		status, err := client.Status(ctx)
		if err == nil && status.Phase == control.Running && status.PID == os.Getpid() {
			s.howToGoOn(status.Ingress)
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

func (s *start) howToGoOn(ingress string) {
	url := ""
	if s.listen != defaultListen {
		url = " " + ingress
	}
	rule := "create -f istiofiles/route-rule-recommendation-503.yml"
	if edition := control.Edition(s.edition); edition != control.Classic {
		folder := map[control.Edition]string{control.V1: "v1", control.GatewayAPI: "gateway-api"}[edition]
		rule = "apply -f istiofiles/" + folder + "/route-rule-recommendation-v1_and_v2.yml"
	}
	fmt.Fprintf(s.stdout, `
The mesh is up: %s is its ingress. Ctrl-C ends it. In another terminal:
  bin/poll_customer.sh%s
  %s
  %s
  %s
`, ingress, url, s.line("get pods"), s.line(rule), s.line("lesson 1"))
}

func (s *start) alreadyRunning(ctx context.Context, client *control.Client) error {
	status, err := client.Status(ctx)
	if err != nil {
		return control.ErrRunning
	}
	return fmt.Errorf("lab %s is running, pid %d, at %s; `%s` ends it",
		s.name, status.PID, status.Ingress, s.line("down"))
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
		Name: "envoy", Path: script, Env: s.environ(), Stdout: s.stdout, Stderr: s.stderr,
	})
	if err != nil {
		return envoy.Program{}, fmt.Errorf("%w\n`make chain` runs the services without a mesh", err)
	}
	return search.Find(ctx)
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
