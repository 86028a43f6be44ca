package console_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/console"
	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/routes"
	"istio-tutorial/lab/traffic"
)

const (
	namespace = "istio-tutorial"
	root      = "../.."
	programs  = "CONSOLE_PROGRAMS" // where the services' programs are
)

func TestMain(m *testing.M) { os.Exit(labtest.WithServices(m, root, programs)) }

// newFolder has a path that is short enough for sockets.
func newFolder(t testing.TB) control.Folder {
	t.Helper()
	dir, err := os.MkdirTemp("", "l") //nolint:usetesting // t.TempDir holds the test's long name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return control.Folder(filepath.Join(dir, "lab"))
}

func config(folder control.Folder) console.Config {
	return console.Config{
		Lab:   control.NewClient(folder),
		Typed: func(verb string) string { return strings.TrimSpace("bin/lab " + verb) },
		Why: func(w io.Writer, r *traffic.Request, language string) {
			fmt.Fprintf(w, "%s %s: %s", language, r.Cause, r.Words)
		},
		Routes: func(r routes.Table) (routes, clusters [][]string) {
			for _, one := range r.Host.Routes {
				routes = append(routes, []string{one.From})
			}
			return routes, nil
		},
	}
}

// lab is a running one.
type lab struct {
	*control.Client
	folder  control.Folder
	ingress string
}

func up(t testing.TB, edit ...func(*daemon.Config)) lab {
	t.Helper()
	program, err := envoy.Search{Getenv: os.Getenv, Root: root}.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	paths, err := manifests.Kustomization(filepath.Join(root, "deploy"))
	if err != nil {
		t.Fatal(err)
	}
	l := lab{folder: newFolder(t)}
	l.Client = control.NewClient(l.folder)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	cfg := daemon.Config{
		Name: "console", Folder: l.folder, Listen: "127.0.0.1:0", Programs: os.Getenv(programs),
		Envoy: program.Path, Manifests: read(t, paths...), Namespace: namespace, Getenv: os.Getenv,
	}
	for _, f := range edit {
		f(&cfg)
	}
	go func() { ended <- daemon.Run(ctx, cfg) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("lab: %v", err)
		}
	})
	labtest.Until(t, func() error {
		s, err := l.Status(t.Context())
		if err == nil && s.Phase != control.Running {
			err = errors.New(string(s.Phase))
		}
		l.ingress = s.Ingress
		return err
	})
	return l
}

func read(t testing.TB, paths ...string) []objects.File {
	t.Helper()
	var files []objects.File
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, objects.File{Name: path, Data: data})
	}
	return files
}

func (l lab) change(t *testing.T, verb objects.Verb, name string) {
	t.Helper()
	_, err := l.Change(t.Context(), control.Change{
		Verb: verb, Files: read(t, filepath.Join(root, name)), Namespace: namespace,
	})
	if err != nil {
		t.Fatal(err)
	}
}
