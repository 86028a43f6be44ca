package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
)

// TestGoneClient holds that a command ends with its client, and what it has started, too.
func TestGoneClient(t *testing.T) {
	t.Parallel()
	l := up(t)
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		script := "tail -f /dev/null & echo $!; wait"
		e := control.Exec{Selection: sel("deployment/customer"), Command: []string{"sh", "-c", script}}
		_, err := l.Exec(ctx, e, control.Streams{Out: writer, Err: writer})
		ended <- err
	}()
	var child int
	if _, err := fmt.Fscanln(reader, &child); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("exec: %v", err)
	}
	labtest.Until(t, func() error {
		if err := syscall.Kill(child, 0); !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("what the command has started: %w", err)
		}
		return nil
	})
}

// TestChangeWithoutClient has a client go while the proxy does not take its change: nothing is changed,
// and the next change is not kept waiting.
func TestChangeWithoutClient(t *testing.T) {
	t.Parallel()
	l := up(t)
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kill(t, s.Proxy.PID, syscall.SIGSTOP)
	const rule = "apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nmetadata: {name: gone}\n" +
		"spec: {destination: {name: recommendation}, httpFault: {abort: {percent: 100, httpStatus: 500}}}\n"
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := l.text(objects.Create, ctx, rule); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("create: %v", err)
	}
	// This one needs no proxy, but its turn.
	if _, err := l.text(objects.Replace, t.Context(), rule); reason(err) != objects.NotFound {
		t.Errorf("replace: %v", err)
	}
	kill(t, s.Proxy.PID, syscall.SIGCONT)
	l.must(t, objects.Create, "istiofiles/route-rule-recommendation-v1.yml")
	if tables, err := l.Get(t.Context(), sel("routerules")); err != nil || strings.Contains(fmt.Sprint(tables), "gone") {
		t.Errorf("rules %v, %v", tables, err)
	}
	if got := l.answers(t, 5); got[fromV1] != 5 {
		t.Errorf("answers %v", got)
	}
}
