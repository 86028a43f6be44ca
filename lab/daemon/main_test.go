package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

const (
	namespace = "istio-tutorial"
	root      = "../.."

	// The variables that tell a child of the test what to be, and where things are.
	role     = "DAEMON_CHILD"
	programs = "DAEMON_PROGRAMS"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(role); folder != "" {
		os.Exit(child(control.Folder(folder)))
	}
	os.Exit(labtest.WithServices(m, root, programs))
}

// child is a lab in a process of its own, as a reader's is.
func child(folder control.Folder) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := config(folder)
	if err == nil {
		cfg.Progress = func(s daemon.Step) { fmt.Println(s.Name, s.Done, s.Detail) }
		err = daemon.Run(ctx, cfg)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// config is a lab of deploy/, at a port of its own.
func config(folder control.Folder) (daemon.Config, error) {
	program, err := envoy.Search{Getenv: os.Getenv, Root: root}.Find(context.Background())
	if err != nil {
		return daemon.Config{}, err
	}
	paths, err := manifests.Kustomization(filepath.Join(root, "deploy"))
	if err != nil {
		return daemon.Config{}, err
	}
	files, err := read(paths...)
	return daemon.Config{
		Name:      filepath.Base(string(folder)),
		Folder:    folder,
		Listen:    "127.0.0.1:0",
		Programs:  os.Getenv(programs),
		Envoy:     program.Path,
		Manifests: files,
		Namespace: namespace,
		Getenv:    os.Getenv,
	}, err
}

func read(paths ...string) ([]objects.File, error) {
	var files []objects.File
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, objects.File{Name: path, Data: data})
	}
	return files, nil
}

// shortDir is a new folder; those of testing have paths that are too long for sockets.
func shortDir() (string, error) { return os.MkdirTemp("", "l") }

func newFolder(t testing.TB) control.Folder {
	t.Helper()
	dir, err := shortDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return control.Folder(filepath.Join(dir, "lab"))
}

// lab is a running lab and its client.
type lab struct {
	*control.Client
	folder  control.Folder
	ingress string
	end     context.CancelFunc
	ended   chan error
}

// up starts a lab, which the test's end ends.
func up(t testing.TB, edit ...func(*daemon.Config)) *lab {
	t.Helper()
	cfg, err := config(newFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edit {
		e(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &lab{Client: control.NewClient(cfg.Folder), folder: cfg.Folder, end: cancel, ended: make(chan error, 1)}
	go func() { l.ended <- daemon.Run(ctx, cfg) }()
	t.Cleanup(func() {
		cancel()
		if err := <-l.ended; err != nil {
			t.Errorf("lab: %v", err)
		}
	})
	labtest.Until(t, func() error {
		select {
		case err := <-l.ended:
			l.ended <- nil
			t.Fatalf("lab: %v", err)
		default:
		}
		s, err := l.Status(t.Context())
		if err == nil && s.Phase != control.Running {
			err = fmt.Errorf("phase %s", s.Phase)
		}
		l.ingress = s.Ingress
		return err
	})
	return l
}

// ask is an answer through the ingress, trimmed.
func (l *lab) ask(t testing.TB) string {
	t.Helper()
	answer, err := get(t.Context(), l.ingress)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return strings.TrimSpace(string(body)), err
}

// answers counts what so many requests get, by the text up to " from ".
func (l *lab) answers(t testing.TB, n int) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for range n {
		text, _, _ := strings.Cut(l.ask(t), " from ")
		counts[text]++
	}
	return counts
}

const (
	fromV1 = "customer => preference => recommendation v1"
	fromV2 = "customer => preference => recommendation v2"
)

// change does a verb on files of the repository.
func (l *lab) change(t testing.TB, verb objects.Verb, names ...string) ([]objects.Result, error) {
	t.Helper()
	for i := range names {
		names[i] = filepath.Join(root, names[i])
	}
	files, err := read(names...)
	if err != nil {
		t.Fatal(err)
	}
	return l.Change(t.Context(), control.Change{Verb: verb, Files: files, Namespace: namespace})
}

func (l *lab) must(t testing.TB, verb objects.Verb, names ...string) []objects.Result {
	t.Helper()
	results, err := l.change(t, verb, names...)
	if err != nil {
		t.Fatalf("%s %q: %v", verb, names, err)
	}
	return results
}

func (l *lab) text(verb objects.Verb, ctx context.Context, text string) ([]objects.Result, error) {
	return l.Change(ctx, control.Change{
		Verb: verb, Files: []objects.File{{Name: "x.yml", Data: []byte(text)}}, Namespace: namespace,
	})
}

func sel(args ...string) objects.Selection {
	return objects.Selection{Args: args, Namespace: namespace}
}

// rollout waits until a Deployment is as it should be.
func (l *lab) rollout(t testing.TB, name string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), labtest.Deadline)
	defer cancel()
	var lines []string
	for line, err := range l.Rollout(ctx, sel("deployment/"+name)) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 || !strings.Contains(lines[len(lines)-1], "successfully") {
		t.Fatalf("rollout of %s: %q", name, lines)
	}
	return lines
}

// pods are those of an app and version.
func (l *lab) pods(t testing.TB, labels string) []pods.Pod {
	t.Helper()
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list []pods.Pod
	for _, p := range s.Pods {
		if strings.Contains(","+p.Labels.String()+",", labels) && p.Status != "Terminating" {
			list = append(list, p)
		}
	}
	return list
}

func reason(err error) objects.Reason {
	if e, ok := errors.AsType[*objects.Error](err); ok {
		return e.Reason
	}
	return ""
}
