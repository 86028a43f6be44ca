package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/labtest"
)

// scripted is a kubectl that does what a script says: only for what a cluster cannot be asked for, and for what
// is said to the program. What kubectl and istioctl do is tested with the real ones: go test -tags=cluster.
func scripted(t *testing.T, script string) cluster.Tools {
	t.Helper()
	folder := t.TempDir()
	labtest.Program(t, filepath.Join(folder, "kubectl"), "#!/bin/sh\n"+script)
	return cluster.Tools{
		Context: "kind-tutorial", Namespace: "other",
		Environ: []string{"PATH=" + folder + string(filepath.ListSeparator) + os.Getenv("PATH"), "FOLDER=" + folder},
	}
}

func kubectl(args ...string) cluster.Line { return cluster.Line{Tool: cluster.Kubectl, Args: args} }

func TestLine(t *testing.T) {
	t.Parallel()
	tools := scripted(t, `for a; do echo "[$a]"; done; cat`)
	var echo bytes.Buffer
	tools.Echo = &echo
	line := kubectl("apply", "-f", "-", "a b", "it's")
	line.Note = "# rule.yml"
	out, err := tools.Output(t.Context(), "text", line)
	if want := "[--context]\n[kind-tutorial]\n[-n]\n[other]\n[apply]\n[-f]\n[-]\n[a b]\n[it's]\ntext"; err != nil || out != want {
		t.Errorf("%v: %q, want %q", err, out, want)
	}
	if want := `+ kubectl --context kind-tutorial -n other apply -f - 'a b' 'it'\''s'  # rule.yml` + "\n"; echo.String() != want {
		t.Errorf("echo %q, want %q", echo.String(), want)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int{"exit 7": 7, "kill -TERM $$": 143} {
		tools := scripted(t, "echo no rights >&2; "+script)
		out, err := tools.Output(t.Context(), "", kubectl("get", "pods"))
		exit, ok := errors.AsType[*cluster.ExitError](err)
		if !ok || exit.Status != want || exit.Error() != "kubectl --context kind-tutorial -n other get pods: no rights" {
			t.Errorf("%s: %q, %v", script, out, err)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	tools := cluster.Tools{Environ: []string{"PATH=" + t.TempDir()}}
	for _, tool := range []string{cluster.Kubectl, cluster.Istioctl} {
		_, err := tools.Output(t.Context(), "", cluster.Line{Tool: tool})
		if !errors.Is(err, cluster.ErrMissing) || !strings.HasPrefix(err.Error(), tool+": not found on the PATH; https://") {
			t.Errorf("%v", err)
		}
	}
}

// TestInterrupt holds that a program is ended as by Ctrl-C, and may clean up.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	tools := scripted(t, `trap 'echo cleaned up >&2; exit 130' INT
echo "Forwarding"; while :; do sleep 0.1; done`)
	ctx, cancel := context.WithCancel(t.Context())
	var words bytes.Buffer
	started := writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })
	err := tools.Run(ctx, kubectl("logs"), cluster.Streams{Out: started, Err: &words})
	if err == nil || words.String() != "cleaned up\n" {
		t.Errorf("%v; it said %q", err, words.String())
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

func TestForward(t *testing.T) {
	t.Parallel()
	tools := scripted(t, `trap 'echo >"$FOLDER/ended"; exit 130' INT
echo "Forwarding from 127.0.0.1:4711 -> 15014"; echo "Forwarding from [::1]:4711 -> 15014"
while :; do sleep 0.1; done`)
	f, err := tools.Forward(t.Context(), "pod/istiod", "15014")
	if err != nil {
		t.Fatal(err)
	}
	if f.Address != "127.0.0.1:4711" {
		t.Errorf("address %s", f.Address)
	}
	f.Close()
	folder := strings.TrimPrefix(tools.Environ[1], "FOLDER=")
	if _, err := os.Stat(filepath.Join(folder, "ended")); err != nil {
		t.Errorf("after Close it goes on: %v", err)
	}
}

func TestForwardFails(t *testing.T) {
	t.Parallel()
	tools := scripted(t, "echo 'Error from server (Forbidden): no' >&2; exit 1")
	_, err := tools.Forward(t.Context(), "pod/istiod", "15014")
	want := "kubectl --context kind-tutorial -n other port-forward pod/istiod :15014: Error from server (Forbidden): no"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestNoRights holds that nothing is changed where it cannot be seen through, and why that is.
func TestNoRights(t *testing.T) {
	t.Parallel()
	tools := scripted(t, "echo 'Error from server (Forbidden): pods is forbidden' >&2; exit 1")
	_, err := tools.Watch(t.Context())
	if err == nil || !strings.Contains(err.Error(), "-n istio-system get pods") || !strings.Contains(err.Error(), "pods is forbidden") {
		t.Errorf("%v", err)
	}
}

// TestNoIstio holds that a cluster without Istio has nothing to wait for.
func TestNoIstio(t *testing.T) {
	t.Parallel()
	w, err := scripted(t, "").Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.Settled(ctx, []cluster.Change{{Resource: "virtualservice.networking.istio.io", Name: "a"}}); err != nil {
		t.Error(err)
	}
}
