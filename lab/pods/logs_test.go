package pods_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/journal"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/manifests"
)

func TestLogs(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t)
	m.Set([]manifests.Deployment{d})
	p := ready(t, m, d)[0]
	for range 3 {
		get(t, p.Addresses[8080], "/")
	}
	var all []string
	labtest.Until(t, func() error {
		all = strings.Split(logs(t, m, p, journal.Query{}), "\n")
		if len(all) < 7 { // listening, and two lines for each request
			return fmt.Errorf("log: %q", all)
		}
		return nil
	})
	tail := 2
	if got, want := logs(t, m, p, journal.Query{Tail: &tail}), strings.Join(all[len(all)-2:], "\n"); got != want {
		t.Errorf("tail %q, want %q", got, want)
	}
	if got := logs(t, m, p, journal.Query{Since: time.Now()}); got != "" {
		t.Errorf("since now: %q", got)
	}
	stamped, _, _ := strings.Cut(logs(t, m, p, journal.Query{Timestamps: true}), "\n")
	when, line, _ := strings.Cut(stamped, " ")
	if _, err := time.Parse(time.RFC3339Nano, when); err != nil || line != all[0] {
		t.Errorf("stamped %q, %v", stamped, err)
	}
	if _, err := m.Logs(t.Context(), p.Name, journal.Query{Previous: true}); err == nil {
		t.Error("there is no previous run")
	}
}

func TestFollowedLog(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t)
	m.Set([]manifests.Deployment{d})
	p := ready(t, m, d)[0]
	ctx, cancel := context.WithTimeout(t.Context(), labtest.Deadline)
	defer cancel()
	none := 0
	lines, err := m.Logs(ctx, p.Name, journal.Query{Follow: true, Tail: &none})
	if err != nil {
		t.Fatal(err)
	}
	next, stop := iter.Pull(lines)
	defer stop()
	get(t, p.Addresses[8080], "/")
	for {
		line, ok := next()
		if !ok {
			t.Fatalf("the log ended: %v", ctx.Err())
		}
		if strings.Contains(line, "recommendation v1") {
			break
		}
	}
	m.Set(nil) // the pod ends, and so does its log
	for _, ok := next(); ok; _, ok = next() {
	}
	if ctx.Err() != nil {
		t.Error("the log did not end with its pod")
	}
}

// TestForeignCommand runs no program of this machine in a container: its image has only one.
func TestForeignCommand(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	d := recommendation(t, "istio-tutorial-recommendation:v1", "istio-tutorial-recommendation:v1")
	d.Container.Command = []string{"sh", "-c", "exit 7"}
	m.Set([]manifests.Deployment{d})
	labtest.Until(t, func() error {
		p := m.Pods()[0]
		if p.Status != "RunContainerError" || !strings.Contains(p.Reason, `command "sh": the image has one program`) {
			return fmt.Errorf("pod %+v", p)
		}
		return nil
	})
}
