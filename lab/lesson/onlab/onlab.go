// Package onlab is the lab as the ground of lessons: each page has a lab of its own.
package onlab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
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

	starting sync.Mutex // labs that start at the same time might take each other's ports
}

var _ lesson.Ground = (*Home)(nil)

// Name is book.Lab.
func (h *Home) Name() string { return book.Lab }

// Start starts a lab for a page, on a free port.
func (h *Home) Start(ctx context.Context, edition string, worker int) (lesson.Place, error) {
	h.starting.Lock()
	defer h.starting.Unlock()
	p, err := h.Begin(ctx, fmt.Sprintf("lesson-%d-%d", os.Getpid(), worker), "127.0.0.1:0", edition, "off")
	if err != nil {
		return nil, err
	}
	return p, nil
}

// StartWithin bounds the start of a lab on a busy machine.
const StartWithin = 2 * time.Minute

// ended is how long a lab may take to end.
const ended = 15 * time.Second

// Begin starts a lab of a name, and waits until it serves; listen is for its ingress, and page for its live page as
// --console has it, "" for what is usual.
func (h *Home) Begin(ctx context.Context, name, listen, edition, page string) (*Place, error) {
	folder, err := h.FolderOf(name)
	if err != nil {
		return nil, err
	}
	client := control.NewClient(folder)
	words := supervise.NewLog(4 << 10)
	env := append(h.Environ[:len(h.Environ):len(h.Environ)], NameVariable+"="+name)
	args := []string{"up", "--listen", listen, "--edition", edition}
	if page != "" {
		args = append(args, "--console", page)
	}
	process, err := supervise.Start(supervise.Config{
		Name: "lab " + name, Path: filepath.Join(h.Folder, "bin", "lab"), Env: env, Dir: h.Folder, Stdout: words, Once: true,
		Args:  args,
		Ready: func(ctx context.Context) error { return Running(ctx, client) },
		Probe: supervise.Probe{Period: 100 * time.Millisecond}, StopSignal: syscall.SIGINT, Grace: ended,
	})
	if err != nil {
		return nil, err
	}
	end := func() error { return process.Stop(context.Background()) }
	ctx, cancel := context.WithTimeout(ctx, StartWithin)
	defer cancel()
	if err := process.WaitReady(ctx); err != nil {
		var said strings.Builder
		_, _ = words.WriteTo(&said) // a Builder takes everything
		if text := strings.TrimSpace(said.String()); text != "" {
			err = errors.New(text)
		}
		return nil, errors.Join(fmt.Errorf("lab %s did not start\n%w", name, err), end())
	}
	p, err := h.PlaceOf(ctx, client, name)
	if err != nil {
		return nil, errors.Join(err, end())
	}
	p.end = end
	return p, nil
}

// Running returns why no lab serves where a client asks, or nil.
func Running(ctx context.Context, client *control.Client) error {
	status, err := client.Status(ctx)
	if err == nil && status.Phase != control.Running {
		err = fmt.Errorf("it is %s", strings.ToLower(string(status.Phase)))
	}
	return err
}

// The variables of a page's shell.
const (
	// NameVariable names the lab.
	NameVariable = "LAB_NAME"
	// URLVariable is the address of its ingress.
	URLVariable = "CUSTOMER_URL"
	// TLSVariable is where the ingress takes encrypted connections.
	TLSVariable = "CUSTOMER_TLS"
	// HintVariable is off where the reader of a lab has the page before them.
	HintVariable = "LAB_HINTS"
)

// PlaceOf is a lab that runs already as a place for a page, which does not end it.
func (h *Home) PlaceOf(ctx context.Context, client *control.Client, name string) (*Place, error) {
	status, err := client.Status(ctx)
	env := append(h.Environ[:len(h.Environ):len(h.Environ)],
		NameVariable+"="+name, URLVariable+"="+status.Ingress, TLSVariable+"="+status.Secure, HintVariable+"=off")
	return &Place{Client: client, Ingress: status.Ingress, Secure: status.Secure, Page: status.Page, folder: h.Folder, env: env, audit: h.Audit}, err
}
