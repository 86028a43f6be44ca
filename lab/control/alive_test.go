package control_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

// TestLongAnswer waits for a lab that takes its time, as long as it answers pings.
func TestLongAnswer(t *testing.T) {
	t.Parallel()
	f := folder(t)
	pings := make(chan struct{}, 100)
	listen(t, f, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ping" {
			pings <- struct{}{}
			return
		}
		for range 3 {
			<-pings
		}
		fmt.Fprintln(w, `{"Value": {"Name": "slow"}}`)
	})
	if s, err := control.NewClient(f).Status(t.Context()); err != nil || s.Name != "slow" {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestSilentLab gives a lab up that never answers, whatever it is asked.
func TestSilentLab(t *testing.T) {
	t.Parallel()
	f := folder(t)
	over := make(chan struct{})
	listen(t, f, func(http.ResponseWriter, *http.Request) { <-over })
	t.Cleanup(func() { close(over) })
	c := control.NewClient(f)
	var asked sync.WaitGroup
	defer asked.Wait()
	asked.Go(func() {
		if _, err := c.Status(t.Context()); !errors.Is(err, control.ErrSilent) {
			t.Errorf("status: %v", err)
		}
	})
	asked.Go(func() {
		for _, err := range c.Watch(t.Context(), objects.Selection{}) {
			if !errors.Is(err, control.ErrSilent) {
				t.Errorf("watch: %v", err)
			}
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := c.Status(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("for a moment: %v", err)
	}
}

// TestOthers finds the folders of labs by the process that signed their locks.
func TestOthers(t *testing.T) {
	t.Parallel()
	f := folder(t)
	base := strings.TrimSuffix(string(f), "a")
	for name, text := range map[string]string{"b": "12", "c": "", "d": "x"} {
		err := os.Mkdir(base+name, 0o700)
		if err == nil {
			err = os.WriteFile(control.Folder(base+name).Lock(), []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := f.Others(); len(got) != 1 || got[0].Name() != "b" || got[0].PID() != 12 {
		t.Errorf("others %q", got)
	}
}

func listen(t *testing.T, f control.Folder, handle http.HandlerFunc) {
	t.Helper()
	l, err := net.Listen("unix", f.Socket())
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: handle}
	go func() { _ = s.Serve(l) }() // until Close
	t.Cleanup(func() { _ = s.Close() })
}
