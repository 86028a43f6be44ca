// Package console is the live page: what the verbs why, top, graph and routes print, as a picture
// that moves. It asks the lab as the command line does, and changes nothing of it; requests that it
// sends go to the ingress alone.
package console

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/routes"
	"istio-tutorial/lab/traffic"
)

// Config is a page.
type Config struct {
	// Lab is whose page it is. Required.
	Lab *control.Client
	// Typed is a verb with its arguments as the reader types it. Required.
	Typed func(verb string) string
	// Why explains a request in a language, en or zh, as the verb does. Required.
	Why func(w io.Writer, r *traffic.Request, language string)
	// Routes are the rows of the verb's two tables, with their heads. Required.
	Routes func(routes.Table) (routes, clusters [][]string)
}

// Console is a page that is served.
type Console struct {
	cfg    Config
	hub    hub
	sender sender
	server *http.Server
	ended  sync.WaitGroup
	end    context.CancelFunc
}

// Start serves the page to the browsers of this machine, until it is closed.
func Start(listener net.Listener, cfg Config) *Console {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Console{cfg: cfg, hub: newHub(), end: cancel}
	c.sender = sender{life: ctx, texts: map[string]sent{}}
	c.server = &http.Server{
		Handler:           guard(listener.Addr(), c.routes()),
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	c.ended.Go(func() { _ = c.server.Serve(listener) }) // it ends when the server is closed
	c.ended.Go(func() { c.follow(ctx) })
	return c
}

// Close ends what is sent, and all connections.
func (c *Console) Close() error {
	c.sender.stop()
	c.end()
	err := c.server.Close()
	c.ended.Wait()
	c.sender.runs.Wait()
	return err
}

func (c *Console) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /", assets())
	mux.HandleFunc("GET /events", c.events)
	mux.HandleFunc("GET /api/snapshot", answering(c.once))
	mux.HandleFunc("GET /api/rules", answering(c.rules))
	mux.HandleFunc("GET /api/why", answering(c.why))
	mux.HandleFunc("POST /api/send", answering(c.send))
	mux.HandleFunc("POST /api/stop", answering(c.stop))
	return mux
}

// snapshotEvery bounds how many snapshots come in a second: numbers that change more often nobody reads,
// and the first after a pause comes at once. In a rush the mesh needs the machine, and the page draws once
// a second. idle is when one comes though there is nothing new: rates sink.
const (
	snapshotEvery = 200 * time.Millisecond
	rushedEvery   = time.Second
	idle          = time.Second
)

// rush is how many requests a second are one: above, the page shows no dot for each.
const rush = 30

func (s Snapshot) every() time.Duration {
	for _, r := range s.Tables[traffic.TenSeconds].Rows {
		if r.Rate > rush {
			return rushedEvery
		}
	}
	return snapshotEvery
}

// follow asks the lab while somebody looks, and ends what is sent when nobody does any more.
func (c *Console) follow(ctx context.Context) {
	var all Snapshot
	for ctx.Err() == nil {
		if !c.hub.watched() {
			c.sender.stop()
			all = Snapshot{}
			if !c.hub.await(ctx) {
				return
			}
		}
		next := time.After(all.every())
		news, err := c.next(ctx, all, idle)
		if err != nil {
			all, next = Snapshot{}, time.After(idle/2)
			c.hub.send(gone(err), gone(err))
		} else {
			all = all.with(news)
			c.hub.send(news, all)
		}
		select {
		case <-next:
		case <-ctx.Done():
		}
	}
}

// gone is what there is to see of a lab that does not answer.
func gone(err error) Snapshot {
	s := Snapshot{Gone: err.Error()}
	if refused, ok := errors.AsType[*objects.Error](err); ok {
		s.Gone = refused.Error()
	}
	return s
}
