package lesson

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/supervise"
)

// Home is what labs for lessons are started from.
type Home struct {
	// Folder is the repository: it has bin/lab, deploy/, docs/ and istiofiles/. Required.
	Folder string
	// Environ is the environment of labs and of commands, KEY=VALUE. Required.
	Environ []string
	// FolderOf is where a lab of a name has its sockets. Required.
	FolderOf func(name string) (control.Folder, error)
	// Audit is for the checks of pages. Optional.
	Audit *Audit

	starting *sync.Mutex // labs that start at the same time might take each other's ports; nil: none do
}

// startWithin bounds the start of a lab on a busy machine.
const startWithin = 2 * time.Minute

// ended is how long a lab may take to end.
const ended = 15 * time.Second

// lab is one that runs for a lesson.
type lab struct {
	process *supervise.Process
	place   Place
}

// start starts a lab, and waits until it serves; listen is for its ingress.
func (h Home) start(ctx context.Context, name, listen, edition string) (*lab, error) {
	if h.starting != nil {
		h.starting.Lock()
		defer h.starting.Unlock()
	}
	folder, err := h.FolderOf(name)
	if err != nil {
		return nil, err
	}
	client := control.NewClient(folder)
	words := supervise.NewLog(4 << 10)
	env := append(h.Environ[:len(h.Environ):len(h.Environ)], nameVariable+"="+name)
	process, err := supervise.Start(supervise.Config{
		Name: "lab " + name, Path: filepath.Join(h.Folder, "bin", "lab"), Env: env, Dir: h.Folder, Stdout: words, Once: true,
		Args:  []string{"up", "--listen", listen, "--edition", edition, "--console", "off"},
		Ready: func(ctx context.Context) error { return running(ctx, client) },
		Probe: supervise.Probe{Period: 100 * time.Millisecond}, StopSignal: syscall.SIGINT, Grace: ended,
	})
	if err != nil {
		return nil, err
	}
	l := &lab{process: process}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := process.WaitReady(ctx); err != nil {
		var said strings.Builder
		_, _ = words.WriteTo(&said) // a Builder takes everything
		if text := strings.TrimSpace(said.String()); text != "" {
			err = errors.New(text)
		}
		return nil, errors.Join(fmt.Errorf("lab %s did not start\n%w", name, err), l.close())
	}
	l.place, err = h.placeOf(ctx, client, name)
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func running(ctx context.Context, client *control.Client) error {
	status, err := client.Status(ctx)
	if err == nil && status.Phase != control.Running {
		err = fmt.Errorf("it is %s", strings.ToLower(string(status.Phase)))
	}
	return err
}

const (
	nameVariable = "LAB_NAME"
	urlVariable  = "CUSTOMER_URL"
	tlsVariable  = "CUSTOMER_TLS"
	// HintVariable is off where the reader of a lab has the page before them.
	HintVariable = "LAB_HINTS"
)

// placeOf is a running lab as a place for pages.
func (h Home) placeOf(ctx context.Context, client *control.Client, name string) (Place, error) {
	status, err := client.Status(ctx)
	env := append(h.Environ[:len(h.Environ):len(h.Environ)],
		nameVariable+"="+name, urlVariable+"="+status.Ingress, tlsVariable+"="+status.Secure, HintVariable+"=off")
	return Place{Client: client, Ingress: status.Ingress, Folder: h.Folder, Env: env, Audit: h.Audit}, err
}

// close ends the lab, and all that it started.
func (l *lab) close() error { return l.process.Stop(context.Background()) }
