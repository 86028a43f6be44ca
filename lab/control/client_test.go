package control_test

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

func TestNoLab(t *testing.T) {
	t.Parallel()
	c := control.NewClient(folder(t))
	if _, err := c.Get(t.Context(), objects.Selection{Args: []string{"pods"}}); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("get: %v", err)
	}
	for _, err := range c.Logs(t.Context(), control.LogQuery{}) {
		if !errors.Is(err, control.ErrNotRunning) {
			t.Errorf("logs: %v", err)
		}
	}
	if err := c.Down(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("down: %v", err)
	}
}

// TestRogueLab has somebody else's server where the lab's socket is.
func TestRogueLab(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		expose func(control.Folder) error
		want   string
	}{
		"open to others": {
			func(f control.Folder) error { return os.Chmod(string(f), 0o755) },
			"open to other users (mode 0755): chmod 700 it",
		},
		"outer folder open to others": {
			func(f control.Folder) error { return os.Chmod(filepath.Dir(string(f)), 0o770) },
			"open to other users (mode 0770): chmod 700 it",
		},
		"a link": {
			func(f control.Folder) error {
				elsewhere := string(f) + "-elsewhere"
				return errors.Join(os.Rename(string(f), elsewhere), os.Symlink(elsewhere, string(f)))
			},
			"not a folder of yours",
		},
		"another user's": {
			func(f control.Folder) error { return os.Chown(string(f), 65532, -1) },
			"not a folder of yours",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "another user's" && os.Getuid() != 0 {
				t.Skip("only root can give a folder away")
			}
			f := folder(t)
			asked := serve(t, f)
			if err := c.expose(f); err != nil {
				t.Fatal(err)
			}
			_, err := control.NewClient(f).Status(t.Context())
			if err == nil || !strings.HasSuffix(err.Error(), c.want) || asked.Load() > 0 {
				t.Errorf("error %v, want %s; the server was asked %d times", err, c.want, asked.Load())
			}
		})
	}
	f := folder(t)
	asked := serve(t, f)
	if _, err := control.NewClient(f).Status(t.Context()); err != nil || asked.Load() != 1 {
		t.Errorf("in a folder of one's own: %v, asked %d times", err, asked.Load())
	}
}

// folder is a lab's, private as a lab makes it, with a path that is short enough for sockets.
func folder(t *testing.T) control.Folder {
	t.Helper()
	base, err := os.MkdirTemp("", "lab") //nolint:usetesting // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	f := control.Folder(filepath.Join(base, "a"))
	if err := os.Mkdir(string(f), 0o700); err != nil {
		t.Fatal(err)
	}
	return f
}

// serve answers every request in a lab's place, and counts them.
func serve(t *testing.T, f control.Folder) *atomic.Int32 {
	t.Helper()
	l, err := net.Listen("unix", f.Socket())
	if err != nil {
		t.Fatal(err)
	}
	asked := &atomic.Int32{}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte(`{"Value": {"Name": "rogue"}}` + "\n"))
	})}
	go func() { _ = s.Serve(l) }() // until Close
	t.Cleanup(func() { _ = s.Close() })
	return asked
}
