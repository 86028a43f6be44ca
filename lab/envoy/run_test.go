package envoy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/supervise"
)

// TestRun starts a real Envoy that nobody configures, and asks it.
func TestRun(t *testing.T) {
	t.Parallel()
	program, err := envoy.Search{Getenv: os.Getenv, Root: "../.."}.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := envoy.Settings{
		Node: "me", Admin: filepath.Join(dir, "admin"), XDS: filepath.Join(dir, "xds"),
	}
	bootstrap, err := s.Bootstrap()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "envoy.json")
	if err := os.WriteFile(file, bootstrap, 0o600); err != nil {
		t.Fatal(err)
	}
	before := sharedMemory(t)
	admin := envoy.NewAdmin(s.Admin)
	if err := admin.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("before the start: %v", err)
	}
	log := supervise.NewLog(1 << 16)
	p, err := supervise.Start(supervise.Config{
		Name: "envoy", Path: program.Path, Args: s.Args(file), Stdout: log, Once: true,
		Ready: func(ctx context.Context) error { _, err := admin.Get(ctx, "/server_info", nil); return err },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Stop(context.Background()) }()
	ctx, cancel := context.WithTimeout(t.Context(), labtest.Deadline)
	defer cancel()
	if err := p.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(s.Admin); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("admin socket: %v %v", info, err)
	}
	asks(t, admin, program.Version)
	if err := syscall.Kill(p.Status().PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if after := sharedMemory(t); after > before {
		t.Errorf("killed, it leaves shared memory behind: %d files, %d before", after, before)
	}
}

func asks(t *testing.T, admin *envoy.Admin, version string) {
	t.Helper()
	if err := admin.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("ready without a configuration: %v", err)
	}
	text, err := admin.Get(t.Context(), "/server_info", nil)
	var info struct {
		Version            string
		Node               struct{ ID string }
		CommandLineOptions struct{ Concurrency int } `json:"command_line_options"`
	}
	if err := errors.Join(err, json.Unmarshal(text, &info)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(info.Version, "/"+version+"/") || info.Node.ID != "me" || info.CommandLineOptions.Concurrency != 1 {
		t.Errorf("server_info %+v", info)
	}
	stats, err := admin.Stats(t.Context(), `^server\.(live|concurrency)$`)
	if err != nil || fmt.Sprint(stats) != "[{server.concurrency 1} {server.live 1}]" {
		t.Errorf("stats %v, %v", stats, err)
	}
	if _, err := admin.Get(t.Context(), "/nope", nil); err == nil || !strings.Contains(err.Error(), "/nope: 404") {
		t.Errorf("an unknown path: %v", err)
	}
	text, err = admin.Config(t.Context(), "dynamic_active_clusters", "")
	if err != nil || !json.Valid(text) {
		t.Errorf("clusters: %s, %v", text, err)
	}
}

func sharedMemory(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("/dev/shm/envoy*")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func TestArgs(t *testing.T) {
	t.Parallel()
	args := strings.Join(envoy.Settings{}.Args("/f"), " ")
	for _, want := range []string{"--config-path /f", "--concurrency 1", "--drain-time-s 45", "--log-level warning", "--component-log-level misc:error"} {
		if !strings.Contains(args, want) {
			t.Errorf("%s: no %s", args, want)
		}
	}
}
