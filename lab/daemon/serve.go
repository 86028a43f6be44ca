package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/xds/stream"
)

// server answers a lab's clients.
type server struct {
	http  *http.Server
	ended sync.WaitGroup
}

// serve begins to answer clients; requests end when ctx does.
func serve(ctx context.Context, l *lab) (*server, error) {
	socket := l.cfg.Folder.Socket()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if err := os.Chmod(socket, ownerOnly); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &server{http: &http.Server{ //nolint:gosec // see below
		// No client is hurried: all are the owner's own, and a busy machine may let one wait.
		Handler:     l.routes(),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}}
	s.ended.Go(func() { _ = s.http.Serve(listener) }) // it ends when the server is closed
	return s, nil
}

// close ends what is under way: all contexts are over.
func (s *server) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close() // what is left then, the process' end ends
	}
	s.ended.Wait()
}

// routes are the methods, by the names that the Client uses.
func (l *lab) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /ping", func(http.ResponseWriter, *http.Request) {}) // that it lives is all
	mux.Handle("POST /status", one(l.status))
	mux.Handle("POST /down", one(l.down))
	for path, handler := range map[string]http.Handler{
		"change":       one(l.change),
		"delete":       one(l.delete),
		"gone":         one(l.gone),
		"get":          one(l.view.Get),
		"watch":        many(l.view.Watch),
		"describe":     one(l.view.Describe),
		"scale":        one(l.scale),
		"set-env":      one(l.setEnv),
		"restart":      one(l.restart),
		"reset":        one(l.reset),
		"rollout":      many(l.view.Rollout),
		"logs":         many(l.view.Logs),
		"exec":         one(l.view.Exec),
		"routes":       one(l.view.Routes),
		"analyze":      one(l.view.Analyze),
		"stats":        one(l.view.Stats),
		"proxy-config": one(l.view.ProxyConfig),
		"proxy-logs":   many(l.view.ProxyLogs),
		"metrics":      one(l.metrics),
		"first":        one(l.first),
		"patch":        one(l.patch),
		"mark":         one(l.mark),
		"set-image":    one(l.setImage),
		"undo":         one(l.undo),
		"history":      one(l.view.History),
		"requests":     one(l.view.Requests),
		"traffic":      one(l.view.TrafficTable),
		"live":         one(l.view.Live),
	} {
		mux.Handle("POST /"+path, l.whileRunning(handler))
	}
	return mux
}

// whileRunning refuses what a lab cannot do that is starting or ending.
func (l *lab) whileRunning(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		phase := l.phase
		l.mu.Unlock()
		if phase == control.Running {
			next.ServeHTTP(w, r)
			return
		}
		text := "the lab is ending"
		if phase == control.Starting {
			text = "the lab is still starting"
		}
		_ = write(w, control.Reply[any]{Error: objects.Errorf(objects.Unavailable, "%s", text)}) // or it has gone
	})
}

// one answers once.
func one[Q, A any](do func(context.Context, Q) (A, error)) http.Handler {
	return many(func(ctx context.Context, q Q) iter.Seq2[A, error] {
		return func(yield func(A, error) bool) {
			a, err := do(ctx, q)
			yield(a, err)
		}
	})
}

// many answers until there is no more to say, or the client has gone.
func many[Q, A any](do func(context.Context, Q) iter.Seq2[A, error]) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q Q
		body := http.MaxBytesReader(w, r.Body, maxRequest)
		if err := json.NewDecoder(body).Decode(&q); err != nil && !errors.Is(err, io.EOF) {
			_ = write(w, control.Reply[A]{Error: objects.Errorf(objects.Invalid, "request: %v", err)})
			return
		}
		_ = write(w, nil) // a client that only listens is to know that it is heard
		for a, err := range do(r.Context(), q) {
			if write(w, control.Reply[A]{Value: a, Error: asError(err)}) != nil {
				return
			}
		}
	})
}

// maxRequest is room for many files of the largest size, as base64.
const maxRequest = 64 << 20

// write sends an answer at once; nil sends only the header.
func write(w http.ResponseWriter, answer any) error {
	if answer != nil {
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			return err
		}
	}
	return http.NewResponseController(w).Flush()
}

// asError is what a client is told of an error.
func asError(err error) *objects.Error {
	switch known, ok := errors.AsType[*objects.Error](err); {
	case err == nil:
		return nil
	case ok:
		return known
	case errors.Is(err, context.Canceled):
		return objects.Errorf(objects.Unavailable, "the lab is ending")
	case errors.Is(err, stream.ErrNotConnected):
		return objects.Errorf(objects.Unavailable, "%v", err)
	default:
		return objects.Errorf(objects.Internal, "%v", err)
	}
}
